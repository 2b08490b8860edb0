using Tunesmith.Torch.Interop;

namespace Tunesmith.Torch;

/// <summary>Truth values.</summary>
public static class Comparisons
{
    private static readonly Operator s_eq = new("aten::eq", "Tensor");
    private static readonly Operator s_ne = new("aten::ne", "Tensor");
    private static readonly Operator s_lt = new("aten::lt", "Tensor");
    private static readonly Operator s_le = new("aten::le", "Tensor");
    private static readonly Operator s_gt = new("aten::gt", "Tensor");
    private static readonly Operator s_ge = new("aten::ge", "Tensor");
    private static readonly Operator s_eqNumber = new("aten::eq", "Scalar");
    private static readonly Operator s_neNumber = new("aten::ne", "Scalar");
    private static readonly Operator s_ltNumber = new("aten::lt", "Scalar");
    private static readonly Operator s_leNumber = new("aten::le", "Scalar");
    private static readonly Operator s_gtNumber = new("aten::gt", "Scalar");
    private static readonly Operator s_geNumber = new("aten::ge", "Scalar");
    private static readonly Operator s_or = new("aten::logical_or");
    private static readonly Operator s_not = new("aten::logical_not");
    private static readonly Operator s_all = new("aten::all");
    private static readonly Operator s_any = new("aten::any");
    private static readonly Operator s_anyDim = new("aten::any", "dim");
    private static readonly Operator s_allDim = new("aten::all", "dim");

    extension(Tensor x)
    {
        public Tensor Eq(Tensor other) => s_eq.One(x, other);
        public Tensor Ne(Tensor other) => s_ne.One(x, other);
        public Tensor Lt(Tensor other) => s_lt.One(x, other);
        public Tensor Le(Tensor other) => s_le.One(x, other);
        public Tensor Gt(Tensor other) => s_gt.One(x, other);
        public Tensor Ge(Tensor other) => s_ge.One(x, other);
        public Tensor Eq(double value) => s_eqNumber.One(x, value);
        public Tensor Ne(double value) => s_neNumber.One(x, value);
        public Tensor Lt(double value) => s_ltNumber.One(x, value);
        public Tensor Le(double value) => s_leNumber.One(x, value);
        public Tensor Gt(double value) => s_gtNumber.One(x, value);
        public Tensor Ge(double value) => s_geNumber.One(x, value);
        public Tensor LogicalOr(Tensor other) => s_or.One(x, other);
        public Tensor LogicalNot() => s_not.One(x);
        public bool All() => Truth(s_all, x);
        public bool Any() => Truth(s_any, x);
        public Tensor All(int dim, bool keep = false) => s_allDim.One(x, dim, keep);
        public Tensor Any(int dim, bool keep = false) => s_anyDim.One(x, dim, keep);

        /// <summary>Same shape, type and bits (so that NaN equals itself and -0 differs from 0).</summary>
        public bool EqualBits(Tensor other) =>
            x.DType == other.DType && x.Sizes.AsSpan().SequenceEqual(other.Sizes) && x.ToBytes().AsSpan().SequenceEqual(other.ToBytes());
    }

    private static bool Truth(Operator op, Tensor x)
    {
        using var scope = Scope.Open();
        return op.One(x).Item() != 0;
    }
}
