using System.Globalization;
using System.Text;
using System.Text.Json;
using Tunesmith.Data.Readers;

namespace Tunesmith.Data.Formats;

/// <summary>One row of a classification data set: a text, perhaps a second one, and what the model is to say of them.</summary>
internal sealed record ClassRow(string Text, string? Pair, IReadOnlyList<string> Labels, bool ManyLabels, Place Place);

/// <summary>Rows with a text column and a label column.</summary>
internal sealed class ClassRows
{
    private static readonly string[] TextNames = ["text", "sentence", "sentence1", "message", "content"];
    private static readonly string[] LabelNames = ["label", "labels"];
    private readonly string _text;
    private readonly string? _pair;
    private readonly string _label;
    private readonly string? _separator;
    private readonly bool _many;

    public ClassRows(string file, Row first, DataOptions options)
    {
        var columns = first.Columns.ToList();
        _text = options.TextColumn ?? TextNames.FirstOrDefault(columns.Contains) ?? throw Errors.NoTextColumn(file, columns);
        _pair = options.TextPairColumn ?? (options.TextColumn is null && _text == "sentence1" && columns.Contains("sentence2") ? "sentence2" : null);
        _label = options.LabelColumn ?? LabelNames.FirstOrDefault(columns.Contains) ?? throw Errors.NoLabelColumn(file, columns);
        _separator = options.LabelSeparator;
        _many = options.ProblemType == LabelSet.Multi || _separator is not null;
    }

    public ClassRow Read(Row row)
    {
        string text = RowText.Optional(row, _text) ?? throw Errors.WrongCell(row, _text, "a text");
        string? pair = _pair is null ? null : RowText.Optional(row, _pair) ?? throw Errors.WrongCell(row, _pair, "a text");
        var cell = row[_label];
        bool list = cell.Kind == CellKind.List || _many;
        return new ClassRow(text, pair, list ? Many(row, cell) : [One(row, cell)], list, row.Place);
    }

    private string One(Row row, Cell cell) => cell.Kind switch
    {
        CellKind.Text or CellKind.Truth => cell.Text.Trim(),
        CellKind.Number => Number(cell.Text),
        _ => throw Errors.WrongCell(row, _label, "a label: a text or a number"),
    };

    private List<string> Many(Row row, Cell cell)
    {
        // A table cell without a label is a row to which none applies.
        if (cell.Kind == CellKind.Null) return [];
        if (cell.Kind == CellKind.List)
        {
            var labels = new List<string>();
            foreach (var item in cell.Json.EnumerateArray())
            {
                labels.Add(item.ValueKind switch
                {
                    JsonValueKind.String => item.GetString()!.Trim(),
                    JsonValueKind.Number => Number(item.GetRawText()),
                    _ => throw Errors.WrongPart(row, _label, "a label that is neither a text nor a number", "a list of labels"),
                });
            }
            return labels;
        }
        if (cell.Kind == CellKind.Text && _separator is null && cell.Text.TrimStart().StartsWith('[')) return ListInText(row, cell.Text);
        if (cell.Kind == CellKind.Text && _separator is not null) return [.. cell.Text.Split(_separator, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];
        return [One(row, cell)];
    }

    // A list of labels in a table cell is written as JSON.
    private List<string> ListInText(Row row, string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            if (!JsonTexts.AreWhole(Encoding.UTF8.GetBytes(text), document.RootElement)) throw Errors.HalfSurrogate(row.Place.ToString());
            return Many(row, new Cell(CellKind.List, "", document.RootElement));
        }
        catch (JsonException)
        {
            throw Errors.WrongCell(row, _label, "a JSON list of labels (or set label_separator)");
        }
    }

    // 1 and 1.0 are the same class; files that once had an empty cell write whole numbers with a point.
    private static string Number(string raw) =>
        double.TryParse(raw, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value == Math.Floor(value) && Math.Abs(value) < 1e15
            ? ((long)value).ToString(CultureInfo.InvariantCulture)
            : raw;
}
