using System.Text.Json;
using Tunesmith.Runs;
using Tunesmith.Tests;

namespace Tunesmith.Data.Tests.Formats;

/// <summary>The examples that LLaMA-Factory's converters made of good and broken data.</summary>
public sealed class GoldenAlignmentTests
{
    private const string Golden = "golden/data-pipeline";

    // Column files are refused with a message, so their rows cannot be compared.
    private static readonly string[] OtherKinds = ["parquet", "arrow"];

    [SharedFact(Golden)]
    public void Every_recorded_set_is_aligned_as_recorded()
    {
        int compared = 0;
        foreach (var (name, root) in Cases())
        {
            var options = Options(root.GetProperty("args"));
            if (options.Streaming || options.MixStrategy == "interleave_once" || options.Dataset.Concat(options.EvalDataset).Any(OtherKinds.Contains)) continue;
            var expected = root.GetProperty("aligned").EnumerateObject().ToList();
            if (expected.Count == 0) continue;
            string stage = root.GetProperty("args").GetProperty("stage").GetString()!;
            IReadOnlyList<AlignedSet> sets;
            try
            {
                sets = DatasetAligner.Align(options with { MaskHistory = false, TrainOnPrompt = false, NeatPacking = false, InterleaveProbs = [], MixStrategy = "concat", ValSize = "0" }, stage, Seed(root));
            }
            catch (UsageException e)
            {
                // Numbers as answers are an error of their row here; the reference drops every row and then stops.
                Assert.True(root.TryGetProperty("error", out _), $"{name}: {e.Message}");
                continue;
            }
            foreach (var file in expected)
            {
                var set = Assert.Single(sets, s => s.Entry.Files[0] == file.Name);
                var recorded = file.Value.EnumerateArray().Select(Normal);
                var aligned = set.Examples.Select(Write);
                // The files of a folder come in the operating system's order there, in that of their names here.
                bool folder = Path.GetExtension(file.Name).Length == 0;
                Assert.Equal(folder ? recorded.Order() : recorded, folder ? aligned.Order() : aligned);
                compared++;
            }
        }
        Assert.True(compared > 100, $"only {compared} sets compared");
    }

    [SharedFact(Golden)]
    public void Faults_of_turns_are_counted_as_recorded()
    {
        foreach (var (name, root) in Cases().Where(c => c.Name is "chat" or "roles" or "roles_no_system_tag" or "openai" or "pairs_dpo" or "error_all_bad"))
        {
            var examples = DatasetAligner.Align(Options(root.GetProperty("args")), "sft", 42).SelectMany(s => s.Examples).ToList();
            foreach (var (word, fault) in new[] { ("role", TurnFault.Role), ("count", TurnFault.Count), ("skipped", TurnFault.Emptied) })
            {
                int expected = root.GetProperty("warnings").TryGetProperty(word, out var count) ? count.GetInt32() : 0;
                Assert.True(expected == examples.Count(e => e.Faults.HasFlag(fault)), $"{name}: {word} {examples.Count(e => e.Faults.HasFlag(fault))}, recorded {expected}");
            }
        }
    }

    [SharedFact(Golden)]
    public void Data_that_the_reference_cannot_read_are_an_error_here_too()
    {
        foreach (string name in new[] { "error_undefined", "error_absent_file", "error_extension", "error_mixed_folder", "error_broken_json", "error_broken_jsonl", "error_empty", "error_column", "error_number_instruction", "error_no_file_name", "error_formatting", "error_split", "error_val_and_eval", "error_probs_with_concat", "error_probs_count", "error_probs_sum", "error_both_masks", "error_streaming_no_steps", "error_number_output" })
        {
            var root = Cases().Single(c => c.Name == name).Root;
            var error = Assert.Throws<UsageException>(() => DatasetAligner.Align(Options(root.GetProperty("args")), "sft", 42));
            Assert.Contains("expected", error.Message, StringComparison.Ordinal);
        }
    }

    private static IEnumerable<(string Name, JsonElement Root)> Cases()
    {
        foreach (string line in File.ReadLines(Path.Combine(Repo.SharedPath(Golden)!, "cases.jsonl")))
        {
            using var document = JsonDocument.Parse(line);
            yield return (document.RootElement.GetProperty("name").GetString()!, document.RootElement.Clone());
        }
    }

    private static int Seed(JsonElement root) => root.GetProperty("args").TryGetProperty("seed", out var seed) ? seed.GetInt32() : 42;

    private static DataOptions Options(JsonElement args)
    {
        string? Text(string key) => args.TryGetProperty(key, out var value) ? value.ToString() : null;
        string[] Names(string key) => Text(key)?.Split(',') ?? [];
        return new DataOptions
        {
            Dataset = Names("dataset"),
            EvalDataset = Names("eval_dataset"),
            DatasetDir = Path.Combine(Repo.SharedPath(Golden)!, "data"),
            MaxSamples = Text("max_samples") is { } most ? int.Parse(most) : null,
            MixStrategy = Text("mix_strategy") ?? "concat",
            InterleaveProbs = [.. Names("interleave_probs").Select(p => double.Parse(p, System.Globalization.CultureInfo.InvariantCulture))],
            ValSize = args.TryGetProperty("val_size", out var size) ? size.GetRawText() : "0",
            Streaming = Text("streaming") == "True",
            MaskHistory = Text("mask_history") == "True",
            TrainOnPrompt = Text("train_on_prompt") == "True",
        };
    }

    private static string Normal(JsonElement example) => Write(
        Messages(example.GetProperty("_prompt")),
        Messages(example.GetProperty("_response")),
        example.TryGetProperty("_system", out var system) ? system.GetString() : null,
        example.TryGetProperty("_tools", out var tools) ? tools.GetString() : null);

    private static string Write(AlignedExample example) => Write(
        example.Prompt.Select(m => m.Role + ": " + m.Content), example.Response.Select(m => m.Role + ": " + m.Content), example.System, example.Tools);

    private static string Write(IEnumerable<string> prompt, IEnumerable<string> response, string? system, string? tools) =>
        $"{string.Join(" / ", prompt)} => {string.Join(" / ", response)} [{system ?? "null"}] [{tools ?? "null"}]";

    private static IEnumerable<string> Messages(JsonElement list) => list.EnumerateArray().Select(m => m.GetProperty("role").GetString() + ": " + m.GetProperty("content").GetString());
}
