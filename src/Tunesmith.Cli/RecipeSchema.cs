using System.Text.Json;
using System.Text.Json.Nodes;
using Tunesmith.Runs.Recipes;
using Tunesmith.Training;

namespace Tunesmith.Cli;

/// <summary>The JSON schema of a recipe, so that an editor can complete and check keys while they are written.</summary>
internal static class RecipeSchema
{
    private static readonly JsonSerializerOptions Indented = new(InputTexts.Json) { WriteIndented = true };

    public static string Text()
    {
        var properties = new JsonObject();
        foreach (var key in RunOptions.Records.SelectMany(OptionKeys.Of).OrderBy(k => k.Name, StringComparer.Ordinal)) properties.Add(key.Name, Property(key));
        var schema = new JsonObject
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["title"] = "Tunesmith recipe",
            ["type"] = "object",
            ["properties"] = properties,
        };
        return schema.ToJsonString(Indented) + "\n";
    }

    private static JsonObject Property(OptionKey key)
    {
        var property = new JsonObject { ["description"] = key.Summary };
        if (key.Attribute.Choices is { } choices)
        {
            // YAML reads a bare no as false, and true and false as such; the reader of recipes takes them as they were meant, and so should an editor.
            List<JsonNode?> bare = choices.Contains("no") || choices.Contains("false") ? [JsonValue.Create(false)] : [];
            if (choices.Contains("true")) bare.Add(JsonValue.Create(true));
            property["enum"] = new JsonArray([.. choices.Select(choice => JsonValue.Create(choice)), .. bare, .. key.Nullable ? (JsonNode?[])[null] : []]);
        }
        else
        {
            var types = TypesOf(key.Type).Concat(key.Nullable ? ["null"] : []).ToArray();
            property["type"] = types.Length == 1 ? types[0] : new JsonArray([.. types.Select(type => JsonValue.Create(type))]);
        }
        if (!double.IsNegativeInfinity(key.Attribute.Min)) property["minimum"] = key.Attribute.Min;
        if (!double.IsPositiveInfinity(key.Attribute.Max)) property["maximum"] = key.Attribute.Max;
        property["default"] = key.Default is { } value ? JsonSerializer.SerializeToNode(value, value.GetType()) : null;
        return property;
    }

    // Lists and mappings may be written on one line as text, as on the command line.
    private static IEnumerable<string> TypesOf(Type type) =>
        type == typeof(bool) ? ["boolean"] :
        type == typeof(int) || type == typeof(long) ? ["integer"] :
        type == typeof(double) ? ["number"] :
        type == typeof(IReadOnlyList<double>) ? ["array", "number", "string"] :
        type == typeof(IReadOnlyList<string>) ? ["array", "string"] :
        type == typeof(IReadOnlyDictionary<string, object?>) ? ["object", "string"] : ["string", "number", "boolean", "array", "object"];
}
