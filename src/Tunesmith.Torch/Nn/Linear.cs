namespace Tunesmith.Torch.Nn;

/// <summary>y = x Wᵀ + b.</summary>
public sealed class Linear : Module
{
    /// <param name="inputs">Width of what comes in.</param>
    /// <param name="outputs">Width of what goes out.</param>
    /// <param name="bias">Adds a vector.</param>
    public Linear(long inputs, long outputs, bool bias)
    {
        Weight = AddParameter("weight", [outputs, inputs]);
        Bias = bias ? AddParameter("bias", [outputs]) : null;
    }

    /// <summary>[out, in].</summary>
    public Parameter Weight { get; }

    public Parameter? Bias { get; }

    /// <param name="x">[..., in].</param>
    /// <returns>[..., out].</returns>
    public Tensor Forward(Tensor x) => x.Linear(Weight.Value, Bias?.Value);
}

/// <summary>A table of vectors looked up by id.</summary>
public sealed class Embedding : Module
{
    public Embedding(long rows, long width)
    {
        Weight = AddParameter("weight", [rows, width]);
    }

    /// <summary>[V, C].</summary>
    public Parameter Weight { get; }

    /// <param name="ids">int64 [B, T].</param>
    /// <returns>[B, T, C].</returns>
    public Tensor Forward(Tensor ids) => Weight.Value.Embed(ids);
}

/// <summary>Layer normalisation (1607.06450) over the last dimension.</summary>
public sealed class LayerNorm : Module
{
    public LayerNorm(long width, double eps)
    {
        Eps = eps;
        Weight = AddParameter("weight", [width], 1);
        Bias = AddParameter("bias", [width]);
    }

    public double Eps { get; }

    public Parameter Weight { get; }

    public Parameter Bias { get; }

    public Tensor Forward(Tensor x) => Fused.LayerNorm.Run(x, Weight.Value, Bias.Value, Eps);

    /// <summary>Of dropout(x) + residual.</summary>
    public Tensor Forward(Tensor x, Tensor residual, double dropout, Generator? generator) =>
        Fused.LayerNorm.RunSum(x, residual, Training ? dropout : 0, generator, Weight.Value, Bias.Value, Eps);
}

/// <summary>Root-mean-square normalisation (1910.07467) over the last dimension.</summary>
public sealed class RmsNorm : Module
{
    private readonly double _offset;

    /// <param name="width">C.</param>
    /// <param name="eps">Added to the mean square.</param>
    /// <param name="offset">Added to the weight: 1 in the Gemma families.</param>
    public RmsNorm(long width, double eps, double offset = 0)
    {
        (Eps, _offset) = (eps, offset);
        Weight = AddParameter("weight", [width], offset == 0 ? 1 : 0);
    }

    public double Eps { get; }

    public Parameter Weight { get; }

    public Tensor Forward(Tensor x) => Fused.RmsNorm.Run(x, _offset == 0 ? Weight.Value : Weight.Value + _offset, Eps);
}
