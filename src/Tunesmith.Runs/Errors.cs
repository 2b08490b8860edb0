namespace Tunesmith.Runs;

/// <summary>Every message of this room, on one page.</summary>
internal static class Errors
{
    public static UsageException UnknownEntry(string kind, string name, IEnumerable<string> known) =>
        new($"{kind}: got '{name}'; expected one of {string.Join(", ", known)}.{Suggestions.DidYouMean(name, known)}");

    // Files
    public static RunException NotAFilePath(string path) => new($"'{path}' names no file that could be written. Give a path with a file name.");

    /// <summary>What the system may refuse of a write; .NET tells EFBIG, a file too large, as an argument called "value".</summary>
    public static bool IsOfWriting(Exception failure) => failure is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException { ParamName: "value" };

    public static RunException CannotWrite(string path, Exception cause) => new(cause switch
    {
        IOException { HResult: 28 } => $"{path}: the disk is full. Nothing was left half-written; free some space and run the same command again.",
        IOException { HResult: 27 } or ArgumentOutOfRangeException => $"{path}: it grew past the size that files may have here (ulimit -f). Nothing was left half-written; raise the limit and run the same command again.",
        IOException { HResult: 122 } => $"{path}: your disk quota is used up. Nothing was left half-written; free some space and run the same command again.",
        IOException { HResult: 30 } => $"{path}: this file system is read-only. Choose another output_dir.",
        UnauthorizedAccessException => $"{path}: no permission to write here. Choose another output_dir or change the folder's permissions.",
        _ => $"{path}: cannot be written ({cause.Message})",
    }, cause);

    public static UsageException CannotRead(string path, Exception cause) => new($"{path}: cannot be read ({cause.Message})", cause);

    // Run folders
    public static UsageException OutputIsFile(string path) => new($"output_dir: '{path}' is a file; expected a folder, or a name that is free.");

    public static UsageException FolderLocked(string path, string? process) =>
        new($"output_dir: {path} is in use by {(process is null ? "another process" : $"process {process}")}. Wait until it ends, or choose another output_dir.");

    public static UsageException NotOurFolder(string path, string first, int count) =>
        new($"output_dir: {path} holds files that are no run of Tunesmith's ({first}{(count > 1 ? $" and {count - 1} more" : "")}). Choose another output_dir, or set overwrite_output_dir: true.");

    public static UsageException AnotherRunsFolder(string path, IReadOnlyList<(string Name, string Here, string There)> differences) =>
        new($"output_dir: {path} belongs to a run with other settings. Choose another output_dir, or set overwrite_output_dir: true to begin anew there.\n"
            + string.Join("\n", differences.Take(12).Select(key => $"  {key.Name}: {key.Here} there, {key.There} now"))
            + (differences.Count > 12 ? $"\n  and {differences.Count - 12} more" : ""));

    // Recipes as text
    public static UsageException NoRecipe(string path, IEnumerable<string> neighbours) =>
        new($"recipe: there is no file '{path}'.{Suggestions.DidYouMean(path, neighbours)}");

    public static UsageException RecipeIsFolder(string path) => new($"recipe: '{path}' is a folder; expected a .yaml or .json file.");

    public static UsageException RecipeTooLarge(string path, int limit) =>
        new($"{path}: larger than {limit >> 20} MiB; expected a recipe, which is a page of text. Is this a data file?");

    public static UsageException NotText(string source, int line, string what) =>
        new($"{source}, line {line}: has {what}; expected a text file in UTF-8. Save it as UTF-8 and try again.");

    public static UsageException BrokenYaml(string source, int line, int column, string reason, Exception? cause) =>
        new($"{source}{At(line, column)}: not readable as YAML: {reason.TrimEnd('.')}. A recipe has one 'key: value' on each line.", cause);

    public static UsageException BrokenJson(string source, int line, string reason, Exception? cause) =>
        new($"{source}, line {line}: not readable as JSON: {reason.TrimEnd('.')}.", cause);

    public static UsageException NotAMapping(string source, int line) =>
        new($"{source}, line {line}: expected 'key: value' lines. A colon with a blank after it stands between a key and its value.");

    public static UsageException SecondDocument(string source, int line) =>
        new($"{source}, line {line}: a second YAML document begins; expected one. Remove the '---' or split the file.");

    public static UsageException AnchorInYaml(string source, int line) =>
        new($"{source}, line {line}: YAML anchors and aliases (&name, *name) are not read in recipes. Write the value out, or put it in quotes.");

    public static UsageException TagInYaml(string source, int line, string tag) =>
        new($"{source}, line {line}: the YAML tag '{tag}' is not read in recipes. Write the plain value, or put it in quotes.");

    public static UsageException TooDeep(string source, int line, int limit) =>
        new($"{source}, line {line}: nested more than {limit} levels deep; expected a flat list of keys.");

    public static UsageException KeyIsNoText(string source, int line) => new($"{source}, in the mapping at line {line}: a key is a list or mapping; expected a word.");

    public static UsageException DuplicateKey(string source, string key, int first, int second) =>
        new($"{source}, line {second}: '{key}' stands a second time; it is set in line {first} already. Remove one of the two.");

    public static UsageException NotAnOverride(string argument) =>
        new($"argument '{argument}': expected key=value, such as learning_rate=1e-4.");

    // Recipes as values
    public static string BadValue(string key, string got, string expected) => $"{key}: got {got}; expected {expected}.";

    public static string UnknownKey(string key, IEnumerable<string> known) =>
        $"'{key}' is not a key of a recipe.{(Suggestions.Nearest(key, known) is { } near ? $" Did you mean '{near}'?" : " './tunesmith help keys' lists them all.")}";

    public static string ForeignKey(string key, string got, string expected, string wayOut) =>
        $"{key}: got {got}; expected {expected}, because this is not built yet and would change the result. {wayOut}";

    public static string BadReference(string key, string name) =>
        $"{key}: '${{{name}}}' refers to nothing; expected the name of another key with a single value.";

    public static UsageException RecipeProblems(string source, IReadOnlyList<string> problems) =>
        new(problems.Count == 1
            ? $"{source}: {problems[0]}"
            : $"{source}: {problems.Count} problems\n" + string.Join("\n", problems.Select(problem => "  " + problem)));

    private static string At(int line, int column) => line <= 0 ? "" : column <= 0 ? $", line {line}" : $", line {line}, column {column}";
}
