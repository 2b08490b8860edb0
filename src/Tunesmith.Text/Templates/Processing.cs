using Tunesmith.Text.Conversations;
using Tunesmith.Text.Tokenizers;

namespace Tunesmith.Text.Templates;

/// <summary>How examples for supervised fine-tuning are made.</summary>
public sealed record SupervisedOptions
{
    /// <summary>The most ids an example may have.</summary>
    public int CutoffLen { get; init; } = 2048;

    /// <summary>Only the last answer is trained on, and early turns are dropped first.</summary>
    public bool MaskHistory { get; init; }

    /// <summary>Prompts are trained on too.</summary>
    public bool TrainOnPrompt { get; init; }
}

/// <summary>How rows for pretraining are made.</summary>
public sealed record PretrainOptions
{
    /// <summary>The most ids a row may have; the length of every block when packing.</summary>
    public int CutoffLen { get; init; } = 2048;

    /// <summary>Texts follow each other in blocks of equal length.</summary>
    public bool Packing { get; init; }

    /// <summary>Whether the tokenizer adds its beginning token by itself (<c>add_bos_token</c>); then rows begin with it.</summary>
    public bool AddBos { get; init; }

    /// <summary>What ends a text; null for the tokenizer's end token. With template llama3 it is <see cref="Llama3End"/>.</summary>
    public string? TextEnd { get; init; }

    /// <summary>The end of a text under template llama3, whose end token ends turns instead.</summary>
    public const string Llama3End = "<|end_of_text|>";
}

/// <summary>Packed rows, and how many examples were too long for any row.</summary>
public sealed record PackResult(IReadOnlyList<PackedExample> Rows, int Dropped);

/// <summary>
/// From encoded turns to ids and labels, by LLaMA-Factory's rules (data/processor/supervised.py, pretrain.py, processor_utils.py).
/// Truncation keeps beginnings.
/// </summary>
public static class Processing
{
    /// <summary>Ids and labels of one conversation: <paramref name="prompt"/> is all messages but the last, which is <paramref name="response"/>.</summary>
    public static EncodedExample Supervised(
        Template template, Tokenizer tokenizer, IReadOnlyList<Message> prompt, IReadOnlyList<Message> response, string? system, string? tools, SupervisedOptions options)
    {
        if (options.TrainOnPrompt && template.EfficientEos) throw TemplateErrors.TrainOnPrompt(template.Name);
        bool discardThoughts = options.MaskHistory && !template.PreserveThinking;
        var turns = template.EncodeMultiTurn(tokenizer, [.. prompt, .. response], system, tools, discardThoughts);
        return Supervised(turns, options, template.EfficientEos(tokenizer));
    }

    /// <summary>Prompt and answer ids for prediction; without a response the answer is empty.</summary>
    public static EncodedTurn Unsupervised(
        Template template, Tokenizer tokenizer, IReadOnlyList<Message> prompt, IReadOnlyList<Message> response, string? system, string? tools, int cutoffLen)
    {
        IReadOnlyList<Message> answer = response.Count == 1 ? response : [new Message(Roles.Assistant, "")];
        return Unsupervised(template.EncodeOneTurn(tokenizer, [.. prompt, .. answer], system, tools), cutoffLen, template.EfficientEos(tokenizer));
    }

    /// <summary>Plain texts for pretraining: each followed by the end token; in one row each, or packed into blocks of the cutoff's length.</summary>
    public static IReadOnlyList<int[]> Pretrain(Tokenizer tokenizer, IReadOnlyList<string> texts, PretrainOptions options)
    {
        if (options.CutoffLen < 1) throw TemplateErrors.Cutoff(options.CutoffLen);
        string end = options.TextEnd ?? tokenizer.EosToken ?? throw TemplateErrors.NoEos("pretraining");
        if (options.Packing) return Blocks(texts.Select(t => tokenizer.EncodeIds(t + end)), options.CutoffLen, options.AddBos ? tokenizer.BosId : null);
        string begin = options.AddBos ? tokenizer.BosToken ?? "" : "";
        return [.. texts.Select(t => tokenizer.EncodeIds(begin + t + end)).Select(ids => ids.Length > options.CutoffLen ? ids[..options.CutoffLen] : ids)];
    }

    /// <summary>Ids and labels of one conversation from its encoded turns.</summary>
    /// <param name="turns">The turns in the order of the conversation.</param>
    /// <param name="efficientEos">The id put once after everything, for templates without an end in their slots; null for all others.</param>
    public static EncodedExample Supervised(IReadOnlyList<EncodedTurn> turns, SupervisedOptions options, int? efficientEos)
    {
        var pieces = new List<(ReadOnlyMemory<int> Ids, int[] Labels)>();
        int total = efficientEos is null ? 0 : 1;
        for (int i = 0; i < turns.Count && total < options.CutoffLen; i++)
        {
            var turn = options.MaskHistory ? turns[^(i + 1)] : turns[i];
            var (source, target) = InferSequenceLengths(turn.Prompt.Length, turn.Answer.Length, options.CutoffLen - total);
            total += source + target;
            int[] sourceLabels = options.TrainOnPrompt ? turn.Prompt[..source] : Masked(source);
            // On later turns the prompt's first position learns the end of the answer before it; its id is not that end.
            if (!options.TrainOnPrompt && efficientEos is { } eos && i != 0 && source > 0) sourceLabels[0] = eos;
            int[] targetLabels = options.MaskHistory && i != 0 ? Masked(target) : turn.Answer[..target];
            int at = options.MaskHistory ? 0 : pieces.Count;
            pieces.Insert(at, (turn.Prompt.AsMemory(0, source), sourceLabels));
            pieces.Insert(at + 1, (turn.Answer.AsMemory(0, target), targetLabels));
        }
        if (efficientEos is { } end) pieces.Add((new[] { end }, [end]));
        int length = pieces.Sum(p => p.Ids.Length);
        int[] ids = new int[length], labels = new int[length];
        int position = 0;
        foreach (var (piece, label) in pieces)
        {
            piece.Span.CopyTo(ids.AsSpan(position));
            label.CopyTo(labels.AsSpan(position));
            position += piece.Length;
        }
        return new EncodedExample(ids, labels);
    }

    /// <summary>Prompt and answer for prediction: both are cut by one rule, so that a long answer shortens the prompt.</summary>
    public static EncodedTurn Unsupervised(EncodedTurn turn, int cutoffLen, int? efficientEos)
    {
        int[] answer = efficientEos is { } eos ? [.. turn.Answer, eos] : turn.Answer;
        var (source, target) = InferSequenceLengths(turn.Prompt.Length, answer.Length, cutoffLen);
        return new EncodedTurn(turn.Prompt[..source], answer[..target]);
    }

    /// <summary>How much of a prompt and of its answer is kept within <paramref name="cutoff"/>.</summary>
    public static (int Source, int Target) InferSequenceLengths(int source, int target, int cutoff)
    {
        if (source + target == 0) return (0, 0);
        int most = target * 2L < cutoff ? cutoff
            : source * 2L < cutoff ? cutoff - source
            : (int)(cutoff * ((double)target / ((double)source + target)));
        int keptTarget = Math.Min(most, target);
        return (Math.Min(Math.Max(cutoff - keptTarget, 0), source), keptTarget);
    }

    /// <summary>Packs lengths: always the largest that still fits, a new group when none does.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A length is greater than the capacity.</exception>
    public static IReadOnlyList<IReadOnlyList<int>> GreedyKnapsack(IReadOnlyList<int> lengths, int capacity)
    {
        var sorted = lengths.Order().ToList();
        if (sorted.Count > 0) ArgumentOutOfRangeException.ThrowIfGreaterThan(sorted[^1], capacity, nameof(lengths));
        var groups = new List<IReadOnlyList<int>>();
        while (sorted.Count > 0)
        {
            var group = new List<int>();
            int room = capacity;
            for (int at = LargestThatFits(sorted, room); at >= 0; at = LargestThatFits(sorted, room))
            {
                room -= sorted[at];
                group.Add(sorted[at]);
                sorted.RemoveAt(at);
            }
            groups.Add(group);
        }
        return groups;
    }

    /// <summary>
    /// Packs examples into rows of <paramref name="capacity"/> + 1 ids; LLaMA-Factory's capacity is the recipe's cutoff_len less one.
    /// Of equal lengths the latest example is taken first.
    /// </summary>
    /// <param name="neat">Mark each example with its own number in the attention mask, so that none sees another.</param>
    public static PackResult Pack(IReadOnlyList<EncodedExample> examples, int capacity, int padId, bool neat)
    {
        var fitting = examples.Where(e => e.InputIds.Length <= capacity).ToList();
        var byLength = new Dictionary<int, Stack<EncodedExample>>();
        foreach (var example in fitting)
        {
            if (!byLength.TryGetValue(example.InputIds.Length, out var stack)) byLength[example.InputIds.Length] = stack = [];
            stack.Push(example);
        }
        var rows = new List<PackedExample>();
        foreach (var group in GreedyKnapsack([.. fitting.Select(e => e.InputIds.Length)], capacity))
            rows.Add(PackRow([.. group.Select(length => byLength[length].Pop())], capacity + 1, padId, neat));
        return new PackResult(rows, examples.Count - fitting.Count);
    }

    /// <summary>Blocks of equal length from texts that follow each other; what is left over at the end is dropped.</summary>
    public static IReadOnlyList<int[]> Blocks(IEnumerable<int[]> texts, int blockSize, int? firstId)
    {
        int[] all = [.. texts.SelectMany(t => t)];
        var blocks = all.Chunk(blockSize).Where(b => b.Length == blockSize).ToList();
        if (firstId is { } bos)
            foreach (int[] block in blocks) block[0] = bos;
        return blocks;
    }

    private static PackedExample PackRow(IReadOnlyList<EncodedExample> examples, int length, int padId, bool neat)
    {
        int[] ids = new int[length], labels = Masked(length), positions = new int[length], mask = new int[length];
        Array.Fill(ids, padId);
        if (!neat) Array.Fill(mask, 1);
        int at = 0;
        for (int n = 0; n < examples.Count; n++)
        {
            var example = examples[n];
            example.InputIds.CopyTo(ids, at);
            example.Labels.CopyTo(labels, at);
            for (int i = 0; i < example.InputIds.Length; i++) positions[at + i] = i;
            if (neat) mask.AsSpan(at, example.InputIds.Length).Fill(n + 1);
            at += example.InputIds.Length;
        }
        return new PackedExample(ids, labels, positions, mask);
    }

    private static int LargestThatFits(List<int> sorted, int room)
    {
        int low = 0, high = sorted.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (sorted[middle] <= room) low = middle + 1;
            else high = middle;
        }
        return low - 1;
    }

    private static int[] Masked(int count)
    {
        int[] labels = new int[count];
        Array.Fill(labels, EncodedExample.Masked);
        return labels;
    }
}
