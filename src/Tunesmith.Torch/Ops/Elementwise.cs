using Tunesmith.Torch.Interop;

namespace Tunesmith.Torch;

/// <summary>One result per element.</summary>
public static class Elementwise
{
    private static readonly Operator s_pow = new("aten::pow", "Tensor_Scalar");
    private static readonly Operator s_sqrt = new("aten::sqrt");
    private static readonly Operator s_rsqrt = new("aten::rsqrt");
    private static readonly Operator s_exp = new("aten::exp");
    private static readonly Operator s_log = new("aten::log");
    private static readonly Operator s_tanh = new("aten::tanh");
    private static readonly Operator s_sigmoid = new("aten::sigmoid");
    private static readonly Operator s_logSigmoid = new("aten::log_sigmoid");
    private static readonly Operator s_cos = new("aten::cos");
    private static readonly Operator s_sin = new("aten::sin");
    private static readonly Operator s_abs = new("aten::abs");
    private static readonly Operator s_sign = new("aten::sign");
    private static readonly Operator s_clamp = new("aten::clamp");
    private static readonly Operator s_silu = new("aten::silu");
    private static readonly Operator s_gelu = new("aten::gelu");
    private static readonly Operator s_relu = new("aten::relu");
    private static readonly Operator s_erf = new("aten::erf");
    private static readonly Operator s_reciprocal = new("aten::reciprocal");
    private static readonly Operator s_floor = new("aten::floor");
    private static readonly Operator s_round = new("aten::round");
    private static readonly Operator s_maskedFill = new("aten::masked_fill", "Scalar");
    private static readonly Operator s_where = new("aten::where", "self");
    private static readonly Operator s_isfinite = new("aten::isfinite");
    private static readonly Operator s_tril = new("aten::tril");

    extension(Tensor x)
    {
        public Tensor Pow(double exponent) => s_pow.One(x, exponent);
        public Tensor Sqrt() => s_sqrt.One(x);
        public Tensor Rsqrt() => s_rsqrt.One(x);
        public Tensor Exp() => s_exp.One(x);
        public Tensor Log() => s_log.One(x);
        public Tensor Tanh() => s_tanh.One(x);
        public Tensor Sigmoid() => s_sigmoid.One(x);
        public Tensor LogSigmoid() => s_logSigmoid.One(x);
        public Tensor Cos() => s_cos.One(x);
        public Tensor Sin() => s_sin.One(x);
        public Tensor Abs() => s_abs.One(x);
        public Tensor Sign() => s_sign.One(x);
        public Tensor Clamp(double? min = null, double? max = null) => s_clamp.One(x, min, max);
        public Tensor Silu() => s_silu.One(x);

        /// <param name="approximate">"none" or "tanh".</param>
        public Tensor Gelu(string approximate = "none") => s_gelu.One(x, approximate == "tanh" ? Words.Tanh : Words.None);
        public Tensor Relu() => s_relu.One(x);
        public Tensor Erf() => s_erf.One(x);
        public Tensor Reciprocal() => s_reciprocal.One(x);
        public Tensor Floor() => s_floor.One(x);
        public Tensor Round() => s_round.One(x);
        public Tensor MaskedFill(Tensor mask, double value) => s_maskedFill.One(x, mask, value);
        public Tensor IsFinite() => s_isfinite.One(x);
        public Tensor Tril(long diagonal = 0) => s_tril.One(x, diagonal);
    }

    extension(Tensor)
    {
        public static Tensor Where(Tensor condition, Tensor a, Tensor b) => s_where.One(condition, a, b);
    }
}

/// <summary>Words that operators take as text.</summary>
internal static class Words
{
    public static readonly byte[] None = "none"u8.ToArray();
    public static readonly byte[] Tanh = "tanh"u8.ToArray();
}
