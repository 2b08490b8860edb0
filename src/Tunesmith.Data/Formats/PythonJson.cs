using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Tunesmith.Data.Formats;

/// <summary>
/// JSON as Python's json.dumps(ensure_ascii=False) writes it, blanks after commas and colons: tool calls become text that is
/// tokenized, so every blank counts.
/// </summary>
internal static class PythonJson
{
    public static string Write(JsonElement value)
    {
        var text = new StringBuilder();
        Write(text, value);
        return text.ToString();
    }

    private static void Write(StringBuilder to, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                to.Append('{');
                bool first = true;
                foreach (var property in value.EnumerateObject())
                {
                    if (!first) to.Append(", ");
                    first = false;
                    Quote(to, property.Name);
                    to.Append(": ");
                    Write(to, property.Value);
                }
                to.Append('}');
                break;
            case JsonValueKind.Array:
                to.Append('[');
                for (int i = 0; i < value.GetArrayLength(); i++)
                {
                    if (i > 0) to.Append(", ");
                    Write(to, value[i]);
                }
                to.Append(']');
                break;
            case JsonValueKind.String:
                Quote(to, value.GetString()!);
                break;
            case JsonValueKind.Number:
                to.Append(Number(value.GetRawText()));
                break;
            case JsonValueKind.True:
                to.Append("true");
                break;
            case JsonValueKind.False:
                to.Append("false");
                break;
            default:
                to.Append("null");
                break;
        }
    }

    // A whole number stays as it is written; any other goes through a double, as in Python: 1.50 becomes 1.5, 1e3 becomes 1000.0.
    private static string Number(string raw)
    {
        if (raw.AsSpan().IndexOfAny(".eE") < 0) return raw;
        double value = double.Parse(raw, CultureInfo.InvariantCulture);
        if (double.IsInfinity(value)) return value > 0 ? "Infinity" : "-Infinity";
        string digits = value.ToString("R", CultureInfo.InvariantCulture);
        double size = Math.Abs(value);
        if (size != 0 && (size < 1e-4 || size >= 1e16))
        {
            if (!digits.Contains('E')) digits = value.ToString("0.################E+00", CultureInfo.InvariantCulture);
            return digits.ToLowerInvariant();
        }
        if (digits.Contains('E')) digits = value.ToString("F1", CultureInfo.InvariantCulture);
        return digits.Contains('.') ? digits : digits + ".0";
    }

    private static void Quote(StringBuilder to, string text)
    {
        to.Append('"');
        foreach (char c in text)
        {
            _ = c switch
            {
                '"' => to.Append("\\\""),
                '\\' => to.Append("\\\\"),
                '\n' => to.Append("\\n"),
                '\r' => to.Append("\\r"),
                '\t' => to.Append("\\t"),
                '\b' => to.Append("\\b"),
                '\f' => to.Append("\\f"),
                < ' ' => to.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => to.Append(c),
            };
        }
        to.Append('"');
    }
}
