using System.Buffers.Binary;
using System.Text.Json;
using Tunesmith.Data.Random;
using Tunesmith.Runs.Recipes;
using Tunesmith.Tests;
using Tunesmith.Text.Templates;
using Tunesmith.Text.Tokenizers;

namespace Tunesmith.Data.Tests;

/// <summary>The data of recorded runs of LLaMA-Factory: every micro-batch of every run, before any training.</summary>
public sealed class RecordedRunTests
{
    private const string Runs = "golden/llamafactory-runs";

    // What these runs show is refused with a message: streaming.
    private static readonly string[] NotHere = ["sft_streaming"];

    public static TheoryData<string> Cases()
    {
        var cases = new TheoryData<string>();
        if (Repo.SharedPath(Runs) is not { } folder)
        {
            cases.Add("none");
            return cases;
        }
        foreach (string path in Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal))
        {
            string name = Path.GetFileName(path);
            if ((name.StartsWith("sft_", StringComparison.Ordinal) || name.StartsWith("pt_", StringComparison.Ordinal)) && !NotHere.Contains(name) && File.Exists(Path.Combine(path, "steps.jsonl"))) cases.Add(name);
        }
        return cases;
    }

    [SharedTheory(Runs)]
    [MemberData(nameof(Cases))]
    public void Micro_batches_are_the_recorded_ones(string name)
    {
        string folder = Repo.SharedPath(Runs, name)!;
        var recipe = Recipe.Load(Path.Combine(folder, "run.yaml"), []);
        var options = recipe.Bind<DataOptions>() with { DatasetDir = Repo.SharedPath("data", "llamafactory")! };
        var run = recipe.Bind<RunKeys>();
        var tokenizer = Tokenizer.Load(Repo.SharedPath(Runs, "base")!);
        if (run.AddSpecialTokens.Count > 0 || run.AddTokens.Count > 0)
        {
            tokenizer.AddTokens([.. run.AddTokens.Select(t => new AddedToken(t))], special: false);
            tokenizer.AddTokens([.. run.AddSpecialTokens.Select(t => new AddedToken(t, Special: true))], special: true);
        }
        var template = Templates.Get(options.Template ?? "empty");
        template.FixTokenizer(tokenizer);
        var data = DatasetBuilder.Build(options, run.Stage, tokenizer, template, run.Seed);

        var micro = MicroBatches(data.Train, options, run, tokenizer.PadId!.Value).GetEnumerator();
        var full = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "batches.json"))).RootElement.EnumerateArray().ToList();
        int compared = 0;
        int first = -1;
        foreach (string line in File.ReadLines(Path.Combine(folder, "steps.jsonl")))
        {
            var step = JsonDocument.Parse(line).RootElement;
            // A resumed run begins in the middle of an epoch: its batches are found by going on until the first one fits.
            Assert.True(micro.MoveNext(), $"the run has more micro-batches than the data give: {compared}");
            var crc = step.GetProperty("crc32");
            while (first < 0 && run.ResumeFromCheckpoint is not null && Crc(micro.Current.Ids) != crc.GetProperty("input_ids").GetUInt32()) Assert.True(micro.MoveNext(), "no micro-batch is the first one after the checkpoint");
            first = 0;
            if (compared < full.Count) Assert.Equal(Rows(full[compared].GetProperty("input_ids")), micro.Current.Ids);
            if (compared < full.Count) Assert.Equal(Rows(full[compared].GetProperty("labels")), micro.Current.Labels);
            Assert.True(Crc(micro.Current.Ids) == crc.GetProperty("input_ids").GetUInt32(), $"ids of micro-batch {compared}");
            Assert.True(Crc(micro.Current.Labels) == crc.GetProperty("labels").GetUInt32(), $"labels of micro-batch {compared}");
            if (crc.TryGetProperty("position_ids", out var positions)) Assert.Equal(positions.GetUInt32(), Crc(micro.Current.Positions));
            compared++;
        }
        Assert.True(compared > 0);
        if (data.Eval is null) return;
        var split = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "order.json"))).RootElement.GetProperty("split");
        if (split.GetArrayLength() > 0 && run.Stage == "sft" && !options.Packs("sft")) Assert.Equal(split[0].GetProperty("test").GetArrayLength(), data.Eval.Count);
    }

    private static IEnumerable<(int[][] Ids, int[][] Labels, int[][] Positions)> MicroBatches(IReadOnlyList<TokenizedExample> examples, DataOptions options, RunKeys run, int pad)
    {
        for (int epoch = 0; epoch < 100; epoch++)
        {
            int[] order = run.DisableShuffling ? [.. Enumerable.Range(0, examples.Count)] : TorchMt19937.EpochOrder(examples.Count, run.DataSeed ?? run.Seed, epoch);
            foreach (int[] batch in order.Chunk(run.BatchSize))
            {
                int longest = batch.Max(i => examples[i].InputIds.Length);
                // The collator of stage pt pads to the longest row, that of sft to a multiple of 8.
                if (run.Stage == "sft") longest = (longest + 7) / 8 * 8;
                int[][] Padded(Func<TokenizedExample, int[]> of, int with) => [.. batch.Select(i => of(examples[i])).Select(row => (int[])[.. row, .. Enumerable.Repeat(with, longest - row.Length)])];
                yield return (Padded(e => e.InputIds, pad), Padded(e => e.Labels, TokenizedExample.Masked), Padded(e => e.PositionIds ?? [], 0));
            }
        }
    }

    private static int[][] Rows(JsonElement rows) => [.. rows.EnumerateArray().Select(r => r.EnumerateArray().Select(v => v.GetInt32()).ToArray())];

    // CRC-32 of the values as little-endian 64-bit integers (ISO 3309 polynomial, reflected).
    private static uint Crc(int[][] rows)
    {
        uint crc = uint.MaxValue;
        Span<byte> bytes = stackalloc byte[8];
        foreach (int value in rows.SelectMany(r => r))
        {
            BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
            foreach (byte b in bytes)
            {
                crc ^= b;
                for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ ((crc & 1) == 0 ? 0 : 0xEDB88320u);
            }
        }
        return ~crc;
    }

    private sealed record RunKeys
    {
        [RecipeKey("stage", "")] public string Stage { get; init; } = "sft";
        [RecipeKey("seed", "")] public int Seed { get; init; } = 42;
        [RecipeKey("data_seed", "")] public int? DataSeed { get; init; }
        [RecipeKey("disable_shuffling", "")] public bool DisableShuffling { get; init; }
        [RecipeKey("per_device_train_batch_size", "")] public int BatchSize { get; init; } = 8;
        [RecipeKey("resume_from_checkpoint", "")] public string? ResumeFromCheckpoint { get; init; }
        [RecipeKey("add_tokens", "")] public IReadOnlyList<string> AddTokens { get; init; } = [];
        [RecipeKey("add_special_tokens", "")] public IReadOnlyList<string> AddSpecialTokens { get; init; } = [];
    }
}
