using Tunesmith.Torch.Interop;

namespace Tunesmith.Torch;

/// <summary>Operators that are layers: products with a weight, look-ups, norms.</summary>
public static class Layers
{
    private static readonly Operator s_layerNorm = new("aten::layer_norm");
    private static readonly Operator s_addmm = new("aten::addmm_");
    private static readonly Operator s_baddbmm = new("aten::baddbmm_");

    extension(Tensor x)
    {
        /// <summary>x Wᵀ + b. In bf16 on a CPU without bf16 instructions the product is computed in fp32 and rounded: libtorch's own is thirty times slower there.</summary>
        /// <param name="weight">[out, in].</param>
        /// <param name="bias">[out].</param>
        public Tensor Linear(Tensor weight, Tensor? bias = null) => Fused.LinearProduct.Run(x, weight, bias);

        /// <summary>Over the last dimension, biased variance, eps inside the root.</summary>
        public Tensor NormalizeLayer(Tensor? weight, Tensor? bias, double eps) => s_layerNorm.One(x, new[] { x.Size(-1) }, weight, bias, eps);

        /// <summary>x += a b.</summary>
        public void AddMatMulInPlace(Tensor a, Tensor b) => s_addmm.InPlace(x, a, b);

        /// <summary>x += a b, matrix by matrix: [N, R, C] += [N, R, M] [N, M, C].</summary>
        public void AddBmmInPlace(Tensor a, Tensor b) => s_baddbmm.InPlace(x, a, b);
    }
}
