using Tunesmith.Data.Readers;

namespace Tunesmith.Data;

/// <summary>A text that a model is asked about.</summary>
public sealed record PromptText(string Text, string? Pair, Place Place)
{
    /// <summary>What else its row holds, in the file's order.</summary>
    public IReadOnlyList<KeyValuePair<string, Cell>> Others { get; init; } = [];
}

/// <summary>Texts for <c>predict</c> and <c>score</c>: the lines of a text file, or a column of any other.</summary>
public static class PromptFile
{
    private static readonly string[] TextNames = ["text", "sentence", "sentence1", "message", "prompt", "instruction", "question", "content"];

    /// <summary>True where the ending of the file says that it has columns.</summary>
    public static bool HasColumns(string path)
    {
        string name = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? path[..^3] : path;
        string ending = Path.GetExtension(name).TrimStart('.').ToLowerInvariant();
        return ending != "txt" && RowReaders.Endings.Contains(ending);
    }

    /// <summary>Reads them one by one; a row without the column is an error with its line, or is left out where the recipe says so.</summary>
    /// <param name="options">text_column and text_pair_column name the columns; how the file is read is there too.</param>
    /// <param name="elseByName">A file without a column called text_column is read by the usual names: the key was that of the training data.</param>
    public static IEnumerable<PromptText> Read(string path, DataOptions options, bool elseByName = false)
    {
        var loader = new DatasetLoader(options, 0, null);
        string? column = null, second = null;
        foreach (var row in loader.Rows(path))
        {
            if (column is null) (column, second) = Choose(path, [.. row.Columns], options, elseByName);
            var text = row[column];
            var pair = second is null ? Cell.Null : row[second];
            if (text.Kind is not CellKind.Text) loader.BadRows.Add(Errors.WrongCell(row, column, "a text"));
            else if (second is not null && pair.Kind is not CellKind.Text) loader.BadRows.Add(Errors.WrongCell(row, second, "a text"));
            else yield return new PromptText(text.Text, second is null ? null : pair.Text, row.Place) { Others = Others(row, column, second) };
        }
    }

    private static (string Column, string? Second) Choose(string path, List<string> columns, DataOptions options, bool elseByName)
    {
        string? Asked(string? key) => key is not null && (columns.Contains(key) || !elseByName) ? key : null;
        string column = Asked(options.TextColumn) ?? TextNames.FirstOrDefault(columns.Contains) ?? throw Errors.NoTextColumn(path, columns);
        string? second = Asked(options.TextPairColumn);
        if (second is null && options.TextColumn is null && column == "sentence1" && columns.Contains("sentence2")) second = "sentence2";
        return (column, second);
    }

    private static List<KeyValuePair<string, Cell>> Others(Row row, string column, string? second) =>
        [.. row.Columns.Where(name => name != column && name != second).Select(name => KeyValuePair.Create(name, row[name]))];
}
