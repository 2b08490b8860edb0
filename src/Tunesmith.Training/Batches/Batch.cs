namespace Tunesmith.Training.Batches;

/// <summary>Rows of equal length, ready to become tensors. Arrays are row-major, [B, T] unless said.</summary>
public sealed record Batch
{
    /// <summary>Label of a position that is not trained on.</summary>
    public const int Ignored = -100;

    /// <summary>Number of rows (B).</summary>
    public required int Rows { get; init; }

    /// <summary>Length of every row with padding (T).</summary>
    public required int Length { get; init; }

    public required long[] InputIds { get; init; }

    /// <summary>1 where there is a token, 0 where there is padding.</summary>
    public required long[] AttentionMask { get; init; }

    /// <summary>Target of each position before the shift, or null where the examples have <see cref="Targets"/>.</summary>
    public long[]? Labels { get; init; }

    public long[]? TokenTypeIds { get; init; }

    public long[]? PositionIds { get; init; }

    /// <summary>Which packed example a position belongs to, from 1; 0 is padding. Null unless examples share a row and must not see each other.</summary>
    public int[]? SequenceIds { get; init; }

    /// <summary>Targets of whole rows: a class index, a multi-hot vector or values; [B, K].</summary>
    public float[]? Targets { get; init; }

    /// <summary>Labels that are trained on, counted before the shift, as the reference counts them; rows where the targets are of whole rows.</summary>
    public long LabelCount { get; init; }

    /// <summary>Tokens that are not padding.</summary>
    public long TokenCount
    {
        get
        {
            long count = 0;
            foreach (var mask in AttentionMask) count += mask;
            return count;
        }
    }
}
