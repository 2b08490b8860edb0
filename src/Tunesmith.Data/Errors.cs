using Tunesmith.Data.Readers;
using Tunesmith.Runs;

namespace Tunesmith.Data;

/// <summary>Every message of this room.</summary>
internal static class Errors
{
    // Files

    public static UsageException NoSuchFile(string name) =>
        new($"{name}: there is no such file or folder; expected the path of a data file. Check the path; it is taken from the current folder, or from dataset_dir for a data set's file_name.");

    public static UsageException EmptyFolder(string name) => new($"{name}: the folder is empty; expected data files of one kind in it. Put them there or name a file.");

    public static UsageException UnknownEnding(string name, string ending, IEnumerable<string> known) =>
        new($"{name}: got {(ending.Length == 0 ? "a file without an ending" : $"a file ending in .{ending}")}; expected one of {string.Join(", ", known.Select(k => "." + k))} (each also with .gz). "
            + (ending is "parquet" or "arrow" ? "Tunesmith does not read this kind: write the table as .jsonl or .csv first." : "Convert the file, or rename it if its content is of one of these kinds."));

    public static UsageException MixedFolder(string name, IEnumerable<string> endings) =>
        new($"{name}: got files of several kinds ({string.Join(", ", endings.Select(e => "." + e))}); expected one kind in a folder. Move the others away, or name the files one by one.");

    public static UsageException CannotRead(string name, string reason) => new($"{name}: the file cannot be read ({reason.TrimEnd('.')}); expected a readable file. Check the path and its permissions.");

    public static UsageException EmptyFile(string name) => new($"{name}: got an empty file; expected at least one row. Check that it was written to its end.");

    public static UsageException BrokenGzip(string name) => new($"{name}: the packed file is damaged or cut off; expected a whole gzip file. Copy or download it again.");

    public static UsageException Utf16(string name) => new($"{name}: got UTF-16 text; expected UTF-8. Save the file as UTF-8, for example with iconv -f UTF-16 -t UTF-8.");

    public static UsageException NotUtf8(string name, long line, byte value) => value == 0
        ? new($"{name}, line {line}: got a zero byte; expected text in UTF-8. The file is binary or in UTF-16: save it as UTF-8.")
        : new($"{name}, line {line}: got the byte 0x{value:X2}, which is not UTF-8; expected text in UTF-8. Convert the file, for example with iconv -f WINDOWS-1252 -t UTF-8.");

    public static UsageException RowTooLarge(string name, long line, int megabytes) =>
        new($"{name}, line {line}: got a row of more than {megabytes} MiB; expected smaller ones. A quote or bracket that is opened there is probably never closed; otherwise split the row.");

    // Rows

    public static UsageException BadTableRow(Place place, string problem) => new($"{place}: {problem}. Correct the row, or set on_bad_row: skip to leave such rows out.");

    public static string CellCount(int got, IReadOnlyList<string> columns, bool quotes) =>
        $"got {got} {(got == 1 ? "cell" : "cells")}; expected {columns.Count} ({string.Join(", ", columns.Take(6))}{(columns.Count > 6 ? ", …" : "")})"
        + (got < columns.Count ? "" : quotes ? "; a cell that holds the delimiter needs quotes around it" : "; set quoting: rfc4180 if cells are quoted");

    public const string OpenQuote = "got a quote that is never closed; expected a second quote at the end of the cell (a quote inside a quoted cell is written twice; quoting: none reads quotes as ordinary characters)";

    public static string AfterClosingQuote(char c) =>
        $"got the character '{c}' after a closing quote; expected the delimiter or the end of the line (a quote inside a quoted cell is written twice; quoting: none reads quotes as ordinary characters)";

    public static UsageException ColumnTwice(string name, string column) =>
        new($"{name}: got the column {column} twice in the header; expected different names. Rename one, or give column_names if the file has no header row.");

    public static UsageException NotJson(Place place, string reason) => new($"{place}: got a line that is no JSON ({reason}); expected one JSON object a line. Correct the line, or set on_bad_row: skip to leave such lines out.");

    public static UsageException NotAnObject(Place place, string got) => new($"{place} (record {place.Record}): got {got}; expected a JSON object with the columns as its properties. Correct it, or set on_bad_row: skip.");

    public static UsageException BrokenJson(string name, long line, string reason) => new($"{name}, line {line}: got broken JSON ({reason}); expected a list of objects. Correct the file there.");

    public static UsageException CutOff(string name, long line) => new($"{name}, line {line}: the file ends in the middle of its JSON; expected the closing bracket of the list. The file was cut off: copy or write it again.");

    public static UsageException NoList(string name) => new($"{name}: got JSON without a list of objects; expected [{{…}}, …], or an object with one such list, or one object a line. Change the file's form.");

    public static UsageException TwoLists(string name, string first, string second) =>
        new($"{name}: got two lists of objects ({first} and {second}); expected one. Put them into two files.");

    public static UsageException HalfSurrogate(Place place, string column) =>
        new($"{place}: got half of a surrogate pair (an escape \\uD800 to \\uDFFF on its own) in {column}; expected whole characters. Correct the row, or set on_bad_row: skip.");

    public static UsageException WrongCell(Row row, string column, string expected)
    {
        var cell = row[column];
        return cell.Kind == CellKind.Missing
            ? new($"{row.Place}: got a row without {column} (it has {string.Join(", ", row.Columns.Take(8))}); expected {expected} there. Correct the row, name another column, or set on_bad_row: skip.")
            : new($"{row.Place}: got {cell.Describe()} in {column}; expected {expected}. Correct the row, or set on_bad_row: skip.");
    }

    public static UsageException WrongPart(Row row, string column, string got, string expected) =>
        new($"{row.Place}: got {got} in {column}; expected {expected}. Correct the row, or set on_bad_row: skip.");

    public static UsageException NoColumn(string name, string column, IEnumerable<string> columns) =>
        new($"{name}: got no column {column} (it has {string.Join(", ", columns.Take(12))}); expected it in at least one row. Name an existing column.");

    // Data sets

    public static UsageException NoDatasetInfo(string folder, string path) =>
        new($"dataset_dir: got {folder}, which has no {Path.GetFileName(path)}; expected a folder with that file beside the data. Set dataset_dir, or name a file with train_file instead of dataset.");

    public static UsageException UnknownDataset(string name, string path, IReadOnlyCollection<string> known)
    {
        string near = Tunesmith.Runs.Suggestions.Nearest(name, known) is { } hit ? $" Did you mean {hit}?" : $" It has {string.Join(", ", known.Take(12))}{(known.Count > 12 ? ", …" : "")}.";
        return new($"dataset: got {name}; expected a name that stands in {path}.{near}");
    }

    public static UsageException NoFileName(string where, IEnumerable<string> keys) =>
        new($"{where}: got an entry without file_name (it has {string.Join(", ", keys)}); expected a file or folder below dataset_dir. Add file_name.");

    public static UsageException InfoValue(string where, string key, string got, string expected) => new($"{where}: {key}: got {got}; expected {expected}. Correct the entry.");

    public static UsageException DataFromHub(string where, string got) =>
        new($"{where}: got {got}, which lies on a hub; expected a local file. Download the data set and name it with file_name.");

    public static UsageException MediaColumn(string where, string key, string column) =>
        new($"{where}: columns.{key}: got {column}; expected a data set of texts. Tunesmith trains on text only: remove the column from the entry to train on the texts alone.");

    public static UsageException NoMessagesColumn(string name) => new($"{name}: got no messages column; expected one, because its columns are listed. Add \"messages\" to columns.");
}
