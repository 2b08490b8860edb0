using Tunesmith.Models.Adapters;
using Tunesmith.Torch;
using Tunesmith.Torch.Nn;

namespace Tunesmith.Models.Blocks;

/// <summary>
/// y = x Wᵀ + b, with the weight stored [out, in], or [in, out] as GPT-2's files have it. A low-rank update can be put on it.
/// </summary>
public sealed class Projection : Module
{
    private readonly ComputePrecision _precision;
    private LowRankUpdate? _update;

    public Projection(ComputePrecision precision, long inputs, long outputs, bool bias, bool inputMajor = false)
    {
        using var scope = Scope.Open();
        _precision = precision;
        Inputs = inputs;
        Outputs = outputs;
        InputMajor = inputMajor;
        Weight = AddParameter("weight", inputMajor ? Tensor.Zeros([inputs, outputs]) : Tensor.Zeros([outputs, inputs]));
        Bias = bias ? AddParameter("bias", Tensor.Zeros([outputs])) : null;
    }

    public long Inputs { get; }

    public long Outputs { get; }

    /// <summary>The weight is stored [in, out].</summary>
    public bool InputMajor { get; }

    public Parameter Weight { get; }

    public Parameter? Bias { get; }

    internal LowRankUpdate? Update
    {
        get => _update;
        set => _update = value;
    }

    /// <param name="x">[..., in].</param>
    /// <returns>[..., out].</returns>
    public Tensor Forward(Tensor x)
    {
        Tensor y = _precision.Linear(x, BaseWeight(), Bias?.Value);
        return _update is null ? y : _update.Apply(x, y);
    }

    /// <returns>The stored weight seen as [out, in].</returns>
    internal Tensor BaseWeight() => InputMajor ? Weight.Value.Transpose(0, 1) : Weight.Value;

    /// <returns>The weight with its update, [out, in].</returns>
    public Tensor EffectiveWeight() => _update is null ? BaseWeight() : _update.MergedWeight();
}
