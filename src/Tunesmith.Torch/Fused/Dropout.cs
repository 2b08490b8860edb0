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
        var mask = Tensor.Empty(x.Shape, x.DType);
        mask.BernoulliInPlace(1 - p, generator ?? Generator.Default);
        mask.MulInPlace(1 / (1 - p));
        return scope.Keep(x * mask);
    }
}
