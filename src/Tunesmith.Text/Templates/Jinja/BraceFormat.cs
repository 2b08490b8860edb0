using System.Globalization;
using System.Text;

namespace Tunesmith.Text.Templates.Jinja;

/// <summary>Python's <c>'...'.format(values)</c> with its format specification.</summary>
internal static class BraceFormat
{
    public static string Apply(string format, Arguments arguments)
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
                int close = Close(format, i);
                text.Append(Field(format[(i + 1)..close], format, arguments, ref next));
                arguments.Budget.Make(text.Length);
                i = close;
            }
            else if (c == '}') throw TemplateErrors.BadFormat(format);
            else text.Append(c);
        }
        return text.ToString();
    }

    /// <summary>The brace that closes the field; a field may hold others in its specification.</summary>
    private static int Close(string format, int open)
    {
        int depth = 0;
        for (int i = open; i < format.Length; i++)
        {
            if (format[i] == '{') depth++;
            else if (format[i] == '}' && --depth == 0) return i;
        }
        throw TemplateErrors.BadFormat(format);
    }

    private static string Field(string field, string format, Arguments arguments, ref int next)
    {
        int colon = field.IndexOf(':');
        string head = colon < 0 ? field : field[..colon], spec = colon < 0 ? "" : field[(colon + 1)..];
        int mark = head.IndexOf('!');
        char conversion = mark < 0 ? '\0' : mark == head.Length - 2 ? head[^1] : throw TemplateErrors.BadFormat(format);
        object? value = Value(mark < 0 ? head : head[..mark], arguments, format, ref next);
        // Once, from left to right: braces in a value that is put in are its own.
        for (int from = 0; spec.IndexOf('{', from) is >= 0 and var open;)
        {
            int close = Close(spec, open);
            string inner = PythonText.Str(Value(spec[(open + 1)..close], arguments, format, ref next), arguments.Budget);
            arguments.Budget.Make((long)spec.Length + inner.Length);
            spec = spec[..open] + inner + spec[(close + 1)..];
            from = open + inner.Length;
        }
        value = conversion switch
        {
            '\0' => value,
            's' => PythonText.Str(value, arguments.Budget),
            'r' or 'a' => PythonText.Repr(value, arguments.Budget),
            _ => throw TemplateErrors.BadFormat(format),
        };
        return Spec(value, spec, format, arguments.Budget);
    }

    /// <summary>A field's value: a name or number, then any attributes and items of it.</summary>
    private static object? Value(string name, Arguments arguments, string format, ref int next)
    {
        int end = name.IndexOfAny(['.', '[']);
        string first = end < 0 ? name : name[..end];
        object? value;
        if (first.Length == 0) value = next < arguments.Positional.Count ? arguments.Positional[next++] : throw TemplateErrors.BadFormat(format);
        else if (int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out int at)) value = at < arguments.Positional.Count ? arguments.Positional[at] : throw TemplateErrors.BadFormat(format);
        else
        {
            int named = arguments.Named.ToList().FindIndex(pair => pair.Key == first);
            value = named >= 0 ? arguments.Named[named].Value : throw TemplateErrors.BadFormat(format);
        }
        for (int i = end; i >= 0 && i < name.Length;)
        {
            int stop;
            if (name[i] == '[')
            {
                stop = name.IndexOf(']', i);
                if (stop < 0) throw TemplateErrors.BadFormat(format);
                string key = name[(i + 1)..stop++];
                value = Attributes.Item(value, long.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out long index) ? index : key, arguments.Budget);
            }
            else
            {
                stop = name.IndexOfAny(['.', '['], i + 1);
                if (stop < 0) stop = name.Length;
                value = Attributes.Get(value, name[(i + 1)..stop], arguments.Budget);
            }
            if (value is Undefined) throw TemplateErrors.BadFormat(format);
            i = stop;
        }
        return value;
    }

    /// <summary>[[fill]align][sign][#][0][width][grouping][.precision][type].</summary>
    private static string Spec(object? value, string spec, string format, Budget budget)
    {
        if (spec.Length == 0) return PythonText.Str(value, budget);
        int i = 0;
        string fill = " ";
        char align = '\0';
        int fillLength = char.IsHighSurrogate(spec[0]) ? 2 : 1;
        if (spec.Length > fillLength && spec[fillLength] is '<' or '>' or '^' or '=')
        {
            (fill, align) = (spec[..fillLength], spec[fillLength]);
            i = fillLength + 1;
        }
        else if (spec[0] is '<' or '>' or '^' or '=') align = spec[i++];
        char sign = i < spec.Length && spec[i] is '+' or '-' or ' ' ? spec[i++] : '-';
        bool alternate = i < spec.Length && spec[i] == '#';
        if (alternate) i++;
        if (i < spec.Length && spec[i] == '0')
        {
            i++;
            if (align == '\0') (fill, align) = ("0", value is string ? '<' : '=');
        }
        int width = PercentFormat.Number(spec, ref i, budget);
        string group = i < spec.Length && spec[i] is ',' or '_' ? spec[i++].ToString() : "";
        int precision = -1;
        if (i < spec.Length && spec[i] == '.')
        {
            i++;
            if (i >= spec.Length || !char.IsAsciiDigit(spec[i])) throw TemplateErrors.BadFormat(format);
            precision = Math.Min(PercentFormat.Number(spec, ref i, budget), 1000);
        }
        char type = i < spec.Length ? spec[i++] : '\0';
        if (i != spec.Length) throw TemplateErrors.BadFormat(format);
        if (value is string text && type is '\0' or 's')
        {
            if (align == '=' || group.Length > 0) throw TemplateErrors.BadFormat(format);
            return Aligned("", precision < 0 ? text : (string)Operators.Slice(text, 0, precision, 1, budget)!, fill, align == '\0' ? '<' : align, width);
        }
        if (value is not (long or double or bool)) throw TemplateErrors.BadFormat(format);
        double number = Operators.Number(value)!.Value;
        bool negative = value is long whole ? whole < 0 : double.IsNegative(number);
        string digits = Digits(value is bool truth && type is not ('\0' or 's') ? (truth ? 1L : 0L) : value, number, type, precision, alternate, format);
        if (group.Length > 0) digits = Grouped(digits, group, type is 'x' or 'X' or 'b' or 'o' ? 4 : 3);
        return Aligned(negative ? "-" : sign == '-' ? "" : sign.ToString(), digits, fill, align == '\0' ? '>' : align, width);
    }

    /// <summary>The number without its sign.</summary>
    private static string Digits(object? value, double number, char type, int precision, bool alternate, string format)
    {
        double size = Math.Abs(number);
        if (value is long whole && type is '\0' or 'd' or 'n' or 'x' or 'X' or 'b' or 'o' or 'c')
        {
            if (precision >= 0) throw TemplateErrors.BadFormat(format);
            ulong n = whole < 0 ? (ulong)-(whole + 1) + 1 : (ulong)whole;
            string prefix = alternate && type is not ('\0' or 'd' or 'n' or 'c') ? "0" + type : "";
            return prefix + type switch
            {
                'x' => n.ToString("x", CultureInfo.InvariantCulture),
                'X' => n.ToString("X", CultureInfo.InvariantCulture),
                'b' => n.ToString("b", CultureInfo.InvariantCulture),
                'o' => Octal(n),
                'c' => Rune.IsValid((int)Math.Min(n, int.MaxValue)) ? new Rune((int)n).ToString() : throw TemplateErrors.BadFormat(format),
                _ => n.ToString(CultureInfo.InvariantCulture),
            };
        }
        return type switch
        {
            'f' or 'F' => PythonText.Fixed(size, precision < 0 ? 6 : precision),
            'e' or 'E' => PercentFormat.Scientific(size, precision < 0 ? 6 : precision, type),
            'g' or 'G' => PercentFormat.General(size, precision < 0 ? 6 : Math.Max(1, precision)),
            '%' => PythonText.Fixed(size * 100, precision < 0 ? 6 : precision) + "%",
            '\0' when value is double && precision < 0 => PythonText.Float(size),
            '\0' when value is double => WithPoint(PercentFormat.General(size, Math.Max(1, precision))),
            '\0' when value is bool truth => truth ? "1" : "0",
            _ => throw TemplateErrors.BadFormat(format),
        };
    }

    private static string WithPoint(string digits) => digits.AsSpan().ContainsAny('.', 'e') ? digits : digits + ".0";

    private static string Octal(ulong number)
    {
        var text = new StringBuilder();
        do text.Insert(0, (char)('0' + (number & 7)));
        while ((number >>= 3) != 0);
        return text.ToString();
    }

    private static string Grouped(string digits, string group, int size)
    {
        int end = digits.AsSpan().IndexOfAny('.', 'e', '%');
        if (end < 0 || size == 4) end = digits.Length;
        var text = new StringBuilder(digits);
        for (int at = end - size; at > 0; at -= size) text.Insert(at, group);
        return text.ToString();
    }

    private static string Aligned(string sign, string digits, string fill, char align, int width)
    {
        int pad = Math.Max(0, width - TextSink.CountCodePoints(sign) - TextSink.CountCodePoints(digits));
        string Filled(int count) => new StringBuilder().Insert(0, fill, count).ToString();
        return align switch
        {
            '<' => sign + digits + Filled(pad),
            '^' => Filled(pad / 2) + sign + digits + Filled(pad - pad / 2),
            '=' => sign + Filled(pad) + digits,
            _ => Filled(pad) + sign + digits,
        };
    }
}
