using System.Globalization;

namespace Tunesmith.Runs.Recipes;

/// <summary>Turns a value as written into the type of an options property, and says in words what would have been right.</summary>
internal static class Binder
{
    public static bool TryConvert(OptionKey key, Node node, out object? value, out string expected)
    {
        expected = key.Rule;
        value = null;
        if (node is ScalarNode scalar && Scalars.IsNull(scalar)) return key.Nullable;
        value = Convert(key, node);
        return value is not null;
    }

    public static string Rule(OptionKey key)
    {
        var attribute = key.Attribute;
        var rule = attribute.Choices is { } choices ? "one of " + string.Join(", ", choices) : KindOf(key.Type) + Range(attribute);
        return key.Nullable ? rule + ", or null" : rule;
    }

    /// <summary>A value as a person wrote it, cut where it is long.</summary>
    public static string Show(Node node)
    {
        var text = node switch
        {
            ScalarNode { Quoted: true } scalar => $"'{scalar.Text}'",
            ScalarNode scalar => scalar.Text.Length == 0 ? "nothing" : scalar.Text,
            ListNode list => "[" + string.Join(", ", list.Items.Take(8).Select(Show)) + (list.Items.Count > 8 ? ", ..." : "") + "]",
            MapNode map => "{" + string.Join(", ", map.Entries.Take(8).Select(entry => $"{entry.Key}: {Show(entry.Value)}")) + (map.Entries.Count > 8 ? ", ..." : "") + "}",
            _ => "",
        };
        text = text.ReplaceLineEndings(" ");
        return text.Length > 80 ? text[..77] + "..." : text;
    }

    /// <summary>A value without a wanted type: bool, long, double, string, list, dictionary or null.</summary>
    public static object? Plain(Node node) => node switch
    {
        ScalarNode scalar => Scalars.Plain(scalar),
        ListNode list => list.Items.Select(Plain).ToList(),
        MapNode map => Dictionary(map),
        _ => null,
    };

    private static object? Convert(OptionKey key, Node node)
    {
        var type = key.Type;
        if (type == typeof(IReadOnlyList<string>)) return Texts(node);
        if (type == typeof(IReadOnlyList<double>)) return Numbers(node);
        if (type == typeof(IReadOnlyDictionary<string, object?>)) return Mapping(node);
        if (type == typeof(string)) return Text(key, node);
        if (node is not ScalarNode scalar) return null;
        // Quoted numbers and booleans are common in generated files and mean nothing else where a number or boolean is asked for.
        var open = scalar with { Quoted = false };
        if (type == typeof(bool)) return Scalars.AsBool(open);
        if (type == typeof(double)) return Scalars.AsDouble(open) is { } number && InRange(key, number) ? number : null;
        if (type == typeof(long)) return Whole(open) is { } whole && InRange(key, whole) ? whole : null;
        if (type == typeof(int)) return Whole(open) is { } small and >= int.MinValue and <= int.MaxValue && InRange(key, small) ? (int)small : null;
        throw new InvalidOperationException($"options property {key.Property.DeclaringType?.Name}.{key.Property.Name} has type {type}, which no recipe can fill");
    }

    // 1e3 and 8.0 are whole numbers to the person who wrote them.
    private static long? Whole(ScalarNode scalar)
    {
        if (Scalars.AsInt(scalar) is { } whole) return whole;
        return Scalars.AsDouble(scalar) is { } number && number == Math.Floor(number) && Math.Abs(number) < 1e15 ? (long)number : null;
    }

    // No key wants nan or an infinity, which 1e999 is too.
    private static bool InRange(OptionKey key, double number) => double.IsFinite(number) && number >= key.Attribute.Min && number <= key.Attribute.Max;

    private static string? Text(OptionKey key, Node node)
    {
        if (node is ListNode list && key.Attribute.Choices is null) return Texts(list) is { } parts ? string.Join(",", parts) : null;
        if (node is MapNode map && key.Attribute.Choices is null) return System.Text.Json.JsonSerializer.Serialize(Dictionary(map));
        if (node is not ScalarNode scalar) return null;
        if (key.Attribute.Choices is not { } choices) return scalar.Text;
        // YAML reads a bare no as false; where "no" is a choice, it was meant.
        if (Scalars.AsBool(scalar) == false && choices.Contains("no")) return "no";
        return choices.Contains(scalar.Text) ? scalar.Text : null;
    }

    private static List<string>? Texts(Node node)
    {
        if (node is ScalarNode scalar) return [.. scalar.Text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];
        if (node is not ListNode list || list.Items.Any(item => item is not ScalarNode)) return null;
        return [.. list.Items.Cast<ScalarNode>().Select(item => item.Text)];
    }

    private static List<double>? Numbers(Node node)
    {
        if (Texts(node) is not { } texts) return null;
        var numbers = new List<double>();
        foreach (var text in texts)
        {
            if (Scalars.AsDouble(new ScalarNode(text, false, 0)) is not { } number) return null;
            numbers.Add(number);
        }
        return numbers;
    }

    private static Dictionary<string, object?>? Mapping(Node node)
    {
        if (node is MapNode map) return Dictionary(map);
        if (node is not ScalarNode { Text: var text } || !text.TrimStart().StartsWith('{')) return null;
        try
        {
            return Dictionary(JsonRecipeReader.ReadMapping(text, "a JSON value"));
        }
        catch (UsageException)
        {
            // The message of the key itself says what a mapping looks like.
            return null;
        }
    }

    private static Dictionary<string, object?> Dictionary(MapNode map) =>
        map.Entries.ToDictionary(entry => entry.Key, entry => Plain(entry.Value), StringComparer.Ordinal);

    private static string KindOf(Type type) =>
        type == typeof(bool) ? "true or false" :
        type == typeof(int) || type == typeof(long) ? "a whole number" :
        type == typeof(double) ? "a number" :
        type == typeof(string) ? "text" :
        type == typeof(IReadOnlyList<double>) ? "numbers separated by commas" :
        type == typeof(IReadOnlyList<string>) ? "names separated by commas" : "a mapping, such as {name: value}";

    private static string Range(RecipeKeyAttribute attribute)
    {
        bool low = !double.IsNegativeInfinity(attribute.Min), high = !double.IsPositiveInfinity(attribute.Max);
        string min = attribute.Min.ToString("0.###############", CultureInfo.InvariantCulture), max = attribute.Max.ToString("0.###############", CultureInfo.InvariantCulture);
        return low && high ? $" from {min} to {max}" : low ? $" of at least {min}" : high ? $" of at most {max}" : "";
    }
}
