namespace Tunesmith.Torch.Fused;

/// <summary>Sets a share of the elements to zero and scales the rest up, as torch's <c>dropout</c> draws it on a CPU: one Bernoulli mask of the input's shape.</summary>
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
        return scope.Keep(x * Noise(x, p, generator));
    }

    /// <summary>0 or 1 / (1 − p) for each element of x, drawn in its type.</summary>
    internal static Tensor Noise(Tensor x, double p, Generator? generator)
    {
        Tensor noise = Tensor.Empty(x.Sizes, x.DType);
        noise.BernoulliInPlace(1 - p, generator ?? Generator.Default);
        noise.MulInPlace(1 / (1 - p));
        return noise;
    }
}
