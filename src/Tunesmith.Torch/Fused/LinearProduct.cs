using Tunesmith.Torch.Interop;

namespace Tunesmith.Torch.Fused;

/// <summary>x W^T + b. In bfloat16 it uses the CPU's own product where there is one, and else multiplies in float32.</summary>
public static class LinearProduct
{
    private static readonly Operator s_linear = new("aten::linear");

    /// <param name="x">[..., in]</param>
    /// <param name="weight">[out, in]</param>
    /// <param name="bias">[out] or null</param>
    /// <returns>[..., out], in x's type.</returns>
    public static Tensor Run(Tensor x, Tensor weight, Tensor? bias = null)
    {
        DType type = x.DType;
        bool mixed = weight.DType != type;
        if (!mixed && (type != DType.BFloat16 || Precision.FastBf16)) return s_linear.One(x, weight, bias);
        return Autograd.Custom([x, weight, bias], context =>
        {
            context.Save(x, weight);
            // Weights of another type are multiplied in x's type; bfloat16 without instructions in float32.
            DType inner = Precision.ForProducts(type);
            return s_linear.One(x.To(inner), weight.To(inner), bias?.To(inner)).To(type);
        }, Backward);
    }

    private static Tensor?[] Backward(CustomContext context, Tensor gradient)
    {
        Tensor x = context.Saved[0];
        Tensor weight = context.Saved[1];
        DType inner = Precision.ForProducts(x.DType);
        Tensor rows = gradient.To(inner).Reshape(-1, gradient.Size(-1)); // [N, out]
        Tensor? dx = context.Needs(0) ? rows.Mm(weight.To(inner)).Reshape(x.Sizes).To(x.DType) : null;
        Tensor? dw = context.Needs(1) ? rows.Transpose(0, 1).Mm(x.To(inner).Reshape(-1, x.Size(-1))).To(weight.DType) : null;
        Tensor? db = context.Needs(2) ? rows.Sum(0).To(weight.DType) : null;
        return [dx, dw, db];
    }
}
