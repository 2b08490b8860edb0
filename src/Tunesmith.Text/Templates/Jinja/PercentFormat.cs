using System.Globalization;
using System.Text;

namespace Tunesmith.Text.Templates.Jinja;

/// <summary>Python's <c>'...' % values</c>.</summary>
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

    private static string One(char type, object? value, int precision, string flag, string format, Budget budget)
    {
        if (type is 's' or 'r' or 'a')
        {
            string text = type == 's' ? PythonText.Str(value, budget) : PythonText.Repr(value, budget);
            return precision < 0 ? text : (string)Operators.Slice(text, 0, precision, 1, budget)!;
        }
        if (type == 'c' && value is string letter && TextSink.CountCodePoints(letter) == 1) return letter;
        if (type == 'c' && value is long point && point is >= 0 and <= 0x10FFFF && Rune.IsValid((int)point)) return new Rune((int)point).ToString();
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

    internal static string Scientific(double number, int precision, char type)
    {
        string text = number.ToString((type == 'E' ? "E" : "e") + precision, CultureInfo.InvariantCulture);
        int mark = text.IndexOfAny(['e', 'E']);
        return text[..(mark + 2)] + text[(mark + 2)..].TrimStart('0').PadLeft(2, '0');
    }

    internal static string General(double number, int precision)
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

    internal static int Number(string format, ref int i, Budget budget)
    {
        long number = 0;
        for (; i < format.Length && char.IsAsciiDigit(format[i]); i++) number = Math.Min(number * 10 + (format[i] - '0'), int.MaxValue);
        budget.Make(number);
        return (int)number;
    }
}
