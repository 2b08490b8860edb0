using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tunesmith.Models.Adapters;

/// <summary>Fields of an adapter_config.json: absent and null are the default, another kind of value than expected is an error.</summary>
internal readonly struct AdapterFields(string path, JsonObject root)
{
    private const long MostRows = int.MaxValue;

    public string? Text(string name) => root[name] switch
    {
        null => null,
        JsonValue value when value.TryGetValue(out string? text) => text,
        var other => throw Bad(name, other),
    };

    public bool Flag(string name) => root[name] switch
    {
        null => false,
        JsonValue value when value.TryGetValue(out bool flag) => flag,
        var other => throw Bad(name, other),
    };

    public double? Number(string name, double least = double.MinValue, double most = double.MaxValue) => root[name] is { } node ? Number(name, node, least, most) : null;

    /// <summary>A list of strings, or one.</summary>
    public IReadOnlyList<string> Texts(string name)
    {
        var node = root[name];
        if (node is JsonArray list && list.All(item => item is JsonValue value && value.GetValueKind() == JsonValueKind.String)) return [.. list.Select(item => item!.GetValue<string>())];
        return Text(name) is { } one ? [one] : [];
    }

    /// <summary>Numbers by the name of what they are for.</summary>
    public IReadOnlyDictionary<string, double> Numbers(string name, double least = double.MinValue, double most = double.MaxValue)
    {
        var numbers = new Dictionary<string, double>();
        if (root[name] is not { } node) return numbers;
        if (node is not JsonObject entries) throw Bad(name, node);
        foreach (var (key, value) in entries) numbers[key] = Number(name, value, least, most);
        return numbers;
    }

    /// <summary>A list of whole numbers from 0, or one.</summary>
    public IReadOnlyList<long>? Rows(string name) => root[name] switch
    {
        null => null,
        JsonArray list => Rows(name, list),
        var one => [Row(name, one)],
    };

    /// <summary>Lists of whole numbers by name; a list alone goes by no name.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<long>> RowsByName(string name)
    {
        var rows = new Dictionary<string, IReadOnlyList<long>>();
        if (root[name] is JsonArray alone) rows[""] = Rows(name, alone);
        else if (root[name] is JsonObject entries) foreach (var (key, value) in entries) rows[key] = Rows(name, value);
        else if (root[name] is { } other) throw Bad(name, other);
        return rows;
    }

    private long[] Rows(string name, JsonNode? node)
    {
        if (node is not JsonArray list) throw Bad(name, node);
        var rows = new long[list.Count];
        for (int i = 0; i < rows.Length; i++) rows[i] = Row(name, list[i]);
        return rows;
    }

    private long Row(string name, JsonNode? node)
    {
        double row = Number(name, node, 0, MostRows);
        return row == Math.Floor(row) ? (long)row : throw Bad(name, node);
    }

    private double Number(string name, JsonNode? node, double least, double most) =>
        node is JsonValue value && value.TryGetValue(out double number) && number >= least && number <= most ? number : throw Bad(name, node);

    private Exception Bad(string name, JsonNode? node)
    {
        string text = node is null ? "null" : node.ToJsonString();
        return Errors.PeftField(path, name, text.Length <= 100 ? text : text[..100] + "...");
    }
}
