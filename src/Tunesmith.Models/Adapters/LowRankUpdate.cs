using Tunesmith.Models.Blocks;
using Tunesmith.Torch;
using Tunesmith.Torch.Fused;
using Tunesmith.Torch.Nn;

namespace Tunesmith.Models.Adapters;

/// <summary>
/// What LoRA adds to one linear layer: y + s B(A(dropout(x))) (Hu et al. 2021, 2106.09685), or with a magnitude per output
/// row DoRA (Liu et al. 2024, 2402.09353); the order of operations is peft's tuners/lora/layer.py and dora.py.
/// </summary>
internal sealed class LowRankUpdate : ILayerUpdate
{
    private readonly Projection _layer;
    private readonly double _dropout;

    public LowRankUpdate(Projection layer, LowRankFactor a, LowRankFactor b, LowRankFactor? magnitude, double scale, double dropout)
    {
        _layer = layer;
        A = a;
        B = b;
        Magnitude = magnitude;
        Scale = scale;
        _dropout = dropout;
    }

    /// <summary>[R, in].</summary>
    public LowRankFactor A { get; }

    /// <summary>[out, R], perhaps with a bias [out].</summary>
    public LowRankFactor B { get; }

    /// <summary>DoRA's length of every output row, [out].</summary>
    public LowRankFactor? Magnitude { get; }

    public double Scale { get; }

    public bool Enabled { get; set; } = true;

    /// <summary>Under peft's names.</summary>
    public IEnumerable<(string Name, Module Module)> Parts
    {
        get
        {
            yield return ("lora_A", A);
            yield return ("lora_B", B);
            if (Magnitude is not null) yield return ("lora_magnitude_vector", Magnitude);
        }
    }

    private Tensor? Bias => B.Bias?.Value;

    public Tensor Apply(Tensor x, Tensor y)
    {
        bool drops = _dropout > 0 && _layer.Training;
        Tensor input = Dropout.Run(x, _dropout, _layer.Training, Generator.Default);
        Tensor low = _layer.Precision.Linear(_layer.Precision.Linear(input, A.Weight.Value, null), B.Weight.Value, Bias); // [..., out]
        if (Magnitude is null)
        {
            return (y + (low * Scale)).To(y.DType);
        }

        // With dropout the base's part of DoRA sees the dropped input too, as in peft.
        Tensor plain = drops ? _layer.Precision.Linear(input, _layer.BaseWeight(), null) : _layer.Bias is null ? y : y - _layer.Bias.Value;
        Tensor stretch = Magnitude.Weight.Value / RowNorms(Sum()).Detach(); // [out]
        return (y + ((stretch - 1.0) * plain) + (stretch * low * Scale)).To(y.DType);
    }

    public Tensor MergedWeight()
    {
        Tensor sum = Sum();
        return Magnitude is null ? sum : (Magnitude.Weight.Value / RowNorms(sum)).Unsqueeze(1) * sum;
    }

    public Tensor SharedWeight() => _layer.BaseWeight();

    /// <returns>The bias that the layer with its update has; null where neither has one.</returns>
    public Tensor? MergedBias()
    {
        if (Bias is null)
        {
            return _layer.Bias?.Value;
        }

        Tensor added = Bias * Scale;
        return _layer.Bias is null ? added : _layer.Bias.Value + added;
    }

    /// <returns>s B A, [out, in].</returns>
    public Tensor Delta() => B.Weight.Value.MatMul(A.Weight.Value) * Scale;

    public static Tensor RowNorms(Tensor weight) => (weight * weight).Sum([1], keep: false).Sqrt();

    private Tensor Sum() => _layer.BaseWeight() + Delta();
}

internal static class UpdateOf
{
    /// <summary>The update that <see cref="Adapter"/> put on a layer.</summary>
    public static LowRankUpdate LowRank(this Projection layer) => (LowRankUpdate)layer.Update!;

    /// <inheritdoc cref="LowRank"/>
    public static EmbeddingUpdate TableUpdate(this TokenEmbedding table) => (EmbeddingUpdate)table.Update!;
}

/// <summary>One matrix of an update, with the parameter names peft gives it.</summary>
internal sealed class LowRankFactor : Module
{
    public LowRankFactor(Tensor weight, Tensor? bias = null)
    {
        Weight = AddParameter("weight", weight);
        Bias = bias is null ? null : AddParameter("bias", bias);
    }

    public Parameter Weight { get; }

    public Parameter? Bias { get; }
}
