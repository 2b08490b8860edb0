using Tunesmith.Torch.Interop;

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
        if (weight is not null && bias is not null && x.DType == DType.Float32 && Ours(x, weight, bias)) return Native(x, null, null, 1, weight, bias, eps);
        if (weight is null || weight.DType == x.DType) return x.NormalizeLayer(weight, bias, eps);
        using var scope = Scope.Open();
        return scope.Keep(x.To(weight.DType).NormalizeLayer(weight, bias, eps).To(x.DType));
    }

    /// <summary>The norm of dropout(x) + residual, in one pass.</summary>
    /// <param name="x">[..., C].</param>
    /// <param name="residual">[..., C].</param>
    /// <param name="dropout">Share of x that is dropped; 0 outside training.</param>
    /// <param name="generator">Draws the dropped ones.</param>
    /// <returns>[..., C], of the sum's type.</returns>
    public static Tensor RunSum(Tensor x, Tensor residual, double dropout, Generator? generator, Tensor weight, Tensor bias, double eps)
    {
        using var scope = Scope.Open();
        bool ours = dropout < 1 && residual.DType == DType.Float32 && Ours(x, weight, bias) && Kernels.Take(residual) && x.Sizes.AsSpan().SequenceEqual(residual.Sizes);
        if (!ours) return scope.Keep(Run(Dropout.Run(x, dropout, dropout > 0, generator) + residual, weight, bias, eps));
        Tensor? mask = dropout > 0 ? Dropout.Mask(x.Sizes, dropout, generator) : null;
        return scope.Keep(Native(x, mask, residual, mask is null ? 1 : Dropout.Scale(dropout, x.DType), weight, bias, eps));
    }

    private static bool Ours(Tensor x, Tensor weight, Tensor bias) =>
        weight.DType == DType.Float32 && bias.DType == DType.Float32 && x.Rank > 0 && x.Size(-1) == weight.Count && Kernels.Take(x, weight, bias);

    private static Tensor Native(Tensor x, Tensor? mask, Tensor? residual, double scale, Tensor weight, Tensor bias, double eps)
    {
        using var scope = Scope.Open();
        x = x.Contiguous();
        residual = residual?.Contiguous();
        DType type = x.DType;
        return scope.Keep(Autograd.Custom([x, residual, weight, bias], context =>
        {
            long rows = x.Size(-1) == 0 ? 0 : x.Count / x.Size(-1);
            Tensor? sum = residual is null ? null : Tensor.Empty(x.Sizes, DType.Float32);
            Tensor y = Tensor.Empty(x.Sizes, DType.Float32), mean = Tensor.Empty(rows), inverse = Tensor.Empty(rows);
            Kernels.Run(Kernel.LayerNorm, [x, mask, residual, weight, bias, sum, y, mean, inverse], scale, eps);
            context.Save(sum ?? x, mean, inverse, weight, mask);
            return y;
        }, (context, gradient) =>
        {
            Tensor dsum = Tensor.Empty(gradient.Sizes, DType.Float32);
            bool same = context.SavedOrNull[4] is null && type == DType.Float32; // then both parts of the sum have its gradient
            Tensor? dx = context.Needs(0) && !same ? Tensor.Empty(gradient.Sizes, type) : null;
            Tensor? dweight = context.Needs(2) ? Tensor.Empty(context.Saved[3].Sizes, DType.Float32) : null;
            Tensor? dbias = context.Needs(3) ? Tensor.Empty(context.Saved[3].Sizes, DType.Float32) : null;
            Kernels.Run(Kernel.LayerNormBack,
                [gradient.Contiguous(), context.Saved[0], context.Saved[1], context.Saved[2], context.Saved[3], context.SavedOrNull[4], dx, dsum, dweight, dbias], scale);
            return [same ? dsum : dx, dsum, dweight, dbias];
        }));
    }
}
