using System.Text.Json;
using Tunesmith.Runs;
using Tunesmith.Text.Conversations;
using Tunesmith.Text.Templates;
using Tunesmith.Text.Tokenizers;

namespace Tunesmith.Proof.Kinds;

/// <summary>Compares ids and labels made from conversations with recorded ones (<c>golden/templates/processing.jsonl.gz</c>).</summary>
internal sealed class ProcessingProof(string folder, IReadOnlyDictionary<string, RecordedConversation> conversations, RecordedTokenizers tokenizers)
{
    private static readonly HashSet<string> Implemented = ["supervised", "packed", "unsupervised", "pretrain", "infer_seqlen", "knapsack"];

    public IEnumerable<CaseResult> Verify()
    {
        var missing = new SortedSet<string>(StringComparer.Ordinal);
        int number = 0;
        foreach (var row in ChatTemplateProof.Rows(folder, "processing.jsonl.gz"))
        {
            number++;
            string kind = row.GetProperty("k").GetString()!;
            if (!Implemented.Contains(kind)) missing.Add($"processing {kind}: not implemented");
            else if (row.TryGetProperty("args", out var args) && !Templates.Exists(args.GetProperty("template").GetString()!))
                missing.Add($"processing with {args.GetProperty("template").GetString()}: template not implemented");
            else yield return TemplateProof.Guarded($"{kind}/{number}{Shown(row)}", () => Check(kind, row));
        }
        foreach (string name in missing) yield return new CaseResult(TemplateProof.Kind, name, false, "not implemented");
    }

    private static string Shown(JsonElement row) =>
        row.TryGetProperty("args", out var args) ? $" {args.GetProperty("template").GetString()} cutoff_len={args.GetProperty("cutoff_len")}" : "";

    private string? Check(string kind, JsonElement row) => kind switch
    {
        "infer_seqlen" => Lengths(row),
        "knapsack" => Same("groups", JsonSerializer.Serialize(Processing.GreedyKnapsack(Numbers(row.GetProperty("numbers")), row.GetProperty("capacity").GetInt32())), row.GetProperty("out")),
        "pretrain" => Pretrain(row),
        _ => Examples(kind, row),
    };

    private static string? Lengths(JsonElement row)
    {
        foreach (var numbers in row.GetProperty("rows").EnumerateArray().Select(Numbers))
        {
            var (source, target) = Processing.InferSequenceLengths(numbers[0], numbers[1], numbers[2]);
            if (source != numbers[3] || target != numbers[4]) return $"lengths of {string.Join(' ', numbers[..3])}: got {source} {target}; expected {numbers[3]} {numbers[4]}";
        }
        return null;
    }

    private string? Pretrain(JsonElement row)
    {
        var args = row.GetProperty("args");
        var tokenizer = tokenizers.FixedFor(Templates.Get(args.GetProperty("template").GetString()!));
        var options = new PretrainOptions
        {
            CutoffLen = args.GetProperty("cutoff_len").GetInt32(),
            Packing = args.GetProperty("packing").GetBoolean(),
            AddBos = row.GetProperty("add_bos_token").GetBoolean(),
        };
        string[] texts = [.. row.GetProperty("texts").EnumerateArray().Select(t => t.GetString()!)];
        return Same("input_ids", JsonSerializer.Serialize(Processing.Pretrain(tokenizer, texts, options)), row.GetProperty("out").GetProperty("input_ids"));
    }

    private string? Examples(string kind, JsonElement row)
    {
        var args = row.GetProperty("args");
        var template = TemplateProof.Configured(args.GetProperty("template").GetString()!, args);
        var tokenizer = tokenizers.FixedFor(template);
        int cutoff = args.GetProperty("cutoff_len").GetInt32();
        var options = new SupervisedOptions
        {
            CutoffLen = cutoff,
            MaskHistory = args.GetProperty("mask_history").GetBoolean(),
            TrainOnPrompt = args.GetProperty("train_on_prompt").GetBoolean(),
        };
        var expected = row.GetProperty("out");
        if (expected.TryGetProperty("error", out _)) return Refusal(template, tokenizer, options);
        var chosen = row.GetProperty("cases").EnumerateArray().Select(c => conversations[c.GetString()!].For(template)).ToList();
        if (kind == "unsupervised")
        {
            var turns = chosen.Select(c => Processing.Unsupervised(template, tokenizer, [.. c.Messages.SkipLast(1)], [c.Messages[^1]], c.System, c.Tools, cutoff)).ToList();
            return Same("input_ids", Json(turns.Select(t => t.Prompt)), expected.GetProperty("input_ids")) ?? Same("labels", Json(turns.Select(t => t.Answer)), expected.GetProperty("labels"));
        }
        var examples = chosen.Select(c => Processing.Supervised(template, tokenizer, [.. c.Messages.SkipLast(1)], [c.Messages[^1]], c.System, c.Tools, options)).ToList();
        if (kind == "supervised")
            return Same("input_ids", Json(examples.Select(e => e.InputIds)), expected.GetProperty("input_ids")) ?? Same("labels", Json(examples.Select(e => e.Labels)), expected.GetProperty("labels"));
        var rows = Processing.Pack(examples, cutoff, tokenizer.PadId!.Value, args.GetProperty("neat_packing").GetBoolean()).Rows;
        return Same("input_ids", Json(rows.Select(r => r.InputIds)), expected.GetProperty("input_ids"))
            ?? Same("labels", Json(rows.Select(r => r.Labels)), expected.GetProperty("labels"))
            ?? Same("position_ids", Json(rows.Select(r => r.PositionIds)), expected.GetProperty("position_ids"))
            ?? Same("attention_mask", Json(rows.Select(r => r.AttentionMask)), expected.GetProperty("attention_mask"));
    }

    private static string? Refusal(Template template, Tokenizer tokenizer, SupervisedOptions options)
    {
        try
        {
            Processing.Supervised(template, tokenizer, [new Message(Roles.User, "q")], [new Message(Roles.Assistant, "a")], null, null, options);
        }
        catch (UsageException)
        {
            return null;
        }
        return "made an example where the reference refuses the options";
    }

    private static int[] Numbers(JsonElement json) => [.. json.EnumerateArray().Select(n => n.GetInt32())];

    private static string Json(IEnumerable<int[]> rows) => JsonSerializer.Serialize(rows);

    private static string? Same(string what, string got, JsonElement expected)
    {
        string wanted = JsonSerializer.Serialize(expected);
        return got == wanted ? null : $"{what}: {TemplateProof.FirstDifference(got, wanted)}";
    }
}
