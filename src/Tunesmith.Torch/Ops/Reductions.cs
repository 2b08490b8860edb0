using Tunesmith.Torch.Interop;

namespace Tunesmith.Torch;

/// <summary>Many elements to one, and orders.</summary>
public static class Reductions
{
    private static readonly Operator s_sum = new("aten::sum");
    private static readonly Operator s_sumDims = new("aten::sum", "dim_IntList");
    private static readonly Operator s_mean = new("aten::mean");
    private static readonly Operator s_meanDims = new("aten::mean", "dim");
    private static readonly Operator s_max = new("aten::max");
    private static readonly Operator s_min = new("aten::min");
    private static readonly Operator s_maxDim = new("aten::max", "dim");
    private static readonly Operator s_minDim = new("aten::min", "dim");
    private static readonly Operator s_argMax = new("aten::argmax");
    private static readonly Operator s_topK = new("aten::topk");
    private static readonly Operator s_sort = new("aten::sort", "stable");
    private static readonly Operator s_cumSum = new("aten::cumsum");
    private static readonly Operator s_softmax = new("aten::softmax", "int");
    private static readonly Operator s_logSoftmax = new("aten::log_softmax", "int");
    private static readonly Operator s_logSumExp = new("aten::logsumexp");
    private static readonly Operator s_norm = new("aten::linalg_vector_norm");

    extension(Tensor x)
    {
        public Tensor Sum() => s_sum.One(x);
        public Tensor Sum(ReadOnlySpan<long> dims, bool keep = false) => s_sumDims.One(x, dims, keep);
        public Tensor Sum(int dim, bool keep = false) => s_sumDims.One(x, new long[] { dim }, keep);
        public Tensor Mean() => s_mean.One(x);
        public Tensor Mean(ReadOnlySpan<long> dims, bool keep = false) => s_meanDims.One(x, dims, keep);
        public Tensor Mean(int dim, bool keep = false) => s_meanDims.One(x, new long[] { dim }, keep);

        public Tensor Max() => s_max.One(x);
        public Tensor Min() => s_min.One(x);
        public (Tensor Values, Tensor Indices) Max(int dim, bool keep = false) => s_maxDim.Two(x, dim, keep);
        public (Tensor Values, Tensor Indices) Min(int dim, bool keep = false) => s_minDim.Two(x, dim, keep);
        public Tensor ArgMax(int dim, bool keep = false) => s_argMax.One(x, dim, keep);

        /// <summary>The k largest along a dimension, largest first.</summary>
        public (Tensor Values, Tensor Indices) TopK(long k, int dim = -1) => s_topK.Two(x, k, dim);

        /// <summary>Stable: equal elements keep their order.</summary>
        public (Tensor Values, Tensor Indices) Sort(int dim = -1, bool descending = false) => s_sort.Two(x, true, dim, descending);
        public Tensor CumSum(int dim) => s_cumSum.One(x, dim);
        public Tensor Softmax(int dim) => s_softmax.One(x, dim);
        public Tensor LogSoftmax(int dim) => s_logSoftmax.One(x, dim);
        public Tensor LogSumExp(int dim, bool keep = false) => s_logSumExp.One(x, new long[] { dim }, keep);

        /// <summary>Root of the sum of all squares.</summary>
        public Tensor Norm() => s_norm.One(x);
        public Tensor Norm(ReadOnlySpan<long> dims, bool keep = false) => s_norm.One(x, 2.0, dims, keep);
    }
}
