namespace Tunesmith.Text.Conversations;

/// <summary>One turn as token ids: what the model reads and what it is to write. Only <c>Answer</c> is trained on.</summary>
/// <param name="Prompt">Ids that are masked.</param>
/// <param name="Answer">Ids that are trained on.</param>
public readonly record struct EncodedTurn(int[] Prompt, int[] Answer);

/// <summary>One training example: the ids, and for each the id to be learnt there or <see cref="Masked"/>.</summary>
/// <param name="InputIds">Token ids.</param>
/// <param name="Labels">As long as the ids; the id to be learnt, or <see cref="Masked"/> where nothing is.</param>
public sealed record EncodedExample(int[] InputIds, int[] Labels)
{
    /// <summary>The label of a position that is not trained on (PyTorch's <c>ignore_index</c>).</summary>
    public const int Masked = -100;

    /// <summary>How many positions are trained on.</summary>
    public int TrainedCount => Labels.Count(l => l != Masked);
}

/// <summary>Several examples in one row of fixed length.</summary>
/// <param name="InputIds">Ids of the examples one after the other, then padding.</param>
/// <param name="Labels">Their labels; padding is masked.</param>
/// <param name="PositionIds">Positions that begin anew with each example.</param>
/// <param name="AttentionMask">1 everywhere in a plain pack; 1, 2, 3 ... per example and 0 for padding in a neat one.</param>
public sealed record PackedExample(int[] InputIds, int[] Labels, int[] PositionIds, int[] AttentionMask);
