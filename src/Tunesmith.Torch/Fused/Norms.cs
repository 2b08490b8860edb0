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

/// <summary>x / √(mean(x²) + eps) · w (1910.07467), computed in fp32.</summary>
public static class RmsNorm
{
    /// <param name="x">[..., C].</param>
    /// <param name="weight">[C].</param>
    /// <param name="eps">Added to the mean square.</param>
    /// <returns>[..., C], of x's type.</returns>
    public static Tensor Run(Tensor x, Tensor weight, double eps)
    {
        using var scope = Scope.Open();
        if (x.DType != DType.Float32 && x.DType != DType.Float64) return scope.Keep(Run(x.To(DType.Float32), weight.To(DType.Float32), eps).To(x.DType));
        return scope.Keep(Autograd.Custom([x, weight], context =>
        {
            Tensor inverse = ((x * x).Mean([-1], keep: true) + eps).Rsqrt(); // [..., 1]
            context.Save(x);
            context.Save(weight);
            context.Save(inverse);
            return x * inverse * weight;
        }, (context, gradient) =>
        {
            Tensor input = context.Saved[0], scale = context.Saved[1], inverse = context.Saved[2];
            Tensor normal = input * inverse; // [..., C]
            Tensor weighted = gradient * scale;
            // d/dx: (g·w − n · mean(g·w · n)) / rms
            Tensor mean = (weighted * normal).Mean([-1], keep: true); // [..., 1]
            Tensor dx = (weighted - normal * mean) * inverse;
            Tensor? dw = scale.RequiresGrad ? (gradient * normal).Reshape(-1, scale.Size(0)).Sum([0]) : null;
            return [dx, dw];
        }));
    }
}
