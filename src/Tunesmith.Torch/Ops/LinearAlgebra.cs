using Tunesmith.Torch.Interop;

namespace Tunesmith.Torch;

/// <summary>Products of matrices, and taking them apart.</summary>
public static class LinearAlgebra
{
    private static readonly Operator s_matmul = new("aten::matmul");
    private static readonly Operator s_bmm = new("aten::bmm");
    private static readonly Operator s_mm = new("aten::mm");
    private static readonly Operator s_svd = new("aten::linalg_svd");
    private static readonly Operator s_cholesky = new("aten::linalg_cholesky_ex");
    private static readonly Operator s_qr = new("aten::linalg_qr");

    extension(Tensor x)
    {
        public Tensor MatMul(Tensor other) => s_matmul.One(x, other);
        public Tensor Bmm(Tensor other) => s_bmm.One(x, other);
        public Tensor Mm(Tensor other) => s_mm.One(x, other);

        /// <summary>Thin singular value decomposition: x = U diag(S) Vh.</summary>
        public (Tensor U, Tensor S, Tensor Vh) Svd() => s_svd.Three(x, false);
        /// <summary>Whether a symmetric matrix has a Cholesky factor.</summary>
        public bool IsPositiveDefinite()
        {
            using var scope = Scope.Open();
            return s_cholesky.Two(x, false, false).Item2.ItemLong() == 0;
        }

        public (Tensor Q, Tensor R) Qr() => s_qr.Two(x);
    }
}
