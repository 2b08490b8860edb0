namespace Tunesmith.Data;

/// <summary>One row as the model sees it.</summary>
public sealed record TokenizedExample
{
    /// <summary>The label of a token that is not trained on.</summary>
    public const int Masked = -100;

    public required int[] InputIds { get; init; }

    /// <summary>The token to be predicted at each place (shifted by the loss), or <see cref="Masked"/>; empty for classification.</summary>
    public required int[] Labels { get; init; }

    /// <summary>Which of two texts a token belongs to.</summary>
    public int[]? TokenTypeIds { get; init; }

    /// <summary>Places counted anew for each example of a pack.</summary>
    public int[]? PositionIds { get; init; }

    /// <summary>Which example of a neat pack a token belongs to: 1, 1, 2, 2, and 0 for padding.</summary>
    public int[]? SequenceIds { get; init; }

    /// <summary>What a classifier is to say: the index of the class, a 0 or 1 for each class, or the value.</summary>
    public float[]? Targets { get; init; }
}
