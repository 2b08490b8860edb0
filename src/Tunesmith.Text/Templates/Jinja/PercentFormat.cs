using System.Globalization;
using System.Text;

namespace Tunesmith.Text.Templates.Jinja;

/// <summary>Python's <c>'...' % values</c> and the plain part of <c>'...'.format(values)</c>.</summary>
internal static class PercentFormat
{
    public static string Apply(string format, IReadOnlyList<object?> values, PyDict? named, Budget budget)
    {
        var text = new StringBuilder();
        int used = 0;
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%')
            {
                text.Append(format[i]);
                continue;
            }
            i++;
            string? key = null;
            if (i < format.Length && format[i] == '(')
            {
                int close = format.IndexOf(')', i);
                if (close < 0) throw TemplateErrors.BadFormat(format);
                key = format[(i + 1)..close];
                i = close + 1;
            }
            int flags = i;
            while (i < format.Length && "-+ #0".Contains(format[i])) i++;
            string flag = format[flags..i];
            int width = Number(format, ref i, budget);
            int precision = -1;
            if (i < format.Length && format[i] == '.')
            {
                i++;
                precision = Math.Min(Math.Max(0, Number(format, ref i, budget)), 1000);
            }
            if (i >= format.Length) throw TemplateErrors.BadFormat(format);
            if (format[i] == '%')
            {
                text.Append('%');
                continue;
            }
            object? value;
            if (key is not null) value = named is not null && named.TryGet(key, out object? found) ? found : throw TemplateErrors.BadFormat(format);
            else if (used < values.Count) value = values[used++];
            else throw TemplateErrors.BadFormat(format);
            text.Append(Pad(One(format[i], value, precision, flag, format, budget), flag, width));
            budget.Make(text.Length);
        }
        if (named is null && used < values.Count) throw TemplateErrors.BadFormat(format);
        return text.ToString();
    }

    public static string Braces(string format, Arguments arguments)
    {
        var text = new StringBuilder();
        int next = 0;
        for (int i = 0; i < format.Length; i++)
        {
            char c = format[i];
            if (c is '{' or '}' && i + 1 < format.Length && format[i + 1] == c)
            {
                text.Append(c);
                i++;
            }
            else if (c == '{')
            {
                int close = format.IndexOf('}', i);
                if (close < 0) throw TemplateErrors.BadFormat(format);
                string field = format[(i + 1)..close];
                int colon = field.IndexOf(':');
                string spec = colon < 0 ? "" : field[(colon + 1)..];
                object? value = Field(colon < 0 ? field : field[..colon], arguments, format, ref next);
                text.Append(Spec(value, spec, format, arguments.Budget));
                arguments.Budget.Make(text.Length);
                i = close;
            }
            else if (c == '}') throw TemplateErrors.BadFormat(format);
            else text.Append(c);
        }
        return text.ToString();
    }

    private static object? Field(string name, Arguments arguments, string format, ref int next)
    {
        if (name.Length == 0) return next < arguments.Positional.Count ? arguments.Positional[next++] : throw TemplateErrors.BadFormat(format);
        if (int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int at)) return at < arguments.Positional.Count ? arguments.Positional[at] : throw TemplateErrors.BadFormat(format);
        foreach (var (key, value) in arguments.Named)
            if (key == name) return value;
        throw TemplateErrors.BadFormat(format);
    }

    private static string Spec(object? value, string spec, string format, Budget budget)
    {
        if (spec.Length == 0) return PythonText.Str(value, budget);
        int i = 0;
        char fill = ' ', align = '\0';
        if (spec.Length > 1 && spec[1] is '<' or '>' or '^')
        {
            fill = spec[0];
            align = spec[1];
            i = 2;
        }
        else if (spec[0] is '<' or '>' or '^') align = spec[i++];
        string flag = "";
        if (i < spec.Length && spec[i] is '+' or ' ') flag += spec[i++];
        if (i < spec.Length && spec[i] == '0') flag += spec[i++];
        int width = Number(spec, ref i, budget);
        bool thousands = i < spec.Length && spec[i] == ',';
        if (thousands) i++;
        int precision = -1;
        if (i < spec.Length && spec[i] == '.')
        {
            i++;
            precision = Math.Min(Number(spec, ref i, budget), 1000);
        }
        char type = i < spec.Length ? spec[i++] : value is string ? 's' : value is double ? (precision < 0 ? 's' : 'g') : 'd';
        if (i < spec.Length || thousands) throw TemplateErrors.BadFormat(format);
        if (type == '%' && Operators.Number(value) is { } share) return PythonText.Fixed(share * 100, precision < 0 ? 6 : precision) + "%";
        string text = One(type, value, precision, flag, format, budget);
        if (align == '\0' && flag.Contains('0')) return Pad(text, flag, width);
        int pad = Math.Max(0, width - TextSink.CountCodePoints(text));
        int left = align == '^' ? pad / 2 : align == '>' || (align == '\0' && value is not string) ? pad : 0;
        return new string(fill, left) + text + new string(fill, pad - left);
    }

    private static string One(char type, object? value, int precision, string flag, string format, Budget budget)
    {
        if (type is 's' or 'r' or 'a')
        {
            string text = type == 's' ? PythonText.Str(value, budget) : PythonText.Str(new PyList([value]), budget)[1..^1];
            return precision < 0 ? text : (string)Operators.Slice(text, 0, precision, 1, budget)!;
        }
        if (value is not (long or double or bool) || Operators.Number(value) is not { } number) throw TemplateErrors.BadFormat(format);
        string digits = type switch
        {
            'd' or 'i' or 'u' => value is long n ? n.ToString(CultureInfo.InvariantCulture) : Math.Truncate(number).ToString("F0", CultureInfo.InvariantCulture),
            'f' or 'F' => PythonText.Fixed(number, precision < 0 ? 6 : precision),
            'e' or 'E' => Scientific(number, precision < 0 ? 6 : precision, type),
            'g' or 'G' => General(number, precision < 0 ? 6 : Math.Max(1, precision)),
            'x' when value is long x => x < 0 ? "-" + (-x).ToString("x", CultureInfo.InvariantCulture) : x.ToString("x", CultureInfo.InvariantCulture),
            'X' when value is long x => x < 0 ? "-" + (-x).ToString("X", CultureInfo.InvariantCulture) : x.ToString("X", CultureInfo.InvariantCulture),
            _ => throw TemplateErrors.BadFormat(format),
        };
        return digits[0] == '-' ? digits : flag.Contains('+') ? "+" + digits : flag.Contains(' ') ? " " + digits : digits;
    }

    private static string Scientific(double number, int precision, char type)
    {
        string text = number.ToString((type == 'E' ? "E" : "e") + precision, CultureInfo.InvariantCulture);
        int mark = text.IndexOfAny(['e', 'E']);
        return text[..(mark + 2)] + text[(mark + 2)..].TrimStart('0').PadLeft(2, '0');
    }

    private static string General(double number, int precision)
    {
        if (number == 0) return "0";
        string scientific = Scientific(number, precision - 1, 'e');
        int mark = scientific.IndexOf('e');
        int exponent = int.Parse(scientific[(mark + 1)..], CultureInfo.InvariantCulture);
        if (exponent < -4 || exponent >= precision) return Trimmed(scientific[..mark]) + scientific[mark..];
        return Trimmed(PythonText.Fixed(number, precision - 1 - exponent));
    }

    private static string Trimmed(string digits) => digits.Contains('.') ? digits.TrimEnd('0').TrimEnd('.') : digits;

    private static string Pad(string text, string flag, int width)
    {
        int pad = width - TextSink.CountCodePoints(text);
        if (pad <= 0) return text;
        if (flag.Contains('-')) return text + new string(' ', pad);
        if (!flag.Contains('0')) return new string(' ', pad) + text;
        int sign = text.Length > 0 && text[0] is '-' or '+' or ' ' ? 1 : 0;
        return text[..sign] + new string('0', pad) + text[sign..];
    }

    private static int Number(string format, ref int i, Budget budget)
    {
        long number = 0;
        for (; i < format.Length && char.IsAsciiDigit(format[i]); i++) number = Math.Min(number * 10 + (format[i] - '0'), int.MaxValue);
        budget.Make(number);
        return (int)number;
    }
}
