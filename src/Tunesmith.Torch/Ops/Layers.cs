using Tunesmith.Torch.Interop;

namespace Tunesmith.Torch;

/// <summary>Operators that are layers: products with a weight, look-ups, norms.</summary>
public static class Layers
{
    private static readonly Operator s_linear = new("aten::linear");
    private static readonly Operator s_layerNorm = new("aten::layer_norm");
    private static readonly Operator s_addmm = new("aten::addmm_");

    extension(Tensor x)
    {
        /// <summary>x Wᵀ + b. In bf16 on a CPU without bf16 instructions the product is computed in fp32 and rounded: libtorch's own is thirty times slower there.</summary>
        /// <param name="weight">[out, in].</param>
        /// <param name="bias">[out].</param>
        public Tensor Linear(Tensor weight, Tensor? bias = null)
        {
            if (x.DType != DType.BFloat16 || Precision.FastBf16) return s_linear.One(x, weight, bias);
            using var scope = Scope.Open();
            return scope.Keep(s_linear.One(x.To(DType.Float32), weight.To(DType.Float32), bias?.To(DType.Float32)).To(DType.BFloat16));
        }

        /// <summary>Over the last dimension, biased variance, eps inside the root.</summary>
        public Tensor NormalizeLayer(Tensor? weight, Tensor? bias, double eps) => s_layerNorm.One(x, new[] { x.Size(-1) }, weight, bias, eps);

        /// <summary>Rows of this table [V, C] by id; the row of <paramref name="paddingId"/> gets no gradient.</summary>
        public Tensor EmbeddingLookup(Tensor ids, long paddingId = -1) => x.Embed(ids, paddingId);

        /// <summary>x += a b.</summary>
        public void AddMatMulInPlace(Tensor a, Tensor b) => s_addmm.InPlace(x, a, b);
    }
}
