using Tunesmith.Torch;
using Tunesmith.Torch.Fused;

namespace Tunesmith.Models.Blocks;

/// <summary>Cosines and sines of one forward pass, shared by its layers.</summary>
internal sealed class RopeTable
{
    private readonly Tensor _cos;
    private readonly Tensor _sin;
    private readonly int _rotated;

    private RopeTable(Tensor cos, Tensor sin, int rotated)
    {
        _cos = cos;
        _sin = sin;
        _rotated = rotated;
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

        return new RopeTable(cos, sin, frequencies.Rotated);
    }

    /// <param name="q">[B, H, T, D].</param>
    /// <param name="k">[B, K, T, D].</param>
    public (Tensor Query, Tensor Key) Apply(Tensor q, Tensor k) => (Apply(q), Apply(k));

    private Tensor Apply(Tensor x)
    {
        long d = x.Size(-1);
        if (_rotated == d)
        {
            return Rotary.Apply(x, _cos, _sin);
        }

        Tensor turned = Rotary.Apply(x.Narrow(-1, 0, _rotated), _cos, _sin);
        return Tensor.Cat([turned, x.Narrow(-1, _rotated, d - _rotated)], -1);
    }
}
