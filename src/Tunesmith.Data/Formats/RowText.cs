using Tunesmith.Data.Readers;

namespace Tunesmith.Data.Formats;

/// <summary>Texts out of a row's cells.</summary>
internal static class RowText
{
    /// <summary>The text of a cell, null where there is none; anything but text is wrong.</summary>
    public static string? Optional(Row row, string? column)
    {
        if (column is null) return null;
        var cell = row[column];
        if (cell.IsAbsent) return null;
        return cell.Kind == CellKind.Text ? cell.Text : throw Errors.WrongCell(row, column, "a text");
    }

    /// <summary>The text of a cell, or its list or object written as JSON.</summary>
    public static string? OptionalJson(Row row, string? column)
    {
        if (column is null) return null;
        var cell = row[column];
        if (cell.IsAbsent) return null;
        return cell.Kind switch
        {
            CellKind.Text => cell.Text,
            CellKind.List or CellKind.Object => PythonJson.Write(cell.Json),
            _ => throw Errors.WrongCell(row, column, "a text or a list"),
        };
    }
}
