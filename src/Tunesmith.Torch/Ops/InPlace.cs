using Tunesmith.Torch.Interop;

namespace Tunesmith.Torch;

/// <summary>What changes a tensor where it lies; nothing is returned.</summary>
public static class InPlace
{
    private static readonly Operator s_add = new("aten::add_", "Tensor");
    private static readonly Operator s_addNumber = new("aten::add_", "Scalar");
    private static readonly Operator s_mul = new("aten::mul_", "Tensor");
    private static readonly Operator s_mulNumber = new("aten::mul_", "Scalar");
    private static readonly Operator s_zero = new("aten::zero_");
    private static readonly Operator s_copy = new("aten::copy_");
    private static readonly Operator s_fill = new("aten::fill_", "Scalar");
    private static readonly Operator s_addcdiv = new("aten::addcdiv_");
    private static readonly Operator s_addcmul = new("aten::addcmul_");
    private static readonly Operator s_lerp = new("aten::lerp_", "Scalar");
    private static readonly Operator s_uniform = new("aten::uniform_");
    private static readonly Operator s_normal = new("aten::normal_");
    private static readonly Operator s_bernoulli = new("aten::bernoulli_", "float");
    private static readonly Operator s_maskedFill = new("aten::masked_fill_", "Scalar");
    private static readonly Operator s_exp = new("aten::exp_");
    private static readonly Operator s_indexCopy = new("aten::index_copy_");
    private static readonly Operator s_scatterAdd = new("aten::scatter_add_");

    extension(Tensor x)
    {
        public void AddInPlace(Tensor other, double alpha = 1) => s_add.InPlace(x, other, alpha);
        public void AddInPlace(double value) => s_addNumber.InPlace(x, value);
        public void MulInPlace(Tensor other) => s_mul.InPlace(x, other);
        public void MulInPlace(double value) => s_mulNumber.InPlace(x, value);
        public void ZeroInPlace() => s_zero.InPlace(x);
        public void CopyInPlace(Tensor source) => s_copy.InPlace(x, source);
        public void FillInPlace(double value) => s_fill.InPlace(x, value);

        /// <summary>x += value * a / b.</summary>
        public void AddcdivInPlace(Tensor a, Tensor b, double value = 1) => s_addcdiv.InPlace(x, a, b, value);

        /// <summary>x += value * a * b.</summary>
        public void AddcmulInPlace(Tensor a, Tensor b, double value = 1) => s_addcmul.InPlace(x, a, b, value);

        /// <summary>x += weight * (end - x).</summary>
        public void LerpInPlace(Tensor end, double weight) => s_lerp.InPlace(x, end, weight);
        public void UniformInPlace(double low, double high, Generator generator) => s_uniform.InPlace(x, low, high, generator);
        public void NormalInPlace(double mean, double std, Generator generator) => s_normal.InPlace(x, mean, std, generator);
        public void BernoulliInPlace(double probability, Generator generator) => s_bernoulli.InPlace(x, probability, generator);
        public void MaskedFillInPlace(Tensor mask, double value) => s_maskedFill.InPlace(x, mask, value);
        public void ExpInPlace() => s_exp.InPlace(x);
        public void IndexCopyInPlace(int dim, Tensor index, Tensor source) => s_indexCopy.InPlace(x, dim, index, source);
        public void ScatterAddInPlace(int dim, Tensor index, Tensor source) => s_scatterAdd.InPlace(x, dim, index, source);
    }
}
