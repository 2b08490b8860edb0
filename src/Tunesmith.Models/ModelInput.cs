using Tunesmith.Models.Generation;
using Tunesmith.Torch;

namespace Tunesmith.Models;

/// <summary>One batch for any family.</summary>
public sealed record ModelInput
{
    /// <summary>Token ids, int64 [B, T].</summary>
    public required Tensor InputIds { get; init; }

    /// <summary>1 where a key may be seen, [B, S] with S = cached + T; null where nothing is padding.</summary>
    public Tensor? AttentionMask { get; init; }

    /// <summary>Positions, int64 [B, T]; null counts from 0, or from the cache's length.</summary>
    public Tensor? PositionIds { get; init; }

    /// <summary>First or second text, int64 [B, T]; null is 0 everywhere.</summary>
    public Tensor? TokenTypeIds { get; init; }

    /// <summary>Packed documents: nonzero where a query may see a key, causality included, [B, 1, T, S].</summary>
    public Tensor? Allowed { get; init; }

    /// <summary>Keys and values of earlier tokens; they are added to it.</summary>
    public KvCache? Cache { get; init; }

    /// <summary>Receives what enters the first layer and what leaves each one, [B, T, C]; the last one after the final norm.</summary>
    public List<Tensor>? HiddenStates { get; init; }
}
