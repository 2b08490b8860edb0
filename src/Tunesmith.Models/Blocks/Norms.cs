using Tunesmith.Torch;
using Tunesmith.Torch.Fused;
using Tunesmith.Torch.Nn;

namespace Tunesmith.Models.Blocks;

/// <summary>x / sqrt(mean(x²) + eps) · w (Zhang and Sennrich 2019, 1910.07467).</summary>
public sealed class RmsNormLayer : Module
{
    private readonly Parameter _weight;
    private readonly double _epsilon;

    public RmsNormLayer(long width, double epsilon)
    {
        using var scope = Scope.Open();
        _weight = AddParameter("weight", Tensor.Ones([width]));
        _epsilon = epsilon;
    }

    /// <param name="x">[..., C].</param>
    /// <returns>[..., C].</returns>
    public Tensor Forward(Tensor x) => RmsNorm.Run(x, _weight.Value, _epsilon);
}

/// <summary>(x - mean) / sqrt(variance + eps) · w + b (Ba et al. 2016, 1607.06450).</summary>
public sealed class LayerNormLayer : Module
{
    private readonly Parameter _weight;
    private readonly Parameter _bias;
    private readonly double _epsilon;

    public LayerNormLayer(long width, double epsilon)
    {
        using var scope = Scope.Open();
        _weight = AddParameter("weight", Tensor.Ones([width]));
        _bias = AddParameter("bias", Tensor.Zeros([width]));
        _epsilon = epsilon;
    }

    /// <param name="x">[..., C].</param>
    /// <returns>[..., C].</returns>
    public Tensor Forward(Tensor x) => LayerNorm.Run(x, _weight.Value, _bias.Value, _epsilon);
}
