using Tunesmith.Data.Readers;

namespace Tunesmith.Data;

/// <summary>A text that a model is asked about.</summary>
public sealed record PromptText(string Text, string? Pair, Place Place);

/// <summary>Texts for <c>predict</c> and <c>score</c>: the lines of a text file, or a column of any other.</summary>
public static class PromptFile
{
    private static readonly string[] TextNames = ["text", "sentence", "sentence1", "message", "prompt", "instruction", "content"];

    /// <summary>Reads them one by one; a row without the column is an error with its line, or is left out where the recipe says so.</summary>
    public static IEnumerable<PromptText> Read(string path, DataOptions options)
    {
        var loader = new DatasetLoader(options, 0, null);
        string? column = options.TextColumn;
        foreach (var row in loader.Rows(path))
        {
            column ??= TextNames.FirstOrDefault(row.Columns.Contains) ?? throw Errors.NoTextColumn(path, row.Columns);
            var text = row[column];
            var pair = options.TextPairColumn is { } second ? row[second] : Cell.Null;
            if (text.Kind is CellKind.Text && (pair.Kind is CellKind.Text || options.TextPairColumn is null))
                yield return new PromptText(text.Text, options.TextPairColumn is null ? null : pair.Text, row.Place);
            else loader.BadRows.Add(Errors.WrongCell(row, text.Kind is CellKind.Text ? options.TextPairColumn! : column, "a text"));
        }
    }
}
