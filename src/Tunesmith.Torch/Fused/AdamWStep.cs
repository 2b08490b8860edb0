namespace Tunesmith.Torch.Fused;

/// <summary>One AdamW update (1711.05101) of one parameter.</summary>
public static class AdamWStep
{
    /// <summary>p ← p(1 − lr·wd); m ← β1 m + (1−β1) g; v ← β2 v + (1−β2) g²; p ← p − lr/(1−β1ᵗ) · m / (√v/√(1−β2ᵗ) + ε): torch.optim.AdamW.</summary>
    /// <param name="parameter">Changed in place, any shape.</param>
    /// <param name="gradient">Of the parameter's shape.</param>
    /// <param name="first">m, changed in place.</param>
    /// <param name="second">v, changed in place.</param>
    /// <param name="step">t, from 1.</param>
    public static void Run(Tensor parameter, Tensor gradient, Tensor first, Tensor second, double rate, double beta1, double beta2, double eps, double weightDecay, long step)
    {
        using var scope = Scope.Open();
        using var noGrad = Autograd.NoGrad();
        if (weightDecay != 0) parameter.MulInPlace(1 - rate * weightDecay);
        first.LerpInPlace(gradient, 1 - beta1);
        second.MulInPlace(beta2);
        second.AddcmulInPlace(gradient, gradient, 1 - beta2);
        Tensor denominator = second.Sqrt();
        denominator.MulInPlace(1 / Math.Sqrt(1 - Math.Pow(beta2, step)));
        denominator.AddInPlace(eps);
        parameter.AddcdivInPlace(first, denominator, -rate / (1 - Math.Pow(beta1, step)));
    }
}
