using Tunesmith.Runs;

namespace Tunesmith.Cli;

/// <summary>Every message of this room.</summary>
internal static class Errors
{
    public static UsageException UnknownCommand(string given, IEnumerable<string> known) =>
        new($"command: got '{given}'; expected one of {string.Join(", ", known)}.{Hint(given, known)} `./tunesmith help` says what each does.");

    public static UsageException UnknownFlag(string command, string given, IReadOnlyList<Flag> known) => new(
        $"{command}: got the option '{given}'; expected {(known.Count == 0 ? "none" : string.Join(", ", known.Select(f => f.Name)))}.{Hint(given, known.Select(f => f.Name))} "
        + $"See `./tunesmith help {command}`; recipe keys are given as key=value.");

    public static UsageException FlagNeedsValue(string command, Flag flag) =>
        new($"{command}: got {flag.Name} without a value; expected {flag.Name} {flag.Value}. Give one.");

    public static UsageException FlagTakesNoValue(string command, string flag) => new($"{command}: got a value for {flag}; expected none. Leave the value out.");

    public static UsageException WordMissing(string command, string what) => new($"{command}: got no {what}; expected one. See `./tunesmith help {command}`.");

    public static UsageException TwoInputs(string command) =>
        new($"{command}: got --text and --input; expected one of them. Leave one out.");

    public static UsageException AtPlace(Tunesmith.Data.Readers.Place place, UsageException problem) => new($"{place}: {problem.Message}", problem);

    public static UsageException NoWords(string command, string word) =>
        new($"{command}: got '{word}'; expected nothing behind it but flags. Leave it out.");

    public static UsageException TooManyWords(string command, string what, IEnumerable<string> given) =>
        new($"{command}: got {string.Join(" ", given)}; expected one {what}. Put words with blanks in quotes; recipe keys are given as key=value.");

    public static UsageException NotAModelFolder(string path) => new(
        $"{path}: got a folder without config.json and adapter_config.json; expected a model, an adapter, or a run's output_dir. Name the folder that `train` wrote, or a model in Hugging Face's layout.");

    public static UsageException NoBase(string path) => new(
        $"{path}: got no model_name_or_path; expected the folder of the base model. Add model_name_or_path=DIR.");

    public static UsageException NoSuchFolder(string path) => new($"{path}: got no such file or folder; expected a recipe, a model folder or a run's output_dir. Check the path.");

    public static UsageException WrongKindOfModel(string command, string path, string found, string expected) =>
        new($"{command}: got {path}, {found}; expected {expected}. Name another folder, or use another command.");

    public static UsageException EmptyInput(string command) => new($"{command}: got no text; expected one a line on standard input, --text, or a file with --input. Give some text.");

    public static UsageException NoSuchInput(string path) => new($"--input: got {path}, which is no file; expected a file with texts. Check the path.");

    public static RunException ResultsLost(Exception cause) =>
        new($"standard output: got '{(OutputStream.IsTooLarge(cause) ? "File too large" : cause.Message)}' when writing; expected room for the results. Free some space or write elsewhere.", cause);

    public static UsageException InputNotUtf8(Exception cause) => new("input: got bytes that are not UTF-8; expected text in UTF-8. Convert it, for example with iconv -f WINDOWS-1252 -t UTF-8.", cause);

    public static UsageException MessageTooLong(int tokens, long most) =>
        new($"message: got {tokens} tokens with the template's; expected fewer than {most}, the longest text that this model takes. Shorten the message.");

    public static UsageException UnknownKind(string given, IEnumerable<string> known) =>
        new($"list: got '{given}'; expected one of {string.Join(", ", known)}.{Hint(given, known)} Without a kind everything is listed.");

    public static UsageException BadCount(string given) => new($"tokenize: got --count {given}; expected a whole number from 1. Give one.");

    public static UsageException UnknownFormat(string given) => new($"predict: got --format {given}; expected jsonl or csv. Name one of them.");

    public static UsageException NoExportDir(string path) => new($"{path}: got no export_dir; expected the folder to write. Add export_dir=DIR.");

    public static UsageException ExportDirNotEmpty(string folder) =>
        new($"export_dir: got {folder}, which is not empty; expected a new or an empty folder. Name another one: export never overwrites a model.");

    private static string Hint(string given, IEnumerable<string> known) => Suggestions.Nearest(given, known) is { } nearest ? $" Did you mean '{nearest}'?" : "";
}
