using Tunesmith.Torch.Nn;

namespace Tunesmith.Training.Optimizers;

/// <summary>Parameters that share a rate and a weight decay.</summary>
public sealed record ParameterGroup(IReadOnlyList<(string Name, Parameter Parameter)> Parameters, double InitialRate, double WeightDecay)
{
    /// <summary>The rate of the coming update.</summary>
    public double Rate { get; set; } = InitialRate;
}
