using System.Text.Json;
using Tunesmith.Proof.Kinds;
using Tunesmith.Tests;

namespace Tunesmith.Proof.Tests.Kinds;

public sealed class DataPipelineProofTests
{
    private const string Golden = "golden/data-pipeline";

    // Streams, column files and the stages of preferences are refused with a message; verify says so of each.
    private static bool IsRefused(string name) =>
        name.StartsWith("streaming", StringComparison.Ordinal) || name.StartsWith("pairs", StringComparison.Ordinal) || name.StartsWith("kto", StringComparison.Ordinal)
        || name is "file_parquet" or "file_arrow";

    // A template that is not there, one of a model for pictures, and calls whose arguments are a text.
    private static readonly string[] TemplateGaps = ["template_seed_oss", "template_llama4", "openai"];

    [SharedFact(Golden)]
    public void Every_recorded_case_of_supervised_and_plain_text_passes()
    {
        var results = DataPipelineProof.Verify(Repo.SharedPath(Golden)!).ToList();
        var failed = results.Where(r => !r.Passed && !IsRefused(r.Case) && !TemplateGaps.Contains(r.Case)).Select(r => $"{r.Case}: {r.Detail}").ToList();
        Assert.True(failed.Count == 0, string.Join('\n', failed));
        Assert.True(results.Count(r => r.Passed) > 100, $"only {results.Count(r => r.Passed)} passed");
        Assert.All(results.Where(r => IsRefused(r.Case)), r => Assert.Contains("expected", r.Detail, StringComparison.Ordinal));
    }

    [SharedFact(Golden)]
    public void A_case_that_differs_fails()
    {
        string folder = Directory.CreateTempSubdirectory("tunesmith-proof-").FullName;
        try
        {
            string golden = Repo.SharedPath(Golden)!;
            string base_ = Path.Combine(folder, "base");
            Directory.CreateDirectory(base_);
            foreach (string file in Directory.GetFiles(Repo.SharedPath("golden/llamafactory-runs/base")!)) File.Copy(file, Path.Combine(base_, Path.GetFileName(file)));
            Directory.CreateDirectory(Path.Combine(folder, "data"));
            foreach (string file in Directory.GetFiles(Path.Combine(golden, "data"))) File.Copy(file, Path.Combine(folder, "data", Path.GetFileName(file)));
            string line = File.ReadLines(Path.Combine(golden, "cases.jsonl")).First(l => JsonDocument.Parse(l).RootElement.GetProperty("name").GetString() == "rich");
            File.WriteAllText(Path.Combine(folder, "cases.jsonl"), line.Replace("1015", "1014", StringComparison.Ordinal));
            var result = Assert.Single(DataPipelineProof.Verify(folder));
            Assert.False(result.Passed);
            Assert.Contains("train 0 input_ids", result.Detail, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
