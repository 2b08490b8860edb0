namespace Tunesmith.Torch.Fused;

/// <summary>Rotary position embedding (Su et al. 2021): pairs of features turned by an angle that grows with the position.</summary>
public static class Rotary
{
    /// <param name="x">[B, H, T, D]</param>
    /// <param name="cos">[T, R] or [B, T, R] with R at most D; each angle stands twice, as the reference lays it out (R / 2 apart, or adjacent where interleaved).</param>
    /// <param name="sin">Like cos.</param>
    /// <param name="interleaved">Whether the pairs are adjacent features; else R / 2 apart.</param>
    /// <returns>[B, H, T, D]; features from R on are as they were.</returns>
    public static Tensor Apply(Tensor x, Tensor cos, Tensor sin, bool interleaved = false) =>
        Autograd.Custom([x], context =>
        {
            context.Save(cos, sin);
            return Turn(x, cos, sin, interleaved, forward: true);
        }, (context, gradient) => [Turn(gradient, context.Saved[0], context.Saved[1], interleaved, forward: false)]);

    private static Tensor Turn(Tensor x, Tensor cos, Tensor sin, bool interleaved, bool forward)
    {
        long turned = cos.Size(-1);
        if (turned > x.Size(-1)) throw Errors.WrongShape("rotary: cos", cos, $"at most {x.Size(-1)} features", "Check the rotary dimension.");
        if (cos.Rank == 3) (cos, sin) = (cos.Unsqueeze(1), sin.Unsqueeze(1)); // [B, 1, T, R]
        if (cos.DType != x.DType) (cos, sin) = (cos.To(x.DType), sin.To(x.DType));
        Tensor part = turned == x.Size(-1) ? x : x.Narrow(-1, 0, turned);
        Tensor result = part * cos; // [B, H, T, R]
        (Tensor a, Tensor b) = Halves(part, interleaved);
        (Tensor toA, Tensor toB) = Halves(result, interleaved);
        (Tensor sinA, Tensor sinB) = Halves(sin, interleaved);
        double sign = forward ? 1 : -1;
        // Turning back is turning by the negative angle; each half takes the other's sine then.
        toA.AddcmulInPlace(b, forward ? sinA : sinB, -sign);
        toB.AddcmulInPlace(a, forward ? sinB : sinA, sign);
        return part == x ? result : Tensor.Cat([result, x.Narrow(-1, turned, x.Size(-1) - turned)], -1);
    }

    private static (Tensor, Tensor) Halves(Tensor x, bool interleaved)
    {
        long size = x.Size(-1);
        return interleaved
            ? (x.Slice(-1, 0, size, 2), x.Slice(-1, 1, size, 2))
            : (x.Narrow(-1, 0, size / 2), x.Narrow(-1, size / 2, size / 2));
    }
}
