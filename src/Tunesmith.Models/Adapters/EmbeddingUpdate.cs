using Tunesmith.Models.Blocks;
using Tunesmith.Torch;
using Tunesmith.Torch.Nn;

namespace Tunesmith.Models.Adapters;

/// <summary>
/// What an adapter changes in an embedding table: a low-rank sum, E + s (B A)ᵀ, with a magnitude per dimension DoRA's form of it,
/// or some rows replaced.
/// </summary>
internal sealed class EmbeddingUpdate : Module, ILayerUpdate
{
    public const string ChildName = "lora_embedding";

    private readonly TokenEmbedding _embedding;

    /// <summary>A low-rank sum: A [R, V], B [C, R]; with DoRA a magnitude [C].</summary>
    public EmbeddingUpdate(TokenEmbedding embedding, Tensor a, Tensor b, double scale, Tensor? magnitude = null)
    {
        _embedding = embedding;
        A = AddParameter("A", a);
        B = AddParameter("B", b);
        Scale = scale;
        Magnitude = magnitude is null ? null : AddParameter("magnitude", magnitude);
    }

    /// <summary>New values [rows, C] of the rows with these ids.</summary>
    public EmbeddingUpdate(TokenEmbedding embedding, Tensor rows, IReadOnlyList<long> rowIds)
    {
        _embedding = embedding;
        Rows = AddParameter("rows", rows);
        RowIds = rowIds;
    }

    public Parameter? A { get; }

    public Parameter? B { get; }

    public double Scale { get; }

    public Parameter? Magnitude { get; }

    public Parameter? Rows { get; }

    public IReadOnlyList<long> RowIds { get; } = [];

    public bool Enabled { get; set; } = true;

    public IEnumerable<(string Name, Module Module)> Parts => [(ChildName, this)];

    public Tensor Apply(Tensor ids, Tensor x)
    {
        if (Rows is not null)
        {
            return _embedding.Lookup(MergedWeight(), ids).To(x.DType);
        }

        Tensor low = _embedding.Lookup(A!.Value.Transpose(0, 1), ids); // [B, T, R]
        Tensor sum = x + (low.MatMul(B!.Value.Transpose(0, 1)) * Scale);
        return (Magnitude is null ? sum : sum * Stretch()).To(x.DType);
    }

    public Tensor MergedWeight()
    {
        Tensor table = _embedding.Weight.Value;
        if (Rows is not null)
        {
            // Out of place, so that gradients reach the new rows and not the replaced ones.
            Tensor index = Tensor.From(RowIds.ToArray(), RowIds.Count, 1).Expand(RowIds.Count, _embedding.Width);
            return table.Scatter(0, index, Rows.Value.To(table.DType));
        }

        return Magnitude is null ? Sum() : Sum() * Stretch();
    }

    public Tensor SharedWeight() => Rows is not null ? MergedWeight() : _embedding.Weight.Value;

    /// <returns>Lengths of the columns of a table [V, C]: [C].</returns>
    public static Tensor ColumnNorms(Tensor table) => (table * table).Sum([0], keep: false).Sqrt();

    private Tensor Sum() => _embedding.Weight.Value + (B!.Value.MatMul(A!.Value).Transpose(0, 1) * Scale);

    /// <summary>Magnitude over length, the length without gradient (peft's DoraEmbeddingLayer).</summary>
    private Tensor Stretch() => Magnitude!.Value / ColumnNorms(Sum()).Detach();
}
