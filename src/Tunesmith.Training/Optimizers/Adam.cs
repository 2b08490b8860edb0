using Tunesmith.Torch;

namespace Tunesmith.Training.Optimizers;

/// <summary>What Adam and AdamW share.</summary>
public sealed record AdamSettings(double Beta1 = 0.9, double Beta2 = 0.999, double Epsilon = 1e-8, bool Amsgrad = false);

/// <summary>Adam (1412.6980) as torch.optim.Adam: weight decay is added to the gradient.</summary>
public sealed class Adam(IReadOnlyList<ParameterGroup> groups, AdamSettings settings) : Optimizer(groups)
{
    protected override void Update(ParameterGroup group, string name, Tensor parameter, Tensor gradient)
    {
        var first = Zeros(name, "exp_avg", parameter);
        var second = Zeros(name, "exp_avg_sq", parameter);
        var largest = settings.Amsgrad ? Zeros(name, "max_exp_avg_sq", parameter) : null;
        if (group.WeightDecay != 0) gradient = gradient + parameter * group.WeightDecay;
        Advance(settings, group.Rate, Steps, parameter, gradient, first, second, largest);
    }

    /// <summary>m ← β1 m + (1−β1) g; v ← β2 v + (1−β2) g²; p ← p − lr/(1−β1^t) · m / (√v / √(1−β2^t) + ε).</summary>
    internal static void Advance(AdamSettings settings, double rate, long step, Tensor parameter, Tensor gradient, Tensor first, Tensor second, Tensor? largest)
    {
        first.LerpInPlace(gradient, 1 - settings.Beta1);
        second.MulInPlace(settings.Beta2);
        second.AddcmulInPlace(gradient, gradient, 1 - settings.Beta2);
        if (largest is not null) largest.CopyInPlace(Tensor.Where(largest.Gt(second), largest, second));
        var denominator = (largest ?? second).Sqrt() / Math.Sqrt(1 - Math.Pow(settings.Beta2, step)) + settings.Epsilon;
        parameter.AddcdivInPlace(first, denominator, -rate / (1 - Math.Pow(settings.Beta1, step)));
    }
}
