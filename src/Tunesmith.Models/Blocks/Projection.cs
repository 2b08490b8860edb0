using Tunesmith.Torch;
using Tunesmith.Torch.Nn;

namespace Tunesmith.Models.Blocks;

/// <summary>
/// y = x Wᵀ + b, with the weight stored [out, in], or [in, out] as GPT-2's files have it. A low-rank update can be put on it.
/// </summary>
public sealed class Projection : Module
{
    private readonly ComputePrecision _precision;

    public Projection(ComputePrecision precision, long inputs, long outputs, bool bias, bool inputMajor = false)
    {
        _precision = precision;
        Inputs = inputs;
        InputMajor = inputMajor;
        Weight = AddParameter("weight", inputMajor ? [inputs, outputs] : [outputs, inputs]);
        Bias = bias ? AddParameter("bias", [outputs]) : null;
    }

    public long Inputs { get; }

    public long Outputs => Weight.Shape[InputMajor ? 1 : 0];

    /// <summary>The weight is stored [in, out].</summary>
    public bool InputMajor { get; }

    public Parameter Weight { get; }

    public Parameter? Bias { get; }

    internal ILayerUpdate? Update { get; private set; }

    internal ComputePrecision Precision => _precision;

    /// <param name="x">[..., in].</param>
    /// <returns>[..., out].</returns>
    public Tensor Forward(Tensor x)
    {
        Tensor y = _precision.Linear(x, BaseWeight(), Bias?.Value);
        return Update is { Enabled: true } ? Update.Apply(x, y) : y;
    }

    /// <returns>The stored weight seen as [out, in].</returns>
    internal Tensor BaseWeight() => InputMajor ? Weight.Value.Transpose(0, 1) : Weight.Value;

    /// <returns>The weight with its update, [out, in].</returns>
    public Tensor EffectiveWeight() => Update is { Enabled: true } ? Update.MergedWeight() : BaseWeight();

    /// <summary>Puts an update on the layer; its parts become the layer's children.</summary>
    internal void Attach(ILayerUpdate update)
    {
        Update = Update is null ? update : throw Errors.AdapterPresent();
        foreach (var (name, module) in update.Parts) Add(name, module);
    }

    internal void Detach()
    {
        foreach (var (name, _) in Update?.Parts ?? []) Remove(name);
        Update = null;
    }
}
