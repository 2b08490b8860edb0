using Tunesmith.Torch.Interop;

namespace Tunesmith.Torch;

/// <summary>The signs of arithmetic.</summary>
public sealed partial class Tensor
{
    private static readonly Operator s_add = new("aten::add", "Tensor");
    private static readonly Operator s_addNumber = new("aten::add", "Scalar");
    private static readonly Operator s_sub = new("aten::sub", "Tensor");
    private static readonly Operator s_subNumber = new("aten::sub", "Scalar");
    private static readonly Operator s_rsub = new("aten::rsub", "Scalar");
    private static readonly Operator s_mul = new("aten::mul", "Tensor");
    private static readonly Operator s_mulNumber = new("aten::mul", "Scalar");
    private static readonly Operator s_div = new("aten::div", "Tensor");
    private static readonly Operator s_divNumber = new("aten::div", "Scalar");
    private static readonly Operator s_neg = new("aten::neg");

    public static Tensor operator +(Tensor a, Tensor b) => s_add.One(a, b);
    public static Tensor operator +(Tensor a, double b) => s_addNumber.One(a, b);
    public static Tensor operator +(double a, Tensor b) => s_addNumber.One(b, a);
    public static Tensor operator -(Tensor a, Tensor b) => s_sub.One(a, b);
    public static Tensor operator -(Tensor a, double b) => s_subNumber.One(a, b);
    public static Tensor operator -(double a, Tensor b) => s_rsub.One(b, a);
    public static Tensor operator *(Tensor a, Tensor b) => s_mul.One(a, b);
    public static Tensor operator *(Tensor a, double b) => s_mulNumber.One(a, b);
    public static Tensor operator *(double a, Tensor b) => s_mulNumber.One(b, a);
    public static Tensor operator /(Tensor a, Tensor b) => s_div.One(a, b);
    public static Tensor operator /(Tensor a, double b) => s_divNumber.One(a, b);
    public static Tensor operator /(double a, Tensor b)
    {
        using var scope = Scope.Open();
        return scope.Keep(s_mulNumber.One(b.Reciprocal(), a));
    }

    public static Tensor operator -(Tensor a) => s_neg.One(a);

    /// <summary>a + alpha * b.</summary>
    public Tensor Add(Tensor b, double alpha) => s_add.One(this, b, alpha);
}
