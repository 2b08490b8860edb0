using System.Text.Json;
using Tunesmith.Text.Tokenizers.Unicode;

namespace Tunesmith.Text.Tokenizers.Loading;

/// <summary>A value of a JSON file that knows where it stands, for errors.</summary>
internal readonly record struct JsonNode(JsonElement Element, string File, string Path)
{
    public bool IsNull => Element.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined;

    public string Type => Text("type");

    public Exception Bad(string expected)
    {
        string got = Element.ValueKind == JsonValueKind.Undefined ? "nothing" : Element.ValueKind is JsonValueKind.Object or JsonValueKind.Array ? Element.ValueKind.ToString().ToLowerInvariant() : Element.ToString();
        return TokenizerErrors.BadValue(File, Path.Length == 0 ? "the whole" : Path, got, expected);
    }

    public JsonNode Get(string name)
    {
        if (Element.ValueKind != JsonValueKind.Object) throw Bad("an object");
        string path = Path.Length == 0 ? name : $"{Path}.{name}";
        return new JsonNode(Element.TryGetProperty(name, out var value) ? value : default, File, path);
    }

    public IEnumerable<JsonNode> Items()
    {
        if (Element.ValueKind != JsonValueKind.Array) throw Bad("a list");
        int index = 0;
        foreach (var item in Element.EnumerateArray()) yield return new JsonNode(item, File, $"{Path}[{index++}]");
    }

    public IEnumerable<(string Name, JsonNode Value)> Properties()
    {
        if (Element.ValueKind != JsonValueKind.Object) throw Bad("an object");
        foreach (var property in Element.EnumerateObject()) yield return (property.Name, new JsonNode(property.Value, File, $"{Path}.{property.Name}"));
    }

    public string AsText()
    {
        if (Element.ValueKind != JsonValueKind.String) throw Bad("a string");
        try
        {
            return Element.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw Bad("a string of valid Unicode");
        }
    }

    public int AsInt() => Element.ValueKind == JsonValueKind.Number && Element.TryGetInt32(out int value) ? value : throw Bad("a whole number");

    public double AsDouble() => Element.ValueKind == JsonValueKind.Number && Element.TryGetDouble(out double value) ? value : throw Bad("a number");

    public string Text(string name) => Get(name).AsText();

    public string? TextOrNull(string name) => Get(name) is { IsNull: false } node ? node.AsText() : null;

    public int Int(string name) => Get(name).AsInt();

    public bool Bool(string name, bool otherwise)
    {
        var node = Get(name);
        return node.Element.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            JsonValueKind.Undefined or JsonValueKind.Null => otherwise,
            _ => throw node.Bad("true or false"),
        };
    }

    public bool? BoolOrNull(string name) => Get(name).IsNull ? null : Bool(name, false);

    /// <summary>A string of one character.</summary>
    public int Rune(string name)
    {
        var node = Get(name);
        string text = node.AsText();
        if (text.Length == 0) throw node.Bad("one character");
        int rune = Runes.At(text, 0, out int length);
        return length == text.Length ? rune : throw node.Bad("one character");
    }
}
