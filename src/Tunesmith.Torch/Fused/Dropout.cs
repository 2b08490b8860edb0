using Tunesmith.Torch.Interop;

namespace Tunesmith.Torch.Fused;

/// <summary>
/// Sets a share of the elements to zero and scales the rest up, as torch's <c>dropout</c> draws it on a CPU: one Bernoulli mask of the input's shape. Ours is
/// kept as a byte an element and drawn a whole state of the generator at a time; the draws are the same.
/// </summary>
public static class Dropout
{
    /// <param name="x">Any shape.</param>
    /// <param name="p">Share that is dropped, 0 to 1.</param>
    /// <param name="training">Outside training x passes unchanged.</param>
    /// <param name="generator">Draws the mask; null: torch's default generator.</param>
    public static Tensor Run(Tensor x, double p, bool training, Generator? generator)
    {
        if (!training || p <= 0) return x;
        if (p >= 1) return x * 0.0;
        using var scope = Scope.Open();
        if (!Kernels.Take(x)) return scope.Keep(x * Noise(x, p, generator));
        Tensor given = x.Contiguous();
        Tensor mask = Mask(x.Sizes, p, generator);
        double scale = Scale(p, x.DType);
        return scope.Keep(Autograd.Custom([given], context =>
        {
            context.Save(mask);
            return Apply(given, mask, scale);
        }, (context, gradient) => [Apply(gradient.Contiguous(), context.Saved[0], scale)]));
    }

    /// <summary>0 or 1 / (1 − p) for each element of x, drawn in its type.</summary>
    internal static Tensor Noise(Tensor x, double p, Generator? generator)
    {
        Tensor noise = Tensor.Empty(x.Sizes, x.DType);
        noise.BernoulliInPlace(1 - p, generator ?? Generator.Default);
        noise.MulInPlace(1 / (1 - p));
        return noise;
    }

    /// <summary>1 for what is kept, drawn as <see cref="Noise"/> draws it; UInt8.</summary>
    internal static Tensor Mask(ReadOnlySpan<long> shape, double p, Generator? generator)
    {
        Tensor mask = Tensor.Empty(shape, DType.UInt8);
        (generator ?? Generator.Default).Handle.Keep(1 - p, mask);
        return mask;
    }

    /// <summary>What kept elements are multiplied by, as <see cref="Noise"/> holds it.</summary>
    internal static double Scale(double p, DType type) => Kernels.Rounded(1 / (1 - p), type);

    /// <summary>x · mask · scale.</summary>
    internal static Tensor Apply(Tensor x, Tensor mask, double scale)
    {
        Tensor y = Tensor.Empty(x.Sizes, x.DType);
        Kernels.Run(Kernel.Drop, [x, mask, y], scale);
        return y;
    }
}
