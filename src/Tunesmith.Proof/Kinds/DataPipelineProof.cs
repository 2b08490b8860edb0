using System.Globalization;
using System.Text.Json;
using Tunesmith.Data;
using Tunesmith.Data.Reports;
using Tunesmith.Runs;
using Tunesmith.Runs.Recipes;
using Tunesmith.Text.Conversations;
using Tunesmith.Text.Templates;
using Tunesmith.Text.Tokenizers;

namespace Tunesmith.Proof.Kinds;

/// <summary>
/// Data files, a recipe's data keys, and what LLaMA-Factory made of them: aligned examples, model inputs, warnings, or an error
/// (cases.jsonl beside data/; the tokenizer stands in llamafactory-runs/base beside this folder, or in base/ inside it).
/// </summary>
internal static class DataPipelineProof
{
    private const string KindName = "data-pipeline";

    // The rows of a case are recorded up to this many.
    private const int Recorded = 40;

    public static IEnumerable<CaseResult> Verify(string folder)
    {
        foreach (var root in GoldenFile.JsonLines(Path.Combine(folder, "cases.jsonl")))
        {
            string name = root.Need("name", "case").GetString()!;
            yield return ProofRunner.Guarded(KindName, name, () => Case(folder, name, root));
        }
        if (File.Exists(Path.Combine(folder, "functions.json"))) yield return ProofRunner.Guarded(KindName, "functions", () => Functions(folder));
    }

    private static CaseResult Case(string folder, string name, JsonElement root)
    {
        bool fails = root.TryGetProperty("error", out var error);
        try
        {
            var compare = new Compare();
            Run(folder, root, compare);
            return fails ? new CaseResult(KindName, name, false, $"no error; expected one: {error.GetProperty("happens").GetString()}") : compare.Result(KindName, name);
        }
        catch (UsageException problem)
        {
            return new CaseResult(KindName, name, fails, (fails ? "refused as recorded: " : "") + problem.Message);
        }
    }

    private static void Run(string folder, JsonElement root, Compare compare)
    {
        var args = root.GetProperty("args");
        var recipe = Recipe.Parse(args.GetRawText(), "args.json");
        var keys = recipe.Bind<CaseKeys>();
        var options = recipe.Bind<DataOptions>() with { DatasetDir = Path.Combine(folder, "data") };
        string own = Path.Combine(folder, "base");
        var tokenizer = Tokenizer.Load(Directory.Exists(own) ? own : GoldenPaths.Beside(folder, "llamafactory-runs/base"));
        var template = ConversationTemplate.For(options, tokenizer);
        template.FixTokenizer(tokenizer);
        if (DayOfRecording(root, tokenizer) is { } day) template = template with { Clock = new FixedDay(day) };

        Aligned(root.GetProperty("aligned"), DatasetAligner.Align(options, keys.Stage, keys.Seed), compare);
        var data = DatasetBuilder.Build(options, keys.Stage, tokenizer, template, keys.Seed, new BuildSettings { EvalAsPrompts = keys.PredictWithGenerate });
        if (root.TryGetProperty("tokenizer", out var names))
        {
            compare.Text("eos", tokenizer.EosToken, names.GetProperty("eos").GetString());
            compare.Text("pad", tokenizer.PadToken, names.GetProperty("pad").GetString());
        }
        if (root.TryGetProperty("train", out var train)) Rows("train", data.Train, train, options, keys.Stage, compare);
        if (root.TryGetProperty("eval", out var eval))
        {
            if (eval.ValueKind == JsonValueKind.Array)
            {
                Rows("eval", data.Eval ?? [], eval, options with { Packing = keys.PredictWithGenerate ? false : options.Packing }, keys.Stage, compare);
            }
            else
            {
                foreach (var set in eval.EnumerateObject()) Rows("eval " + set.Name, data.EvalByName![set.Name], set.Value, options, keys.Stage, compare);
            }
        }
        Warnings(root.GetProperty("warnings"), data.Report, compare);
    }

    // One tool format writes the day into the prompt; the recording shows which day it was.
    private static DateTimeOffset? DayOfRecording(JsonElement root, Tokenizer tokenizer)
    {
        const string Mark = "Today Date: ";
        const string Form = "dd MMM yyyy";
        foreach (string part in new[] { "train", "eval" })
        {
            if (!root.TryGetProperty(part, out var rows) || rows.ValueKind != JsonValueKind.Array) continue;
            foreach (var row in rows.EnumerateArray().Where(r => r.TryGetProperty("input_ids", out _)))
            {
                string text = tokenizer.Decode(Ints(row, "input_ids"));
                int at = text.IndexOf(Mark, StringComparison.Ordinal);
                if (at < 0 || at + Mark.Length + Form.Length > text.Length) continue;
                if (DateTimeOffset.TryParseExact(text.AsSpan(at + Mark.Length, Form.Length), Form, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var day)) return day;
            }
        }
        return null;
    }

    private static void Aligned(JsonElement recorded, IReadOnlyList<AlignedSet> sets, Compare compare)
    {
        foreach (var file in recorded.EnumerateObject())
        {
            var set = sets.First(s => s.Entry.Files[0] == file.Name);
            var expected = file.Value.EnumerateArray().Select(Text).ToList();
            var actual = set.Examples.Select(Text).ToList();
            // A folder's files come in the order of the operating system's listing there, in that of their names here.
            if (Path.GetExtension(file.Name).Length == 0)
            {
                expected.Sort(StringComparer.Ordinal);
                actual.Sort(StringComparer.Ordinal);
            }
            compare.Exact($"aligned {file.Name} count", [actual.Count], [expected.Count]);
            for (int i = 0; i < Math.Min(actual.Count, expected.Count); i++) compare.Text($"aligned {file.Name} {i}", actual[i], expected[i]);
        }
    }

    private static string Text(AlignedExample example) => Text(example.Prompt, example.Response, example.System, example.Tools);

    private static string Text(JsonElement example) => Text(
        Messages(example.GetProperty("_prompt")), Messages(example.GetProperty("_response")),
        example.Maybe("_system")?.GetString(), example.Maybe("_tools")?.GetString());

    private static string Text(IEnumerable<Message> prompt, IEnumerable<Message> response, string? system, string? tools) =>
        $"{string.Join('\n', prompt.Select(m => $"{m.Role}: {m.Content}"))}\n=> {string.Join('\n', response.Select(m => $"{m.Role}: {m.Content}"))}\nsystem {system ?? "null"}\ntools {tools ?? "null"}";

    private static List<Message> Messages(JsonElement list) => [.. list.EnumerateArray().Select(m => new Message(m.GetProperty("role").GetString()!, m.GetProperty("content").GetString()!))];

    private static void Rows(string what, IReadOnlyList<TokenizedExample> actual, JsonElement expected, DataOptions options, string stage, Compare compare)
    {
        int count = expected.GetArrayLength();
        compare.Exact($"{what} count", [Math.Min(actual.Count, Recorded)], [count]);
        var rows = Enumerable.Range(0, Math.Min(actual.Count, count)).Select(i => actual[i]).ToList();
        var recorded = expected.EnumerateArray().ToList();
        // The order of a folder's files is not defined, so its rows are compared as a set.
        if (options.Dataset is ["folder"])
        {
            rows.Sort((a, b) => string.CompareOrdinal(string.Join(',', a.InputIds), string.Join(',', b.InputIds)));
            recorded.Sort((a, b) => string.CompareOrdinal(string.Join(',', Ints(a, "input_ids")), string.Join(',', Ints(b, "input_ids"))));
        }
        for (int i = 0; i < rows.Count && i < recorded.Count; i++)
        {
            compare.Exact($"{what} {i} input_ids", rows[i].InputIds, Ints(recorded[i], "input_ids"));
            if (recorded[i].TryGetProperty("labels", out _)) compare.Exact($"{what} {i} labels", rows[i].Labels, Ints(recorded[i], "labels"));
            if (recorded[i].TryGetProperty("position_ids", out _)) compare.Exact($"{what} {i} position_ids", rows[i].PositionIds ?? [], Ints(recorded[i], "position_ids"));
            if (options.NeatPacking && stage == "sft") compare.Exact($"{what} {i} sequences", rows[i].SequenceIds ?? [], Ints(recorded[i], "attention_mask"));
        }
    }

    private static int[] Ints(JsonElement row, string name) => [.. row.GetProperty(name).EnumerateArray().Select(v => v.GetInt32())];

    private static void Warnings(JsonElement recorded, DataReport report, Compare compare)
    {
        int Sum(Func<SplitReport, int> of) => (report.Train is null ? 0 : of(report.Train)) + (report.Eval is null ? 0 : of(report.Eval));
        foreach (var (word, count) in new[] { ("role", Sum(s => s.WrongRole)), ("count", Sum(s => s.WrongCount)), ("skipped", Sum(s => s.Emptied)), ("dropped", Sum(s => s.WithoutAnswer)) })
            compare.Exact($"warnings {word}", [count], [recorded.Maybe(word)?.GetInt32() ?? 0]);
    }

    private static CaseResult Functions(string folder)
    {
        var compare = new Compare();
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "functions.json")));
        foreach (var row in document.RootElement.GetProperty("infer_seqlen").EnumerateArray())
        {
            var (source, target) = Processing.InferSequenceLengths(row[0].GetInt32(), row[1].GetInt32(), row[2].GetInt32());
            compare.Exact($"infer_seqlen {row.GetRawText()}", [source, target], [.. row[3].EnumerateArray().Select(v => v.GetInt32())]);
        }
        foreach (var row in document.RootElement.GetProperty("greedy_knapsack").EnumerateArray())
        {
            int[] lengths = Ints(row, "lengths");
            var packs = Processing.GreedyKnapsack(lengths, row.GetProperty("capacity").GetInt32());
            compare.Text("greedy_knapsack", JsonSerializer.Serialize(packs), JsonSerializer.Serialize(row.GetProperty("packs_of_lengths").EnumerateArray().Select(g => g.EnumerateArray().Select(v => v.GetInt32()))));
        }
        return compare.Result(KindName, "functions");
    }

    private sealed class FixedDay(DateTimeOffset day) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => day;

        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;
    }

    /// <summary>The keys of a case beside those of the data.</summary>
    private sealed record CaseKeys
    {
        [RecipeKey("stage", "What is trained.")]
        public string Stage { get; init; } = "sft";

        [RecipeKey("seed", "The run's seed.")]
        public int Seed { get; init; } = 42;

        [RecipeKey("predict_with_generate", "Evaluation examples are prompts to be answered.")]
        public bool PredictWithGenerate { get; init; }
    }
}
