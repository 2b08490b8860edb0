using Tunesmith.Proof;
using Tunesmith.Runs;

namespace Tunesmith.Tests.Proof;

public sealed class ProofRunnerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("proof").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private const string GoodRow = """{"id":"one","metric":"perplexity","input":{"nll":[2.0],"tokens":[2]},"options":{},"output":{"perplexity":2.718281828459045}}""";

    [Fact]
    public void A_right_row_passes_and_the_exit_code_is_0()
    {
        Write("metrics/rows.jsonl", GoodRow);
        var (summary, text) = Verify(_folder);
        Assert.Equal(new ProofSummary(1, 0), summary);
        Assert.Equal(0, summary.ExitCode);
        Assert.StartsWith("metrics/one  passed  perplexity 0 (tolerance", text[0], StringComparison.Ordinal);
        Assert.Equal("1 passed, 0 failed", text[^1]);
    }

    [Fact]
    public void A_wrong_number_fails_with_both_values_and_the_exit_code_is_1()
    {
        Write("rows.jsonl", GoodRow.Replace("2.718281828459045", "2.7183", StringComparison.Ordinal));
        var (summary, text) = Verify(_folder);
        Assert.Equal(1, summary.ExitCode);
        Assert.Contains("metrics/one  FAILED  perplexity: largest difference", text[0], StringComparison.Ordinal);
        Assert.Contains("got 2.718, expected 2.718", text[0], StringComparison.Ordinal);
    }

    [Fact]
    public void A_metric_that_is_not_implemented_fails_by_name()
    {
        Write("rows.jsonl", GoodRow.Replace("\"perplexity\"", "\"meteor\"", StringComparison.Ordinal));
        Assert.Contains("'meteor' is not implemented", Verify(_folder).Text[0], StringComparison.Ordinal);
    }

    [Fact]
    public void A_broken_line_is_one_failed_line_with_its_number_and_the_rows_before_it_count()
    {
        Write("rows.jsonl", GoodRow + "\n{\"id\": broken\n" + GoodRow);
        var (summary, text) = Verify(_folder);
        Assert.Equal(new ProofSummary(1, 1), summary);
        Assert.Contains("rows.jsonl, line 2", text[1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_cannot_be_opened_fails_its_case_and_the_others_go_on()
    {
        Write("a/golden.json", """{"kind": "decoders"}""");
        Write("b/rows.jsonl", GoodRow);
        using var held = new FileStream(Path.Combine(_folder, "a", "golden.json"), FileMode.Open, FileAccess.Read, FileShare.None);
        var (summary, text) = Verify(_folder);
        Assert.Equal(new ProofSummary(1, 1), summary);
        Assert.Contains("unknown/a  FAILED", text[0], StringComparison.Ordinal);
        Assert.Contains("golden.json: cannot be read", text[0], StringComparison.Ordinal);
    }

    [Fact]
    public void A_row_without_its_input_is_one_failed_line()
    {
        Write("rows.jsonl", """{"id":"bare","metric":"perplexity","output":{"perplexity":1}}""");
        Assert.Contains("the key 'input' is missing", Verify(_folder).Text[0], StringComparison.Ordinal);
    }

    [Fact]
    public void A_kind_without_a_verifier_and_an_unknown_kind_fail_by_name()
    {
        Write("a/golden.json", """{"kind":"vision"}""");
        Write("b/golden.json", """{"kind":"astrology"}""");
        var (summary, text) = Verify(_folder);
        Assert.Equal(new ProofSummary(0, 2), summary);
        Assert.Contains("vision/a  FAILED  the kind 'vision' is not implemented", text[0], StringComparison.Ordinal);
        Assert.Contains("the kind 'astrology' that golden.json names is not implemented; known: adapters,", text[1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_broken_golden_json_fails_and_is_named()
    {
        Write("a/golden.json", "{");
        Assert.Contains("golden.json, line 1: not valid JSON", Verify(_folder).Text[0], StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_folder_checks_nothing_and_that_is_a_failure()
    {
        var (summary, text) = Verify(_folder);
        Assert.Equal(1, summary.ExitCode);
        Assert.Contains("nothing here has the form of recorded values", text[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Checkpoints_and_data_beside_cases_are_inputs_and_not_cases()
    {
        Write("base/config.json", "{}");
        Write("data/rows.json", "[]");
        Write("model/config.json", "{}");
        Write("m/rows.jsonl", GoodRow);
        Assert.Equal(new ProofSummary(1, 0), Verify(_folder).Summary);
    }

    [Fact]
    public void The_same_folder_named_twice_is_checked_once()
    {
        Write("rows.jsonl", GoodRow);
        using var output = new StringWriter();
        Assert.Equal(new ProofSummary(1, 0), ProofRunner.Verify([_folder, _folder + "/"], output));
    }

    [Fact]
    public void A_missing_path_is_wrong_use()
    {
        var error = Assert.Throws<UsageException>(() => Verify(Path.Combine(_folder, "nowhere")));
        Assert.Contains("nowhere", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Json_lines_carry_kind_case_verdict_detail_and_the_sums()
    {
        Write("rows.jsonl", GoodRow);
        using var output = new StringWriter();
        ProofRunner.Verify([_folder], output, new ProofOptions { Json = true });
        var lines = output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.StartsWith("""{"kind":"metrics","case":"one","passed":true,"detail":""", lines[0], StringComparison.Ordinal);
        Assert.Equal("""{"passed":1,"failed":0}""", lines[^1]);
    }

    [Fact]
    public void Paths_beginning_with_shared_start_at_the_folder_that_holds_it()
    {
        Write("shared/models/m/config.json", "{}");
        Write("shared/golden/kind/case/golden.json", "{}");
        var from = Path.Combine(_folder, "shared", "golden", "kind", "case");
        Assert.Equal(Path.Combine(_folder, "shared", "models", "m"), GoldenPaths.Resolve(from, "shared/models/m"));
        Assert.Equal(Path.Combine(_folder, "shared", "golden", "kind", "base"), GoldenPaths.Resolve(from, "../base"));
    }

    [Fact]
    public void A_given_root_is_the_only_place_looked_at()
    {
        var empty = Directory.CreateDirectory(Path.Combine(_folder, "elsewhere")).FullName;
        GoldenPaths.Root = Path.Combine(empty);
        try
        {
            Write("elsewhere/shared/x", "");
            Assert.Equal(Path.Combine(empty, "shared", "x"), GoldenPaths.Resolve(_folder, "shared/x"));
            GoldenPaths.Root = Path.GetPathRoot(_folder);
            if (!Directory.Exists("/shared")) Assert.Contains("--root", Assert.Throws<UsageException>(() => GoldenPaths.Resolve(_folder, "shared/x")).Message, StringComparison.Ordinal);
        }
        finally { GoldenPaths.Root = null; }
    }

    [SharedFact("golden/metrics")]
    public void The_recorded_metrics_that_are_in_scope_pass()
    {
        var failed = ProofRunner.Check(Repo.SharedPath("golden", "metrics")!).Where(result => !result.Passed && !result.Detail.Contains("is not implemented", StringComparison.Ordinal)).ToList();
        // The words of Chinese text need jieba's dictionary, which is not part of the program.
        failed.RemoveAll(result => result.Detail.StartsWith("prediction_words", StringComparison.Ordinal));
        Assert.True(failed.Count == 0, string.Join('\n', failed.Select(result => $"{result.Case}: {result.Detail}")));
    }

    private (ProofSummary Summary, string[] Text) Verify(string folder)
    {
        using var output = new StringWriter();
        var summary = ProofRunner.Verify([folder], output);
        return (summary, output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    private void Write(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
