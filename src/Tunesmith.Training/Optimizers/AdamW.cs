using Tunesmith.Torch;
using Tunesmith.Torch.Fused;

namespace Tunesmith.Training.Optimizers;

/// <summary>AdamW (1711.05101) as torch.optim.AdamW: p ← p(1 − lr·wd), then Adam's step with bias correction.</summary>
public sealed class AdamW(IReadOnlyList<ParameterGroup> groups, AdamSettings settings) : Optimizer(groups)
{
    protected override void Update(ParameterGroup group, string name, Tensor parameter, Tensor gradient)
    {
        var first = Zeros(name, "exp_avg", parameter);
        var second = Zeros(name, "exp_avg_sq", parameter);
        if (settings.Amsgrad)
        {
            if (group.WeightDecay != 0) parameter.MulInPlace(1 - group.Rate * group.WeightDecay);
            Adam.Advance(settings, group.Rate, Steps, parameter, gradient, first, second, Zeros(name, "max_exp_avg_sq", parameter));
            return;
        }
        AdamWStep.Run(parameter, gradient, first, second, group.Rate, settings.Beta1, settings.Beta2, settings.Epsilon, group.WeightDecay, Steps);
    }
}
