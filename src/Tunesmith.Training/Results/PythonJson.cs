using System.Collections;
using System.Globalization;
using System.Text;

namespace Tunesmith.Training.Results;

/// <summary>
/// JSON in the form of Python's json.dumps, since tools that read a run folder compare these files as text: floats as repr writes them
/// (1.0, 1e-05, NaN), ", " and ": " between, or an indent; other than ASCII escaped unless that is switched off.
/// </summary>
public static class PythonJson
{
    /// <summary>Writes dictionaries, lists, text, numbers, truth values and null; keys in the given order, or sorted; `ascii` escapes all other characters.</summary>
    public static string Write(object? value, int indent = 0, bool sortKeys = false, bool ascii = true)
    {
        var text = new StringBuilder();
        Append(text, value, new Form(indent, sortKeys, ascii), 0);
        return text.ToString();
    }

    /// <summary>A float as Python's repr writes it: the shortest digits that read back as the same number.</summary>
    public static string Float(double value)
    {
        if (double.IsNaN(value)) return "NaN";
        if (double.IsInfinity(value)) return value > 0 ? "Infinity" : "-Infinity";
        if (value == 0) return double.IsNegative(value) ? "-0.0" : "0.0";
        var shortest = value.ToString("R", CultureInfo.InvariantCulture);
        var (negative, digits, point) = Digits(shortest);
        var exponent = point - 1;
        var sign = negative ? "-" : "";
        if (exponent is < -4 or >= 16)
        {
            var mantissa = digits.Length == 1 ? digits : digits[..1] + "." + digits[1..];
            return $"{sign}{mantissa}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
        }
        if (point <= 0) return sign + "0." + new string('0', -point) + digits;
        return point >= digits.Length ? sign + digits + new string('0', point - digits.Length) + ".0" : sign + digits[..point] + "." + digits[point..];
    }

    // "1.25E-07" or "0.00125" or "125" as its digits without leading or trailing zeros and the place of the point among them.
    private static (bool Negative, string Digits, int Point) Digits(string number)
    {
        var negative = number[0] == '-';
        var mantissa = negative ? number[1..] : number;
        var shift = 0;
        if (mantissa.IndexOf('E') is >= 0 and var at)
        {
            shift = int.Parse(mantissa[(at + 1)..], CultureInfo.InvariantCulture);
            mantissa = mantissa[..at];
        }
        var dot = mantissa.IndexOf('.');
        var whole = dot < 0 ? mantissa : mantissa[..dot];
        var digits = whole + (dot < 0 ? "" : mantissa[(dot + 1)..]);
        var leading = digits.Length - digits.TrimStart('0').Length;
        return (negative, digits.Trim('0'), whole.Length + shift - leading);
    }

    private static void Append(StringBuilder text, object? value, Form form, int depth)
    {
        switch (value)
        {
            case null: text.Append("null"); break;
            case bool truth: text.Append(truth ? "true" : "false"); break;
            case string characters: AppendText(text, characters, form.Ascii); break;
            case double number: text.Append(Float(number)); break;
            case float number: text.Append(Float(number)); break;
            case int or long or short or byte: text.Append(Convert.ToString(value, CultureInfo.InvariantCulture)); break;
            case IEnumerable<KeyValuePair<string, object?>> map:
                var entries = form.SortKeys ? map.OrderBy(entry => entry.Key, StringComparer.Ordinal) : map;
                AppendAll(text, '{', '}', entries, form.Indent, depth, entry =>
                {
                    AppendText(text, entry.Key, form.Ascii);
                    text.Append(": ");
                    Append(text, entry.Value, form, depth + 1);
                });
                break;
            case IEnumerable list:
                AppendAll(text, '[', ']', list.Cast<object?>(), form.Indent, depth, entry => Append(text, entry, form, depth + 1));
                break;
            default: throw new ArgumentException($"value: got a {value.GetType().Name}; expected something JSON knows", nameof(value));
        }
    }

    private readonly record struct Form(int Indent, bool SortKeys, bool Ascii);

    private static void AppendAll<T>(StringBuilder text, char open, char close, IEnumerable<T> entries, int indent, int depth, Action<T> append)
    {
        text.Append(open);
        var first = true;
        foreach (var entry in entries)
        {
            if (!first) text.Append(indent > 0 ? "," : ", ");
            first = false;
            if (indent > 0) text.Append('\n').Append(' ', indent * (depth + 1));
            append(entry);
        }
        if (!first && indent > 0) text.Append('\n').Append(' ', indent * depth);
        text.Append(close);
    }

    private static void AppendText(StringBuilder text, string value, bool ascii)
    {
        text.Append('"');
        foreach (var c in value)
        {
            switch (c)
            {
                case '"': text.Append("\\\""); break;
                case '\\': text.Append("\\\\"); break;
                case '\n': text.Append("\\n"); break;
                case '\r': text.Append("\\r"); break;
                case '\t': text.Append("\\t"); break;
                case '\b': text.Append("\\b"); break;
                case '\f': text.Append("\\f"); break;
                case < ' ':
                case > '~' when ascii: text.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture)); break;
                default: text.Append(c); break;
            }
        }
        text.Append('"');
    }
}
