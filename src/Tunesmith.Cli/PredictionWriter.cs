using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tunesmith.Data;
using Tunesmith.Data.Readers;

namespace Tunesmith.Cli;

/// <summary>
/// Writes what a model says of texts, as JSON Lines or CSV: the text, what else its row held, then what the model says. A column of the input that has the name of a
/// result keeps its value as given_NAME, or, where the input has that too, with one more given_ before it.
/// </summary>
internal sealed class PredictionWriter(TextWriter output, bool csv)
{
    /// <summary>The name of several numbers that are no probabilities.</summary>
    public const string Values = "values";

    // Under which name each column of the input comes out; the same in every row, and none of them twice.
    private readonly Dictionary<string, string> _given = new(StringComparer.Ordinal);
    private readonly HashSet<string> _taken = new(["text", "pair"], StringComparer.Ordinal);
    private List<string>? _columns;

    /// <summary>Writes one row.</summary>
    /// <param name="said">What the model says, in order; a dictionary becomes an object in JSON and a column an entry in CSV.</param>
    public void Write(PromptText prompt, IReadOnlyList<KeyValuePair<string, object>> said)
    {
        if (csv) WriteCsv(prompt, said);
        else WriteJson(prompt, said);
    }

    private void WriteJson(PromptText prompt, IReadOnlyList<KeyValuePair<string, object>> said)
    {
        var row = new JsonObject { ["text"] = prompt.Text };
        if (prompt.Pair is { } pair) row["pair"] = pair;
        Name(prompt, said.Select(s => s.Key));
        foreach (var (name, cell) in prompt.Others) row[_given[name]] = Value(cell);
        foreach (var (name, value) in said) row[name] = JsonSerializer.SerializeToNode(value, InputTexts.Json);
        output.WriteLine(row.ToJsonString(InputTexts.Json));
    }

    private void WriteCsv(PromptText prompt, IReadOnlyList<KeyValuePair<string, object>> said)
    {
        List<KeyValuePair<string, string>> results = [.. said.SelectMany(Cells)];
        Name(prompt, results.Select(cell => cell.Key));
        var cells = new List<KeyValuePair<string, string>> { new("text", prompt.Text) };
        if (prompt.Pair is { } pair) cells.Add(new("pair", pair));
        foreach (var (name, cell) in prompt.Others) cells.Add(new(_given[name], cell.IsAbsent ? "" : cell.Kind is CellKind.List or CellKind.Object ? cell.Json.GetRawText() : cell.Text));
        cells.AddRange(results);
        // The first row names the columns of the table.
        if (_columns is null)
        {
            _columns = cells.ConvertAll(c => c.Key);
            output.WriteLine(string.Join(',', _columns.Select(Quoted)));
        }
        var values = cells.ToDictionary(c => c.Key, c => c.Value, StringComparer.Ordinal);
        output.WriteLine(string.Join(',', _columns.Select(name => Quoted(values.GetValueOrDefault(name, "")))));
    }

    private static IEnumerable<KeyValuePair<string, string>> Cells(KeyValuePair<string, object> said) => said.Value switch
    {
        IReadOnlyDictionary<string, float> each => each.Select(entry => KeyValuePair.Create($"{(said.Key == Values ? "value" : "p")}({entry.Key})", Number(entry.Value))),
        float number => [new(said.Key, Number(number))],
        IEnumerable<string> several => [new(said.Key, string.Join('|', several))],
        _ => [new(said.Key, (string)said.Value)],
    };

    private void Name(PromptText prompt, IEnumerable<string> results)
    {
        _taken.UnionWith(results);
        List<string> unnamed = [.. prompt.Others.Select(other => other.Key).Where(name => !_given.ContainsKey(name))];
        // What can keep its name keeps it, wherever in the row it stands.
        foreach (var name in unnamed)
            if (_taken.Add(name)) _given[name] = name;
        foreach (var name in unnamed)
        {
            if (_given.ContainsKey(name)) continue;
            var free = "given_" + name;
            while (!_taken.Add(free)) free = "given_" + free;
            _given[name] = free;
        }
    }

    private static JsonNode? Value(Cell cell) => cell.Kind switch
    {
        CellKind.Missing or CellKind.Null => null,
        CellKind.Text => JsonValue.Create(cell.Text),
        _ => JsonNode.Parse(cell.Json.GetRawText()),
    };

    private static string Number(float value) => value.ToString("0.######", CultureInfo.InvariantCulture);

    private static string Quoted(string text) => text.AsSpan().IndexOfAny(",\"\r\n") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
