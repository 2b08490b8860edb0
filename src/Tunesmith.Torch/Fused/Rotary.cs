namespace Tunesmith.Torch.Fused;

/// <summary>Rotary position embedding (2104.09864): pair (a, b) becomes (a cos − b sin, b cos + a sin).</summary>
public static class Rotary
{
    /// <param name="x">[B, H, T, D].</param>
    /// <param name="cos">Cosines, one for each dimension, [T, D], [B, T, D] or [1, T, D].</param>
    /// <param name="sin">Sines, as the cosines.</param>
    /// <param name="interleaved">Pairs are (2i, 2i + 1) instead of (i, i + D/2).</param>
    /// <returns>[B, H, T, D].</returns>
    public static Tensor Apply(Tensor x, Tensor cos, Tensor sin, bool interleaved = false)
    {
        using var scope = Scope.Open();
        long half = x.Size(-1) / 2;
        if (cos.Rank == 3) (cos, sin) = (cos.Unsqueeze(1), sin.Unsqueeze(1)); // [B, 1, T, D]
        if (cos.DType != x.DType) (cos, sin) = (cos.To(x.DType), sin.To(x.DType));
        Tensor turned;
        if (interleaved)
        {
            Tensor pairs = x.Reshape([.. x.Shape[..^1], half, 2]); // [B, H, T, D/2, 2]
            turned = Tensor.Stack([-pairs.Select(-1, 1), pairs.Select(-1, 0)], -1).Flatten(-2, -1);
        }
        else
        {
            turned = Tensor.Cat([-x.Narrow(-1, half, half), x.Narrow(-1, 0, half)], -1);
        }
        return scope.Keep(x * cos + turned * sin);
    }
}
