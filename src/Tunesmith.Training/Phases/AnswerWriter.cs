using Tunesmith.Data;
using Tunesmith.Models;
using Tunesmith.Models.Generation;
using Tunesmith.Text.Templates;
using Tunesmith.Text.Tokenizers;
using Tunesmith.Torch;

namespace Tunesmith.Training.Phases;

/// <summary>One prompt with what the model wrote and what it should have written.</summary>
/// <param name="Prompt">With its special tokens.</param>
/// <param name="Written">As skip_special_tokens says.</param>
/// <param name="Wanted">The same.</param>
/// <param name="Compared">Both without special tokens, as metrics compare them.</param>
internal sealed record WrittenAnswer(string Prompt, string Written, string Wanted, (string Prediction, string Reference) Compared);

/// <summary>Lets the model answer evaluation prompts in stored order, as LLaMA-Factory's predict_with_generate does.</summary>
internal sealed class AnswerWriter(RunOptions options, CausalModel model, Tokenizer tokenizer, Template template)
{
    private readonly int _padId = tokenizer.PadId ?? tokenizer.EosId ?? 0;

    // LLaMA-Factory: the end token and the special tokens that have no role, of which a template's stop words take the place (train/sft/workflow.py).
    private int[] EndIds()
    {
        string[] stops = [.. template.StopWords.Skip(template.ReplaceEos ? 1 : 0)];
        var ids = (stops.Length > 0 ? stops : tokenizer.ExtraSpecialTokens).Select(tokenizer.TokenToId).Append(tokenizer.EosId).OfType<int>();
        return [.. ids.Distinct()];
    }

    /// <summary>Answers all prompts.</summary>
    /// <param name="onBatch">Told after every batch.</param>
    public IReadOnlyList<WrittenAnswer> Run(IReadOnlyList<TokenizedExample> prompts, Action onBatch, CancellationToken cancel)
    {
        // The reference's collator pads to a multiple of 8 wherever the run also trains.
        var multiple = options.Training.DoTrain ? 8 : 1;
        var generator = new TokenGenerator(model, options.Generation, EndIds(), _padId) { PadToMultipleOf = multiple };
        Generator.Default.Next64(); // a data loader that starts draws the base seed of its workers (rule 10)
        var made = new List<int[]>();
        int columns = 0, wantedWidth = 0;
        var before = new List<int>();
        foreach (var batch in prompts.Chunk(options.Training.PerDeviceEvalBatchSize))
        {
            cancel.ThrowIfCancellationRequested();
            var rows = generator.Run([.. batch.Select(example => (IReadOnlyList<int>)example.InputIds)], Generator.Default, cancellation: cancel);
            int[][] ids = [.. rows.Select(row => row.EndId is int end ? [.. row.Ids, end] : row.Ids.ToArray())];
            columns = Math.Max(columns, Up(batch.Max(example => example.InputIds.Length), multiple) + ids.Max(row => row.Length));
            var labels = Up(batch.Max(example => example.Labels.Length), multiple);
            wantedWidth = Math.Max(wantedWidth, labels);
            before.AddRange(batch.Select(example => labels - example.Labels.Length));
            made.AddRange(ids);
            onBatch();
        }
        return [.. prompts.Select((example, row) => Answer(example, made[row], columns, before[row], wantedWidth))];
    }

    private WrittenAnswer Answer(TokenizedExample example, int[] made, int columns, int before, int wantedWidth)
    {
        var compared = (Text(made, true), Text(example.Labels, true));
        var prompt = Text(example.InputIds, false);
        if (options.Generation.SkipSpecialTokens) return new WrittenAnswer(prompt, compared.Item1, compared.Item2, compared);
        // With special tokens the padding of the reference's tables is seen too: behind an answer, on both sides of a label.
        var start = Array.FindIndex(made, id => id != _padId);
        var written = made[Math.Max(start, 0)..];
        return new WrittenAnswer(prompt, Text([.. written, .. Padding(columns - written.Length)], false),
            Text([.. Padding(before), .. example.Labels, .. Padding(wantedWidth - before - example.Labels.Length)], false), compared);
    }

    private IEnumerable<int> Padding(int count) => Enumerable.Repeat(_padId, Math.Max(0, count));

    private string Text(int[] ids, bool skip) => tokenizer.CleansUpSpaces ? tokenizer.DecodeCleanly(ids, skip) : tokenizer.Decode(ids, skip);

    private static int Up(int length, int multiple) => (length + multiple - 1) / multiple * multiple;
}
