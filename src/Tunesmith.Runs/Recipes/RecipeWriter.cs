using System.Collections;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Tunesmith.Runs.Recipes;

/// <summary>Writes resolved values as a recipe that can be run again, each with its origin in a comment.</summary>
public static class RecipeWriter
{
    /// <summary>The YAML text: one line a key.</summary>
    public static string ToYaml(IEnumerable<ResolvedKey> keys, string heading = "")
    {
        var text = new StringBuilder();
        foreach (var line in heading.Split('\n', StringSplitOptions.RemoveEmptyEntries)) text.Append("# ").Append(line).Append('\n');
        foreach (var key in keys)
        {
            var line = $"{key.Name}: {Value(key.Value)}";
            text.Append(line.PadRight(44)).Append("  # ").Append(key.Origin).Append('\n');
        }
        return text.ToString();
    }

    /// <summary>One value as YAML on one line.</summary>
    public static string Value(object? value) => value switch
    {
        null => "null",
        bool flag => flag ? "true" : "false",
        string text => Text(text),
        double number => Number(number),
        float number => Number(number),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        IReadOnlyDictionary<string, object?> map => "{" + string.Join(", ", map.Select(entry => $"{Text(entry.Key)}: {Value(entry.Value)}")) + "}",
        IEnumerable items => "[" + string.Join(", ", items.Cast<object?>().Select(Value)) + "]",
        _ => Text(value.ToString() ?? ""),
    };

    // Whole numbers keep their ".0" and powers their exponent: the file says what type the key has.
    private static string Number(double number)
    {
        if (double.IsNaN(number)) return ".nan";
        if (double.IsInfinity(number)) return number > 0 ? ".inf" : "-.inf";
        var text = number.ToString("R", CultureInfo.InvariantCulture).Replace("E", "e", StringComparison.Ordinal);
        int power = text.IndexOf('e');
        if (power < 0) return text.Contains('.') ? text : text + ".0";
        return text[..power].Contains('.') ? text : text[..power] + ".0" + text[power..];
    }

    private static string Text(string text)
    {
        bool bare = text.Length > 0 && !text.StartsWith('-') && text.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '-' or '.' or '/')
            && Scalars.Plain(new ScalarNode(text, false, 0)) is string;
        return bare ? text : JsonSerializer.Serialize(text, Quoting);
    }

    private static readonly JsonSerializerOptions Quoting = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
