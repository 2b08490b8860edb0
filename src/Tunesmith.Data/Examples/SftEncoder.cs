using Tunesmith.Runs;
using Tunesmith.Text.Conversations;
using Tunesmith.Text.Templates;
using Tunesmith.Text.Tokenizers;

namespace Tunesmith.Data.Examples;

/// <summary>A conversation as tokens: prompts masked, answers trained on.</summary>
internal sealed class SftEncoder(DataOptions options, Tokenizer tokenizer, Template template)
{
    private readonly int? _end = template.EfficientEos(tokenizer);
    private readonly SupervisedOptions _supervised = new() { CutoffLen = options.EffectiveCutoff, MaskHistory = options.MaskHistory, TrainOnPrompt = options.TrainOnPrompt };

    public Prepared Encode(AlignedExample example)
    {
        if (example.Prompt.Count % 2 != 1 || example.Response.Count != 1) return new Prepared(null, example.Place, Omission.Turns, example.Faults);
        var turns = AtPlace(example, () => template.EncodeMultiTurn(tokenizer, [.. example.Prompt, .. example.Response], example.System, example.Tools, discardThoughts: options.MaskHistory && !template.PreserveThinking));
        var (ids, labels) = Processing.Supervised(turns, _supervised, _end);
        bool truncated = ids.Length < turns.Sum(t => t.Prompt.Length + t.Answer.Length) + (_end is null ? 0 : 1);
        bool empty = example.Prompt[^1].Content.Length == 0 || example.Response[0].Content.Length == 0;
        bool nothing = Array.TrueForAll(labels, l => l == TokenizedExample.Masked);
        return new Prepared(new TokenizedExample { InputIds = ids, Labels = labels }, example.Place, Omission.None, example.Faults, truncated, empty, nothing);
    }

    /// <summary>For generating: the prompt as input, the answer to compare with as labels.</summary>
    public Prepared EncodePrompt(AlignedExample example)
    {
        if (example.Prompt.Count % 2 != 1) return new Prepared(null, example.Place, Omission.Turns, example.Faults);
        var answer = example.Response.Count == 1 ? example.Response[0] : new Message(Roles.Assistant, "");
        var whole = AtPlace(example, () => template.EncodeOneTurn(tokenizer, [.. example.Prompt, answer], example.System, example.Tools));
        var (input, labels) = Processing.Unsupervised(whole, options.CutoffLen, _end);
        bool truncated = input.Length < whole.Prompt.Length || labels.Length < whole.Answer.Length;
        return new Prepared(new TokenizedExample { InputIds = input, Labels = labels }, example.Place, Omission.None, example.Faults, truncated);
    }

    /// <summary>The examples of one batch, several to a row.</summary>
    public IEnumerable<TokenizedExample> Pack(IReadOnlyList<TokenizedExample> batch, int padId) =>
        Processing.Pack([.. batch.Select(e => new EncodedExample(e.InputIds, e.Labels))], options.EffectiveCutoff, padId, options.NeatPacking).Rows.Select(row => new TokenizedExample
        {
            InputIds = row.InputIds,
            Labels = row.Labels,
            PositionIds = row.PositionIds,
            SequenceIds = options.NeatPacking ? row.AttentionMask : null,
        });

    // A template knows what is wrong with a message, but not where the message stands.
    private static T AtPlace<T>(AlignedExample example, Func<T> encode)
    {
        try
        {
            return encode();
        }
        catch (UsageException problem)
        {
            throw Errors.AtPlace(example.Place, problem);
        }
    }
}
