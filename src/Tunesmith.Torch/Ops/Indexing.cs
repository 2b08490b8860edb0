using Tunesmith.Torch.Interop;

namespace Tunesmith.Torch;

/// <summary>Picking and placing elements by index.</summary>
public static class Indexing
{
    private static readonly Operator s_gather = new("aten::gather");
    private static readonly Operator s_indexSelect = new("aten::index_select");
    private static readonly Operator s_index = new("aten::index", "Tensor");
    private static readonly Operator s_scatter = new("aten::scatter", "src");
    private static readonly Operator s_scatterValue = new("aten::scatter", "value");
    private static readonly Operator s_nonzero = new("aten::nonzero");
    private static readonly Operator s_multinomial = new("aten::multinomial");
    private static readonly Operator s_embedding = new("aten::embedding");

    extension(Tensor x)
    {
        public Tensor Gather(int dim, Tensor index) => s_gather.One(x, dim, index);
        public Tensor IndexSelect(int dim, Tensor index) => s_indexSelect.One(x, dim, index);

        /// <summary>Elements by one index tensor per leading dimension.</summary>
        public Tensor Index(params Tensor?[] indices) => s_index.One(x, indices);
        public Tensor Scatter(int dim, Tensor index, Tensor source) => s_scatter.One(x, dim, index, source);
        public Tensor Scatter(int dim, Tensor index, double value) => s_scatterValue.One(x, dim, index, value);
        public Tensor NonZero() => s_nonzero.One(x);

        /// <summary>Draws indices with the probabilities given (rows need not sum to one).</summary>
        public Tensor Multinomial(long draws, Generator generator, bool replacement = false) => s_multinomial.One(x, draws, replacement, generator);

        /// <summary>Rows of the table x [V, C] at indices of any shape.</summary>
        /// <param name="padding">A row that gets no gradient, or -1.</param>
        public Tensor Embed(Tensor indices, long padding = -1) => s_embedding.One(x, indices, padding);
    }
}
