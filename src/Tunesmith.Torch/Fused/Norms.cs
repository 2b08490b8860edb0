namespace Tunesmith.Torch.Fused;

/// <summary>Layer normalisation (1607.06450).</summary>
public static class LayerNorm
{
    /// <param name="x">[..., C].</param>
    /// <param name="weight">[C].</param>
    /// <param name="bias">[C].</param>
    /// <param name="eps">Inside the root, beside the biased variance.</param>
    /// <returns>[..., C], of x's type.</returns>
    public static Tensor Run(Tensor x, Tensor? weight, Tensor? bias, double eps)
    {
        if (weight is null || weight.DType == x.DType) return x.NormalizeLayer(weight, bias, eps);
        using var scope = Scope.Open();
        return scope.Keep(x.To(weight.DType).NormalizeLayer(weight, bias, eps).To(x.DType));
    }
}

/// <summary>x / √(mean(x²) + eps) · w (1910.07467), computed in fp32; x in its own type and one number a row are kept for the backward pass.</summary>
public static class RmsNorm
{
    /// <param name="x">[..., C].</param>
    /// <param name="weight">[C].</param>
    /// <param name="eps">Added to the mean square.</param>
    /// <returns>[..., C], of x's type.</returns>
    public static Tensor Run(Tensor x, Tensor weight, double eps) =>
        Autograd.Custom([x, weight], context =>
        {
            Tensor wide = Wide(x);
            Tensor mean = (wide * wide).Mean(-1, keep: true); // [..., 1]
            mean.AddInPlace(eps);
            Tensor inverse = mean.Rsqrt();
            context.Save(x, weight, inverse);
            Tensor y = wide * inverse;
            y.MulInPlace(weight);
            return y.To(x.DType);
        }, Backward);

    // y = n w with n = x r, r = 1 / rms: dx = r (g w − n mean(g w n)), dw = Σ g n.
    private static Tensor?[] Backward(CustomContext context, Tensor gradient)
    {
        Tensor x = context.Saved[0], weight = context.Saved[1], inverse = context.Saved[2];
        Tensor g = Wide(gradient);
        Tensor normal = Wide(x) * inverse; // [..., C]
        Tensor product = g * normal;
        Tensor? dw = context.Needs(1) ? product.Reshape(-1, x.Size(-1)).Sum([0L]).To(weight.DType) : null;
        if (!context.Needs(0)) return [null, dw];
        product.MulInPlace(weight);
        normal.MulInPlace(product.Mean(-1, keep: true));
        Tensor dx = g * weight;
        dx.AddInPlace(normal, -1);
        dx.MulInPlace(inverse);
        return [dx.To(x.DType), dw];
    }

    private static Tensor Wide(Tensor x) => x.DType is DType.BFloat16 or DType.Float16 ? x.To(DType.Float32) : x;
}
