using System.Text.Json;

namespace Tunesmith.Data.Readers;

/// <summary>Where a row stands, for messages: <c>data/train.csv, line 12</c>, or <c>data/train.json, line 1 (record 12)</c>.</summary>
/// <param name="File">The file as the recipe named it.</param>
/// <param name="Line">Its first line, counted from 1.</param>
/// <param name="Record">Its number among the file's rows, counted from 1.</param>
public readonly record struct Place(string File, long Line, long Record)
{
    /// <summary>It is one of a list, whose rows may share a line.</summary>
    public bool InList { get; init; }

    public override string ToString() => InList ? $"{File}, line {Line} (record {Record})" : $"{File}, line {Line}";
}

/// <summary>What a cell of a row holds.</summary>
public enum CellKind
{
    /// <summary>The row has no such column.</summary>
    Missing,
    /// <summary>A null, or an empty cell of a table file.</summary>
    Null,
    Text,
    Number,
    Truth,
    List,
    Object,
}

/// <summary>One cell: its text for text and numbers, and the parsed value where the file is JSON.</summary>
public readonly record struct Cell(CellKind Kind, string Text, JsonElement Json)
{
    public static readonly Cell Missing = new(CellKind.Missing, "", default);
    public static readonly Cell Null = new(CellKind.Null, "", default);

    /// <summary>Nothing there: no such column, or a null.</summary>
    public bool IsAbsent => Kind is CellKind.Missing or CellKind.Null;

    public static Cell OfText(string text) => new(CellKind.Text, text, default);

    /// <summary>What it is in words, for messages.</summary>
    public string Describe() => Kind switch
    {
        CellKind.Missing => "nothing",
        CellKind.Null => "null",
        CellKind.Text => $"the text \"{Shorten(Text)}\"",
        CellKind.Number => $"the number {Text}",
        CellKind.Truth => Text,
        CellKind.List => "a list",
        _ => "an object",
    };

    internal static string Shorten(string text) => text.Length <= 40 ? text : text[..(char.IsHighSurrogate(text[38]) ? 38 : 39)] + "…";
}

/// <summary>One row of a data file.</summary>
public abstract class Row(Place place)
{
    public Place Place { get; } = place;

    /// <summary>The names of its columns, in the file's order.</summary>
    public abstract IEnumerable<string> Columns { get; }

    /// <summary>A cell by its column's name.</summary>
    public abstract Cell this[string column] { get; }
}

/// <summary>A row of a table file: all rows share the header.</summary>
internal sealed class TableRow(Place place, TableHeader header, string[] cells) : Row(place)
{
    public override IEnumerable<string> Columns => header.Names;

    // An empty cell is a null: table files have no other way to say it.
    public override Cell this[string column] =>
        !header.Index.TryGetValue(column, out int at) ? Cell.Missing : cells[at].Length == 0 ? Cell.Null : Cell.OfText(cells[at]);
}

/// <summary>The names of a table file's columns.</summary>
internal sealed class TableHeader
{
    public TableHeader(string[] names)
    {
        Names = names;
        for (int i = 0; i < names.Length; i++) Index[names[i]] = i;
    }

    public string[] Names { get; }

    public Dictionary<string, int> Index { get; } = [];
}

/// <summary>A row of a plain text file: one column, <c>text</c>; an empty line is an empty text, not a null.</summary>
internal sealed class TextRow(Place place, string text) : Row(place)
{
    public const string Column = "text";

    public override IEnumerable<string> Columns => [Column];

    public override Cell this[string column] => column == Column ? Cell.OfText(text) : Cell.Missing;
}

/// <summary>A row of a JSON file: one object.</summary>
internal sealed class JsonRow(Place place, JsonElement value) : Row(place)
{
    public override IEnumerable<string> Columns => value.EnumerateObject().Select(p => p.Name).Distinct();

    public override Cell this[string column] => value.TryGetProperty(column, out var cell) ? Read(cell) : Cell.Missing;

    private static Cell Read(JsonElement cell) => cell.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.Undefined => Cell.Null,
        JsonValueKind.String => new Cell(CellKind.Text, cell.GetString()!, cell),
        JsonValueKind.Number => new Cell(CellKind.Number, cell.GetRawText(), cell),
        JsonValueKind.True => new Cell(CellKind.Truth, "true", cell),
        JsonValueKind.False => new Cell(CellKind.Truth, "false", cell),
        JsonValueKind.Array => new Cell(CellKind.List, "", cell),
        _ => new Cell(CellKind.Object, "", cell),
    };
}
