namespace Tunesmith.Text.Tokenizers;

/// <summary>Which text of a pair is shortened.</summary>
public enum TruncationStrategy
{
    None, LongestFirst, OnlyFirst, OnlySecond,
}

/// <summary>How far a batch is padded.</summary>
public enum PaddingStrategy
{
    None, Longest, MaxLength,
}

/// <summary>What an encoding of one or more texts should look like.</summary>
public sealed record EncodeOptions
{
    public bool AddSpecialTokens { get; init; } = true;

    /// <summary>Special tokens in the text are read as plain text.</summary>
    public bool SplitSpecialTokens { get; init; }

    public TruncationStrategy Truncation { get; init; }

    /// <summary>Longest encoding with its special tokens.</summary>
    public int? MaxLength { get; init; }

    /// <summary>How many tokens a window has in common with the one before.</summary>
    public int Stride { get; init; }

    public PaddingStrategy Padding { get; init; }

    public int? PadToMultipleOf { get; init; }

    /// <summary>left or right; the tokenizer's own where null.</summary>
    public string? PaddingSide { get; init; }

    /// <summary>left or right; the tokenizer's own where null.</summary>
    public string? TruncationSide { get; init; }
}

/// <summary>One input: a text or a list of words, and perhaps a second one.</summary>
public sealed record EncodeInput(string? Text, string? Pair = null)
{
    public IReadOnlyList<string>? Words { get; init; }

    public IReadOnlyList<string>? PairWords { get; init; }

    internal bool HasPair => Pair is not null || PairWords is not null;
}
