using System.Text.Json;
using Tunesmith.Proof;
using Tunesmith.Runs;

namespace Tunesmith.Tests.Proof;

/// <summary>Every message of this room, by a file as a person could have damaged it.</summary>
public sealed class ErrorTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("proof").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_folder_that_is_not_there() =>
        Says("verify: got '/no/such'; expected a folder of recorded reference values. Give a folder that exists.", () => ProofRunner.Verify(["/no/such"], TextWriter.Null));

    [Fact]
    public void A_file_that_is_missing_or_damaged()
    {
        var path = Path.Combine(_folder, "golden.json");
        Says("golden.json: the file is missing; expected it beside the case's other files. Restore it, or remove the case.", () => GoldenFile.Json(path));
        File.WriteAllText(path, "{\n\"a\": ");
        Says("golden.json, line 2: not valid JSON (", () => GoldenFile.Json(path));
        Says("); expected one JSON value. Restore the file from where it was recorded.", () => GoldenFile.Json(path));
        File.WriteAllBytes(path + "l.gz", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
        Says("golden.jsonl.gz: cannot be unpacked (", () => GoldenFile.JsonLines(path + "l").ToList());
        Says("); expected a gzip file of JSON lines. Restore the file from where it was recorded.", () => GoldenFile.JsonLines(path + "l").ToList());
    }

    [Fact]
    public void A_value_that_is_missing_or_of_another_kind()
    {
        using var row = JsonDocument.Parse("""{"a": "many", "b": []}""");
        Says("case 7: the key 'c' is missing; expected it in a case of this kind. See docs/reference/golden-formats.md.", () => row.RootElement.Need("c", "case 7"));
        Says("loss: got \"many\"; expected a number, or \"nan\", \"inf\", \"-inf\". See docs/reference/golden-formats.md.", () => row.RootElement.GetProperty("a").Number("loss"));
        Says("loss: got array; expected a number, or \"nan\", \"inf\", \"-inf\".", () => row.RootElement.GetProperty("b").Number("loss"));
    }

    [Fact]
    public void A_path_below_shared_without_a_shared_folder()
    {
        var before = GoldenPaths.Root;
        GoldenPaths.Root = _folder;
        Says($"shared/x: no folder above {_folder} holds 'shared'; expected one, since the path begins with shared/. Give the folder that holds it: --root FOLDER.", () => GoldenPaths.Resolve(_folder, "shared/x"));
        GoldenPaths.Root = before;
    }

    private static void Says(string message, Func<object?> act) => Assert.Contains(message, Assert.Throws<UsageException>(() => { _ = act(); }).Message);
}
