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
        DType stored = weight.DType;
        if (stored == type && (type != DType.BFloat16 || Precision.FastBf16)) return s_linear.One(x, weight, bias);
        return Autograd.Custom([x, weight, bias], context =>
        {
            // Weights of another type are multiplied in x's type; bfloat16 without instructions in float32.
            DType inner = Precision.ForProducts(type);
            Tensor factor = weight.To(inner);
            // A rounded copy is kept for the way back rather than made twice; a wider one would cost more memory than the time is worth.
            context.Save(x, inner.Size <= stored.Size ? factor : weight);
            return s_linear.One(x.To(inner), factor, bias?.To(inner)).To(type);
        }, (context, gradient) => Backward(context, gradient, stored));
    }

    private static Tensor?[] Backward(CustomContext context, Tensor gradient, DType stored)
    {
        Tensor x = context.Saved[0];
        Tensor weight = context.Saved[1]; // in its own type or in that of the products
        DType inner = Precision.ForProducts(x.DType);
        Tensor rows = gradient.To(inner).Reshape(-1, gradient.Size(-1)); // [N, out]
        Tensor? dx = context.Needs(0) ? rows.Mm(weight.To(inner)).Reshape(x.Sizes).To(x.DType) : null;
        Tensor? dw = context.Needs(1) ? rows.Transpose(0, 1).Mm(x.To(inner).Reshape(-1, x.Size(-1))).To(stored) : null;
        Tensor? db = context.Needs(2) ? rows.Sum(0).To(stored) : null;
        return [dx, dw, db];
    }
}
