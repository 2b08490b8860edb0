using Tunesmith.Torch;
using Tunesmith.Torch.Fused;

namespace Tunesmith.Models.Blocks;

/// <summary>Cosines and sines of one forward pass, shared by its layers.</summary>
internal sealed class RopeTable
{
    private readonly Tensor _cos;
    private readonly Tensor _sin;

    private RopeTable(Tensor cos, Tensor sin)
    {
        _cos = cos;
        _sin = sin;
    }

    public static RopeTable For(RopeFrequencies frequencies, ModelInput input)
    {
        Tensor positions = Positions.For(input); // [1 or B, T]
        long longest = frequencies.DependsOnLength ? Positions.LongestPosition(input) : 0;
        float[] perPair = frequencies.At(longest);
        Tensor angles = positions.To(DType.Float32).Unsqueeze(-1) * Tensor.From(perPair, perPair.Length); // [1 or B, T, r/2]
        angles = Tensor.Cat([angles, angles], -1); // [1 or B, T, r]
        Tensor cos = angles.Cos();
        Tensor sin = angles.Sin();
        if (frequencies.AttentionFactor != 1)
        {
            cos *= frequencies.AttentionFactor;
            sin *= frequencies.AttentionFactor;
        }

        return new RopeTable(cos, sin);
    }

    /// <param name="x">[B, H, T, D].</param>
    /// <param name="work">In which dtype it is turned.</param>
    /// <param name="rounded">What it is rounded to; null stays in that dtype.</param>
    /// <returns>[B, H, T, D]; features beyond the rotated ones are as they were.</returns>
    public Tensor Apply(Tensor x, DType work, DType? rounded) => work == DType.Float32
        ? Rotary.Apply(x, _cos, _sin, result: rounded ?? work)
        : Rotary.Apply(x.To(work), _cos, _sin).To(rounded ?? work);
}
