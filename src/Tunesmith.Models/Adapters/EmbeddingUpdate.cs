using Tunesmith.Models.Blocks;
using Tunesmith.Torch;
using Tunesmith.Torch.Nn;

namespace Tunesmith.Models.Adapters;

/// <summary>What an adapter changes in an embedding table: a low-rank sum, E + s (B A)ᵀ, or some rows replaced.</summary>
internal sealed class EmbeddingUpdate
{
    private readonly TokenEmbedding _embedding;

    public EmbeddingUpdate(TokenEmbedding embedding) => _embedding = embedding;

    /// <summary>[R, V].</summary>
    public Parameter? A { get; init; }

    /// <summary>[C, R].</summary>
    public Parameter? B { get; init; }

    public double Scale { get; init; }

    /// <summary>New values of the rows <see cref="RowIds"/>, [rows, C].</summary>
    public Parameter? Rows { get; init; }

    public IReadOnlyList<long> RowIds { get; init; } = [];

    /// <param name="ids">int64 [B, T].</param>
    /// <param name="x">The base's vectors, [B, T, C].</param>
    /// <returns>[B, T, C].</returns>
    public Tensor Apply(Tensor ids, Tensor x)
    {
        if (Rows is not null)
        {
            return _embedding.Lookup(MergedWeight(), ids);
        }

        Tensor low = _embedding.Lookup(A!.Value.Transpose(0, 1), ids); // [B, T, R]
        return x + (low.MatMul(B!.Value.Transpose(0, 1)) * Scale);
    }

    /// <returns>[V, C].</returns>
    public Tensor MergedWeight()
    {
        Tensor table = _embedding.Weight.Value;
        if (Rows is not null)
        {
            // Out of place, so that gradients reach the new rows and not the replaced ones.
            Tensor index = Tensor.From(RowIds.ToArray(), RowIds.Count).Unsqueeze(1).Expand(RowIds.Count, _embedding.Width);
            return table.Scatter(0, index, Rows.Value);
        }

        return table + (B!.Value.MatMul(A!.Value).Transpose(0, 1) * Scale);
    }
}
