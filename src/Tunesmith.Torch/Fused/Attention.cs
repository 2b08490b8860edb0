namespace Tunesmith.Torch.Fused;

/// <summary>softmax(q kᵀ · scale) v (1706.03762), the one place where attention is computed.</summary>
public static class Attention
{
    /// <summary>What hides a key: finite, so that a row which sees nothing (padding on the left) stays finite, as the reference's does.</summary>
    private const double HiddenScore = -3.4028234663852886e38;

    /// <param name="q">Queries, [B, H, T, D].</param>
    /// <param name="k">Keys, [B, K, S, D]; head j serves the query heads j·g .. j·g + g − 1, g = H / K.</param>
    /// <param name="v">Values, [B, K, S, D].</param>
    /// <param name="scale">Factor on the products, usually 1/√D.</param>
    /// <param name="mask">Which keys a query sees.</param>
    /// <param name="dropout">Share of the probabilities that is dropped; 0 outside training.</param>
    /// <param name="generator">Draws the dropped ones.</param>
    /// <returns>[B, H, T, D].</returns>
    public static Tensor Run(Tensor q, Tensor k, Tensor v, double scale, AttentionMask mask, double dropout, Generator? generator)
    {
        using var scope = Scope.Open();
        long batch = q.Size(0), heads = q.Size(1), queries = q.Size(2), d = q.Size(3);
        long groups = k.Size(1), keys = k.Size(2), shared = heads / groups;
        var half = q.DType is DType.BFloat16 or DType.Float16;

        // The queries of one key head stand together, so that keys and values are never repeated: [B·K, g·T, D] x [B·K, D, S].
        Tensor grouped = (q * scale).Reshape(batch * groups, shared * queries, d);
        Tensor scores = grouped.Bmm(k.Reshape(batch * groups, keys, d).Transpose(1, 2)); // [B·K, g·T, S]
        if (half) scores = scores.To(DType.Float32);
        scores = scores.Reshape(batch, heads, queries, keys); // [B, H, T, S]
        if (mask.Hidden(queries, keys) is { } hidden) scores = scores.MaskedFill(hidden, HiddenScore);
        Tensor weights = scores.Softmax(-1);
        if (half) weights = weights.To(q.DType);
        if (dropout > 0) weights = Dropout.Run(weights, dropout, training: true, generator);
        Tensor mixed = weights.Reshape(batch * groups, shared * queries, keys).Bmm(v.Reshape(batch * groups, keys, v.Size(3))); // [B·K, g·T, D]
        return scope.Keep(mixed.Reshape(batch, heads, queries, v.Size(3)));
    }
}
