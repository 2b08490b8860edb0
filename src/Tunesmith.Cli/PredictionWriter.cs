using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tunesmith.Data;
using Tunesmith.Data.Readers;

namespace Tunesmith.Cli;

/// <summary>
/// Writes what a model says of texts, as JSON Lines or CSV: the text, what else its row held, then what the model says. A column of the input that has the name of a
/// result keeps its value as given_NAME.
/// </summary>
internal sealed class PredictionWriter(TextWriter output, bool csv)
{
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
        foreach (var (name, cell) in prompt.Others) row[Free(name, said)] = Value(cell);
        foreach (var (name, value) in said) row[name] = JsonSerializer.SerializeToNode(value, InputTexts.Json);
        output.WriteLine(row.ToJsonString(InputTexts.Json));
    }

    private void WriteCsv(PromptText prompt, IReadOnlyList<KeyValuePair<string, object>> said)
    {
        var cells = new List<KeyValuePair<string, string>> { new("text", prompt.Text) };
        if (prompt.Pair is { } pair) cells.Add(new("pair", pair));
        foreach (var (name, cell) in prompt.Others) cells.Add(new(Free(name, said), cell.IsAbsent ? "" : cell.Kind is CellKind.List or CellKind.Object ? cell.Json.GetRawText() : cell.Text));
        foreach (var (name, value) in said)
        {
            if (value is IReadOnlyDictionary<string, float> each) cells.AddRange(each.Select(entry => KeyValuePair.Create($"p({entry.Key})", Number(entry.Value))));
            else cells.Add(new(name, value is float number ? Number(number) : value is IEnumerable<string> several ? string.Join('|', several) : (string)value));
        }
        // The first row names the columns of the table.
        if (_columns is null)
        {
            _columns = cells.ConvertAll(c => c.Key);
            output.WriteLine(string.Join(',', _columns.Select(Quoted)));
        }
        var values = cells.ToDictionary(c => c.Key, c => c.Value, StringComparer.Ordinal);
        output.WriteLine(string.Join(',', _columns.Select(name => Quoted(values.GetValueOrDefault(name, "")))));
    }

    private static string Free(string name, IReadOnlyList<KeyValuePair<string, object>> said) =>
        name is "text" or "pair" || said.Any(s => s.Key == name) ? "given_" + name : name;

    private static JsonNode? Value(Cell cell) => cell.Kind switch
    {
        CellKind.Missing or CellKind.Null => null,
        CellKind.Text => JsonValue.Create(cell.Text),
        _ => JsonNode.Parse(cell.Json.GetRawText()),
    };

    private static string Number(float value) => value.ToString("0.######", CultureInfo.InvariantCulture);

    private static string Quoted(string text) => text.AsSpan().IndexOfAny(",\"\r\n") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
