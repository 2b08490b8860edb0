using Tunesmith.Torch.Interop;

namespace Tunesmith.Torch.Fused;

/// <summary>x / √(mean(x²) + eps) · w (1910.07467), computed in fp32; x in its own type and one number a row are kept for the backward pass.</summary>
public static class RmsNorm
{
    /// <param name="x">[..., C].</param>
    /// <param name="weight">[C].</param>
    /// <param name="eps">Added to the mean square.</param>
    /// <returns>[..., C], of x's type.</returns>
    public static Tensor Run(Tensor x, Tensor weight, double eps)
    {
        using var scope = Scope.Open();
        bool ours = x.Rank > 0 && x.Size(-1) == weight.Count && Kernels.Take(x, weight);
        if (ours) x = x.Contiguous();
        return scope.Keep(Autograd.Custom([x, weight], context => ours ? Native(context, x, weight, eps) : Composed(context, x, weight, eps),
            (context, gradient) => ours ? NativeBackward(context, gradient) : Backward(context, gradient)));
    }

    private static Tensor Native(CustomContext context, Tensor x, Tensor weight, double eps)
    {
        long rows = x.Size(-1) == 0 ? 0 : x.Count / x.Size(-1);
        Tensor y = Tensor.Empty(x.Sizes, x.DType), inverse = Tensor.Empty(rows);
        Kernels.Run(Kernel.RmsNorm, [x, Wide(weight), y, inverse], eps);
        context.Save(x, weight, inverse);
        return y;
    }

    private static Tensor?[] NativeBackward(CustomContext context, Tensor gradient)
    {
        Tensor x = context.Saved[0], weight = context.Saved[1];
        Tensor dx = Tensor.Empty(x.Sizes, x.DType);
        Tensor? dw = context.Needs(1) ? Tensor.Empty(weight.Sizes, DType.Float32) : null;
        Kernels.Run(Kernel.RmsNormBack, [gradient.Contiguous(), x, Wide(weight), context.Saved[2], dx, dw]);
        return [dx, dw?.To(weight.DType)];
    }

    private static Tensor Composed(CustomContext context, Tensor x, Tensor weight, double eps)
    {
        Tensor wide = Wide(x);
        Tensor mean = (wide * wide).Mean(-1, keep: true); // [..., 1]
        mean.AddInPlace(eps);
        Tensor inverse = mean.Rsqrt();
        context.Save(x, weight, inverse);
        Tensor y = wide * inverse;
        y.MulInPlace(weight);
        return y.To(x.DType);
    }

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
