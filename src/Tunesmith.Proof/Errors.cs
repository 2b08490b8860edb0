using Tunesmith.Runs;

namespace Tunesmith.Proof;

/// <summary>Every message of this room.</summary>
internal static class Errors
{
    public static UsageException NoSuchPath(string path) =>
        new($"verify: got '{path}'; expected a folder of recorded reference values. Give a folder that exists.");

    public static UsageException MissingFile(string path) =>
        new($"{path}: the file is missing; expected it beside the case's other files. Restore it, or remove the case.");

    public static UsageException UnreadableFile(string path, string reason) =>
        new($"{path}: cannot be read ({reason}); expected a file. Restore it, or remove the case.");

    public static UsageException BrokenJson(string path, long line, string reason) =>
        new($"{path}, line {line}: not valid JSON ({reason}); expected one JSON value. Restore the file from where it was recorded.");

    public static UsageException BrokenArchive(string path, string reason) =>
        new($"{path}: cannot be unpacked ({reason}); expected a gzip file of JSON lines. Restore the file from where it was recorded.");

    public static UsageException MissingKey(string what, string key) =>
        new($"{what}: the key '{key}' is missing; expected it in a case of this kind. See docs/reference/golden-formats.md.");

    public static UsageException NotANumber(string what, string value) =>
        new($"{what}: got {value}; expected a number, or \"nan\", \"inf\", \"-inf\". See docs/reference/golden-formats.md.");

    public static UsageException NoRoot(string path, string from) =>
        new($"{path}: no folder above {from} holds 'shared'; expected one, since the path begins with shared/. "
            + "Give the folder that holds it: --root FOLDER.");
}
