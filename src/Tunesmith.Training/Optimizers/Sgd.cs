using Tunesmith.Torch;

namespace Tunesmith.Training.Optimizers;

/// <summary>What steers SGD.</summary>
public sealed record SgdSettings(double Momentum = 0, double Dampening = 0, bool Nesterov = false);

/// <summary>Stochastic gradient descent as torch.optim.SGD: the first momentum buffer is the gradient itself, without dampening.</summary>
public sealed class Sgd(IReadOnlyList<ParameterGroup> groups, SgdSettings settings) : Optimizer(groups)
{
    protected override void Update(ParameterGroup group, string name, Tensor parameter, Tensor gradient)
    {
        if (group.WeightDecay != 0) gradient = gradient + parameter * group.WeightDecay;
        if (settings.Momentum != 0)
        {
            if (Find(name, "momentum_buffer") is Tensor buffer)
            {
                buffer.MulInPlace(settings.Momentum);
                buffer.AddInPlace(gradient, 1 - settings.Dampening);
            }
            else
            {
                buffer = Keep(name, "momentum_buffer", gradient.Clone());
            }
            gradient = settings.Nesterov ? gradient + buffer * settings.Momentum : buffer;
        }
        parameter.AddInPlace(gradient, -group.Rate);
    }
}
