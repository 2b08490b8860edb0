using Tunesmith.Torch.Interop;

namespace Tunesmith.Torch.Fused;

/// <summary>One AdamW update (1711.05101) of one parameter: our kernel goes once over everything; libtorch's operators go over slices that stay in the cache.</summary>
public static class AdamWStep
{
    private const long Slice = 1 << 17;

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
        var numbers = new Numbers(rate, beta1, beta2, eps, weightDecay, 1 - Math.Pow(beta1, step), Math.Sqrt(1 - Math.Pow(beta2, step)));
        long count = parameter.Count;
        if (Kernels.Take(parameter, gradient, first, second) && All(DType.Float32, parameter, gradient, first, second)
            && parameter.IsContiguous && first.IsContiguous && second.IsContiguous && gradient.Count == count)
        {
            Kernels.Run(Kernel.AdamW, [parameter, gradient.Contiguous(), first, second],
                1 - rate * weightDecay, 1 - beta1, beta2, 1 - beta2, 1 / numbers.SecondCorrection, eps, rate / numbers.FirstCorrection);
            return;
        }
        if (count <= Slice || !parameter.IsContiguous || !first.IsContiguous || !second.IsContiguous)
        {
            Update(parameter, gradient, first, second, numbers);
            return;
        }
        Tensor p = parameter.View(-1), g = gradient.Reshape(-1), m = first.View(-1), v = second.View(-1);
        for (long from = 0; from < count; from += Slice)
        {
            using var inner = Scope.Open();
            long n = Math.Min(Slice, count - from);
            Update(p.Narrow(0, from, n), g.Narrow(0, from, n), m.Narrow(0, from, n), v.Narrow(0, from, n), numbers);
        }
    }

    private static bool All(DType type, params ReadOnlySpan<Tensor> tensors)
    {
        foreach (Tensor tensor in tensors)
            if (tensor.DType != type) return false;
        return true;
    }

    private static void Update(Tensor parameter, Tensor gradient, Tensor first, Tensor second, in Numbers numbers)
    {
        if (numbers.WeightDecay != 0) parameter.MulInPlace(1 - numbers.Rate * numbers.WeightDecay);
        first.LerpInPlace(gradient, 1 - numbers.Beta1);
        second.MulInPlace(numbers.Beta2);
        second.AddcmulInPlace(gradient, gradient, 1 - numbers.Beta2);
        Tensor denominator = second.Sqrt();
        denominator.MulInPlace(1 / numbers.SecondCorrection);
        denominator.AddInPlace(numbers.Eps);
        parameter.AddcdivInPlace(first, denominator, -numbers.Rate / numbers.FirstCorrection);
    }

    private readonly record struct Numbers(double Rate, double Beta1, double Beta2, double Eps, double WeightDecay, double FirstCorrection, double SecondCorrection);
}
