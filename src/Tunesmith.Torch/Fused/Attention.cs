using Tunesmith.Torch.Interop;

namespace Tunesmith.Torch.Fused;

/// <summary>
/// softmax(q kᵀ · scale) v (1706.03762), the one place where attention is computed. Queries are taken in blocks of positions: where the mask is causal
/// a block looks only at the keys up to its end, which saves almost half of the products and of the memory that the backward pass needs.
/// </summary>
public static class Attention
{
    private const long Block = 128;

    /// <summary>What hides a key: finite, so that a row which sees nothing (padding on the left) stays finite, as the reference's does.</summary>
    private const double HiddenScore = -3.4028234663852886e38;

    private static readonly Operator s_softmaxBackward = new("aten::_softmax_backward_data");

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
        if (q.Rank != 4 || k.Rank != 4 || q.Size(1) % k.Size(1) != 0)
            throw Errors.WrongShape("attention: q", q, $"[B, H, T, D] where H is a multiple of the heads of k, {k}", "Check the head counts.");
        var sizes = new Sizes(q, k, v, mask, dropout, scale);
        return Autograd.Custom([q, k, v], context =>
        {
            context.Save(q, k, v);
            return Forward(context, sizes, q, k, v, mask, dropout, generator);
        }, (context, gradient) => Backward(context, sizes, gradient));
    }

    private static Tensor Forward(CustomContext context, Sizes sizes, Tensor q, Tensor k, Tensor v, AttentionMask mask, double dropout, Generator? generator)
    {
        DType inner = Precision.ForProducts(q.DType);
        Tensor keys = sizes.PerGroup(k).To(inner); // [B·K, S, D]
        Tensor values = sizes.PerGroup(v).To(inner);
        Tensor? hidden = mask.Hidden(sizes.Queries, sizes.Keys);
        bool ours = Ours(sizes, q, k, v, hidden);
        Tensor all = Sizes.Laid(sizes.Batch, sizes.Heads, sizes.Queries, v.Size(3), q.DType); // [B, H, T, D]
        foreach ((long from, long length, long seen) in sizes.Blocks())
        {
            using var scope = Scope.Open();
            Tensor scores = sizes.Queried(q, from, length, inner).Bmm(keys.Narrow(1, 0, seen).Transpose(1, 2)); // [B·K, g·t, s]
            Tensor? shut = hidden is null ? null : Part(hidden, from, length, seen);
            Tensor used = ours ? Weighted(context, sizes, scores, shut, length, q.DType, dropout, generator) : Composed(context, sizes, scores, shut, length, q.DType, dropout, generator);
            Tensor mixed = used.To(inner).Bmm(values.Narrow(1, 0, seen)); // [B·K, g·t, D]
            all.Narrow(2, from, length).CopyInPlace(mixed.View(sizes.Batch, sizes.Heads, length, v.Size(3)));
        }
        return all;
    }

    private static bool Ours(Sizes sizes, Tensor q, Tensor k, Tensor v, Tensor? hidden) =>
        q.DType == k.DType && q.DType == v.DType && sizes.Scale > 0 && Kernels.Take(q, k, v)
        && (hidden is null || (hidden.Rank == 4 && hidden.Size(1) == 1 && hidden.Size(3) == sizes.Keys && (hidden.Size(2) == 1 || hidden.Size(2) == sizes.Queries)));

    /// <summary>Softmax of the scores, in one pass; saves it and the mask of what is dropped. The scores become what is multiplied with the values.</summary>
    private static Tensor Weighted(CustomContext context, Sizes sizes, Tensor scores, Tensor? hidden, long length, DType type, double dropout, Generator? generator)
    {
        Tensor? mask = dropout > 0 ? Dropout.Mask(scores.Sizes, dropout, generator) : null;
        Tensor weights = mask is null && scores.DType == type ? scores : Tensor.Empty(scores.Sizes, type);
        Kernels.Run(Kernel.Softmax, [scores, weights, mask, hidden], mask is null ? 1 : Dropout.Scale(dropout, type), sizes.Scale, sizes.Heads, length);
        context.Save(weights, mask);
        return scores;
    }

    private static Tensor Composed(CustomContext context, Sizes sizes, Tensor scores, Tensor? hidden, long length, DType type, double dropout, Generator? generator)
    {
        long seen = scores.Size(2);
        if (scores.DType == DType.BFloat16) scores = scores.To(DType.Float32);
        scores.MulInPlace(sizes.Scale);
        if (hidden is not null) scores.View(sizes.Batch, sizes.Heads, length, seen).MaskedFillInPlace(hidden, HiddenScore);
        Tensor weights = scores.Softmax(-1).To(type);
        Tensor? noise = dropout > 0 ? Dropout.Noise(weights.View(sizes.Batch, sizes.Heads, length, seen), dropout, generator).View(weights.Sizes) : null;
        context.Save(weights, noise);
        return noise is null ? weights : weights * noise;
    }

    // With p = softmax(s): dv = pᵀ g, dp = g vᵀ, ds = p (dp − Σ p dp) scale, dq = ds k, dk = dsᵀ q.
    private static Tensor?[] Backward(CustomContext context, Sizes sizes, Tensor gradient)
    {
        Tensor q = context.Saved[0], k = context.Saved[1], v = context.Saved[2];
        DType inner = Precision.ForProducts(q.DType);
        Tensor keys = sizes.PerGroup(k).To(inner);
        Tensor values = sizes.PerGroup(v).To(inner);
        Tensor? dk = null, dv = null;
        Tensor dq = Sizes.Laid(sizes.Batch, sizes.Heads, sizes.Queries, q.Size(3), q.DType);
        int at = 3;
        foreach ((long from, long length, long seen) in sizes.Blocks())
        {
            using var scope = Scope.Open();
            Tensor weights = context.Saved[at];
            Tensor? noise = context.SavedOrNull[at + 1];
            at += 2;
            Tensor g = sizes.Queried(gradient, from, length, inner); // [B·K, g·t, D]
            double keep = sizes.Dropout > 0 ? Dropout.Scale(sizes.Dropout, q.DType) : 1;
            bool ours = noise is null ? Kernels.Take(weights) : noise.DType == DType.UInt8; // as the forward pass decided
            Tensor used = noise is null ? weights : ours ? Dropout.Apply(weights, noise, keep) : weights * noise;
            dv = Added(scope, dv, sizes.Keys, used.To(inner).Transpose(1, 2), g);
            Tensor ds = g.Bmm(values.Narrow(1, 0, seen).Transpose(1, 2)); // dp, [B·K, g·t, s]
            if (ours) Kernels.Run(Kernel.SoftmaxBack, [ds, weights, noise], keep, sizes.Scale);
            else
            {
                if (noise is not null) ds.MulInPlace(noise);
                ds = s_softmaxBackward.One(ds, weights.To(inner), -1, inner);
                ds.MulInPlace(sizes.Scale);
            }
            Tensor part = ds.Bmm(keys.Narrow(1, 0, seen)); // [B·K, g·t, D]
            dq.Narrow(2, from, length).CopyInPlace(part.View(sizes.Batch, sizes.Heads, length, q.Size(3)));
            dk = Added(scope, dk, sizes.Keys, ds.Transpose(1, 2), sizes.Queried(q, from, length, inner));
        }
        return [dq, Laid(dk!, k), Laid(dv!, v)];
    }

    private static Tensor Laid(Tensor x, Tensor like)
    {
        Tensor laid = Sizes.Laid(like.Size(0), like.Size(1), like.Size(2), like.Size(3), like.DType);
        laid.CopyInPlace(x.View(like.Sizes));
        return laid;
    }

    /// <summary>sum + a b, where a b has rows for the first keys only: [B·K, s, D]. A single product is its own sum.</summary>
    private static Tensor Added(Scope scope, Tensor? sum, long keys, Tensor a, Tensor b)
    {
        long seen = a.Size(1);
        if (sum is null && seen == keys) return scope.Keep(a.Bmm(b));
        DType type = a.DType == DType.BFloat16 ? DType.Float32 : a.DType;
        sum ??= scope.Keep(Tensor.Zeros([a.Size(0), keys, b.Size(2)], type));
        Tensor part = sum.Narrow(1, 0, seen);
        if (type == a.DType) part.AddBmmInPlace(a, b);
        else part.AddInPlace(a.Bmm(b));
        return sum;
    }

    private static Tensor Part(Tensor hidden, long from, long length, long seen)
    {
        if (hidden.Size(2) > 1) hidden = hidden.Narrow(2, from, length);
        return hidden.Size(3) == seen ? hidden : hidden.Narrow(3, 0, seen);
    }

    /// <summary>The sizes of one call and the order in which its blocks come.</summary>
    private sealed class Sizes(Tensor q, Tensor k, Tensor v, AttentionMask mask, double dropout, double scale)
    {
        public long Batch { get; } = q.Size(0);
        public long Heads { get; } = q.Size(1);
        public long Queries { get; } = q.Size(2);
        public long Keys { get; } = v.Size(2);
        public double Scale { get; } = scale;
        public double Dropout { get; } = dropout;

        private readonly long _groups = k.Size(1);

        // With dropout the mask is drawn for all positions at once, in the reference's order.
        private readonly bool _whole = !mask.Causal || dropout > 0 || q.Size(2) <= Block;

        public IEnumerable<(long From, long Length, long Seen)> Blocks()
        {
            if (_whole)
            {
                yield return (0, Queries, Keys);
                yield break;
            }
            for (long from = 0; from < Queries; from += Block)
            {
                long length = Math.Min(Block, Queries - from);
                yield return (from, length, Keys - Queries + from + length);
            }
        }

        /// <summary>[B, K, S, D] as [B·K, S, D].</summary>
        public Tensor PerGroup(Tensor x) => x.Reshape(Batch * _groups, x.Size(2), x.Size(3));

        /// <summary>Some positions of [B, H, T, D] as [B·K, g·t, D]: the queries of one key head stand together, so that keys and values are never repeated.</summary>
        public Tensor Queried(Tensor x, long from, long length, DType type)
        {
            Tensor part = length == x.Size(2) ? x : x.Narrow(2, from, length);
            if (part.DType != type) part = part.To(type);
            return part.Reshape(Batch * _groups, Heads / _groups * length, x.Size(3));
        }

        /// <summary>[B, H, T, D] that lies as [B, T, H, D]: from there it goes into a projection, or back into one, without another copy.</summary>
        public static Tensor Laid(long batch, long heads, long positions, long width, DType type) =>
            Tensor.EmptyStrided([batch, heads, positions, width], [positions * heads * width, width, heads * width, 1], type);
    }
}
