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

    public static UsageException TooManyCells(string name, long line, int most) =>
        new($"{name}, line {line}: got a row of more than {most} cells; expected fewer. Check that this is the right file, and set delimiter if the cells are separated by something else.");

    // Rows

    public static UsageException BadTableRow(Place place, string problem) => new($"{place}: {problem}. Correct the row, or set on_bad_row: skip to leave such rows out.");

    public static string CellCount(int got, IReadOnlyList<string> columns, bool quotes) =>
        $"got {got} {(got == 1 ? "cell" : "cells")}; expected {columns.Count} ({Few(columns, 6)}{(columns.Count > 6 ? ", …" : "")})"
        + (got < columns.Count ? "" : quotes ? "; a cell that holds the delimiter needs quotes around it" : "; set quoting: rfc4180 if cells are quoted");

    public const string OpenQuote = "got a quote that is never closed; expected a second quote at the end of the cell (a quote inside a quoted cell is written twice; quoting: none reads quotes as ordinary characters)";

    public static string AfterClosingQuote(char c) =>
        $"got the character '{c}' after a closing quote; expected the delimiter or the end of the line (a quote inside a quoted cell is written twice; quoting: none reads quotes as ordinary characters)";

    public static UsageException ColumnTwice(string name, string column) =>
        new($"{name}: got the column {column} twice in the header; expected different names. Rename one, or give column_names if the file has no header row.");

    public static UsageException NotJson(Place place, string reason) => new($"{place}: got a line that is no JSON ({reason}); expected one JSON object a line. Correct the line, or set on_bad_row: skip to leave such lines out.");

    public static UsageException NotAnObject(Place place, string got) => new($"{place}: got {got}; expected a JSON object with the columns as its properties. Correct it, or set on_bad_row: skip.");

    public static UsageException BrokenJson(Place place, string reason) => new($"{place}: got broken JSON ({reason}); expected a list of objects. Correct the file there.");

    public static UsageException CutOff(Place place) => new($"{place}: the file ends in the middle of its JSON; expected the closing bracket of the list. The file was cut off: copy or write it again.");

    public static UsageException NoList(string name) => new($"{name}: got JSON without a list of objects; expected [{{…}}, …], or an object with one such list, or one object a line. Change the file's form.");

    public static UsageException TwoLists(string name, string first, string second) =>
        new($"{name}: got two lists of objects ({first} and {second}); expected one. Put them into two files.");

    public static UsageException HalfSurrogate(string where) =>
        new($"{where}: got half of a surrogate pair (an escape \\uD800 to \\uDFFF on its own); expected whole characters. Correct the text, or set on_bad_row: skip.");

    public static UsageException WrongCell(Row row, string column, string expected)
    {
        var cell = row[column];
        return cell.Kind == CellKind.Missing
            ? new($"{row.Place}: got a row without {column} (it has {Few(row.Columns, 8)}); expected {expected} there. Correct the row, name another column, or set on_bad_row: skip.")
            : new($"{row.Place}: got {cell.Describe()} in {column}; expected {expected}. Correct the row, or set on_bad_row: skip.");
    }

    public static UsageException WrongPart(Row row, string column, string got, string expected) =>
        new($"{row.Place}: got {got} in {column}; expected {expected}. Correct the row, or set on_bad_row: skip.");

    public static UsageException NoColumn(string name, string column, IEnumerable<string> columns) =>
        new($"{name}: got no column {column} (it has {Few(columns, 12)}); expected it in at least one row. Name an existing column.");

    // Data sets

    public static UsageException NoDatasetInfo(string folder, string path) =>
        new($"dataset_dir: got {folder}, which has no {Path.GetFileName(path)}; expected a folder with that file beside the data. Set dataset_dir, or name a file with train_file instead of dataset.");

    public static UsageException UnknownDataset(string name, string path, IReadOnlyCollection<string> known)
    {
        string near = Tunesmith.Runs.Suggestions.Nearest(name, known) is { } hit ? $" Did you mean {hit}?" : $" It has {Few(known, 12)}{(known.Count > 12 ? ", …" : "")}.";
        return new($"dataset: got {name}; expected a name that stands in {path}.{near}");
    }

    public static UsageException NoFileName(string where, IEnumerable<string> keys) =>
        new($"{where}: got an entry without file_name (it has {Few(keys, 12)}); expected a file or folder below dataset_dir. Add file_name.");

    public static UsageException InfoTooLarge(string path, int megabytes) => new($"{path}: got more than {megabytes} MiB; expected the names and files of some data sets. Check that this is the right file.");

    public static UsageException InfoValue(string where, string key, string got, string expected) => new($"{where}: {key}: got {got}; expected {expected}. Correct the entry.");

    public static UsageException InfoKey(string where, string key, string known) =>
        new($"{where}: got the key {Cell.Shorten(key)}, which nothing reads; expected {known}. Rename the key, or remove it.");

    public static UsageException DataFromHub(string where, string got) =>
        new($"{where}: got {got}, which lies on a hub; expected a local file. Download the data set and name it with file_name.");

    public static UsageException MediaColumn(string where, string key, string column) =>
        new($"{where}: columns.{key}: got {column}; expected a data set of texts. Tunesmith trains on text only: remove the column from the entry to train on the texts alone.");

    public static UsageException NoMessagesColumn(string name) => new($"{name}: got no messages column; expected one, because its columns are listed. Add \"messages\" to columns.");

    public static UsageException UnknownSplit(string dataset, string split) =>
        new($"{dataset}: split: got {split}; expected train, or a part of it such as train[:100] or train[10%:20%]. A local file has no other split: put the other part into a file and an entry of its own.");

    public static UsageException EmptySlice(string dataset, string split) => new($"{dataset}: split: got {split}, which holds no row; expected at least one. Widen it.");

    public static UsageException NoRows(string name) => new($"{name}: got no row; expected at least one. Check the file.");

    public static UsageException EmptySetInMix() => new("mix_strategy: got a data set without a usable row; expected every set that is interleaved to have one. Leave it out.");

    public static UsageException Delimiter(string got) => new($"delimiter: got \"{got}\"; expected one character, or comma, semicolon, tab, pipe or space. Correct it.");

    public static UsageException NoTextColumn(string file, IEnumerable<string> columns) =>
        new($"{file}: got the columns {Few(columns, 12)}; expected one named text. Name yours with text_column (column_names, if the file has no header row).");

    public static UsageException NoLabelColumn(string file, IEnumerable<string> columns) =>
        new($"{file}: got the columns {Few(columns, 12)}; expected one named label. Name yours with label_column (column_names, if the file has no header row).");

    public static UsageException UnknownColumns(string file, IEnumerable<string> columns) =>
        new($"{file}: got the columns {Few(columns, 12)}; expected instruction and output, prompt and response, messages, or conversations. Rename them, or describe the file in a dataset_info.json.");

    public static UsageException BrokenTurns(Place place, TurnFault faults) =>
        new($"{place}: got a conversation with {(faults.HasFlag(TurnFault.Role) ? "a role at the wrong place" : "an answer missing or one too many")}; expected user and assistant in turns, ending with the assistant. Correct it, or set on_bad_row: error to leave such conversations out and count them.");

    // Keys

    public static UsageException Both(string first, string second) => new($"{first}: got a value beside {second}; expected one of the two. Remove one.");

    public static UsageException OnlySft(string key, string stage) => new($"{key}: got a value in stage {stage}; expected it in stage sft only. Remove it.");

    public static UsageException NothingToSplit() => new("val_size: got a value without dataset or train_file; expected data to hold something out of. Name them, or remove val_size.");

    public static UsageException ValSize(string got) =>
        new($"val_size: got {got}; expected a fraction above 0 and below 1, or a whole number of examples without a point (1 is one example). Correct it.");

    public static UsageException ValTooLarge(string got, int count) => new($"val_size: got {got}; expected less than the {count} examples there are, with at least one left on each side. Lower it.");

    public static UsageException NoStreaming() =>
        new("streaming: got true; expected false. Tunesmith keeps only the tokens of the data in memory (8 bytes a token), whatever the size of the files: remove streaming, and use max_samples to limit the data.");

    public static UsageException NoTokenizedPath(string path) => new($"tokenized_path: got {path}; expected no value. Tunesmith prepares the data anew in every run: remove the key.");

    public static UsageException InterleaveOnce() => new("mix_strategy: got interleave_once; expected concat, interleave_under or interleave_over. Use interleave_over to see every example at least once.");

    public static UsageException ProbabilitiesWithConcat() => new("interleave_probs: got a value with mix_strategy concat; expected interleave_under or interleave_over there. Set mix_strategy, or remove interleave_probs.");

    public static UsageException ProbabilityCount(string key, int got, int sets) => new($"interleave_probs: got {got} numbers; expected {sets}, one for each name in {key}. Correct one of the two.");

    public static UsageException ProbabilitySum(double sum) => new(FormattableString.Invariant($"interleave_probs: got numbers that add up to {sum:0.####}; expected non-negative numbers that add up to 1. Correct them."));

    public static UsageException NoData() => new("dataset: got none; expected dataset (names in dataset_info.json) or train_file (a path). Add one of them.");

    public static UsageException UnknownStage(string stage) => new($"stage: got {stage}; expected sft, pt or cls for preparing data. Change the stage.");

    public static UsageException RankingMismatch(string dataset, bool ranking, string stage) =>
        new($"{dataset}: got {(ranking ? "preference pairs" : "plain answers")} in stage {stage}; expected {(ranking ? "a data set without ranking: true" : "ranking: true")}. Use another data set or stage.");

    public static UsageException NothingUsable(string what, string why) => new($"{what}: got no example that can be used ({why}); expected at least one. Check the columns of the data and how they are named.");

    public static UsageException CutoffBelowMarks(int cutoff, int marks) =>
        new($"cutoff_len: got {cutoff}; expected at least {marks}, the special tokens that the tokenizer writes around each text, and room for the text. Raise cutoff_len.");

    public static UsageException TooLittleText(int cutoff) => new($"cutoff_len: got {cutoff}, more tokens than the data have; expected enough text for one block. Lower cutoff_len, add text, or set packing: false.");

    public static UsageException NoEos() => new("template: got a tokenizer without an end-of-sequence token; expected one to end each text with. Use a checkpoint whose tokenizer_config.json names eos_token.");

    public static UsageException NoPad() => new("packing: got a tokenizer without a padding token; expected one to fill rows with. Use a template that sets it, or a checkpoint whose tokenizer has one.");

    // Labels

    public static UsageException UnknownLabel(Place place, string label, IReadOnlyList<string> known) =>
        new($"{place}: got the label {Cell.Shorten(label)}; expected one of {Few(known, 12)}{(known.Count > 12 ? ", …" : "")}. Correct the row, or train anew with all labels.");

    public static UsageException NotANumber(Place place, string label) =>
        new($"{place}: got the label {Cell.Shorten(label)}; expected a finite number, because problem_type is regression. Correct the row, or set problem_type.");

    public static UsageException OneClass(string label) => new($"label_column: got the one label {Cell.Shorten(label)} in all rows; expected at least two different ones. Check label_column.");

    public static UsageException ManyLabelsForOne(Place place) =>
        new($"{place}: got a list of labels; expected one label, because problem_type is single_label_classification. Set problem_type: multi_label_classification, or correct the row.");

    public static UsageException TrainOnPromptWithEfficientEos(string template) =>
        new($"train_on_prompt: got true with template {template}, which writes the end marker only once; expected a template that ends every answer. Choose another template, or remove train_on_prompt.");

    public static UsageException AtPlace(Place place, UsageException problem) => new($"{place}: {problem.Message}", problem);

    // Names come from the file, which may hold anything of any length.
    private static string Few(IEnumerable<string> names, int most) => string.Join(", ", names.Take(most).Select(name => Cell.Shorten(name)));
}
