using Tunesmith.Torch.Interop;

namespace Tunesmith.Torch.Fused;

/// <summary>Rotary position embedding (Su et al. 2021): pairs of features turned by an angle that grows with the position.</summary>
public static class Rotary
{
    /// <param name="x">[B, H, T, D]</param>
    /// <param name="cos">[T, R] or [B, T, R] with R at most D; each angle stands twice, as the reference lays it out (R / 2 apart, or adjacent where interleaved).</param>
    /// <param name="sin">Like cos.</param>
    /// <param name="interleaved">Whether the pairs are adjacent features; else R / 2 apart.</param>
    /// <param name="result">Turned in float32 and rounded to this type; null: turned in x's own type, angles rounded to it too.</param>
    /// <returns>[B, H, T, D]; features from R on are as they were.</returns>
    public static Tensor Apply(Tensor x, Tensor cos, Tensor sin, bool interleaved = false, DType? result = null)
    {
        long turned = cos.Size(-1);
        if (turned > x.Size(-1)) throw Errors.WrongShape("rotary: cos", cos, $"at most {x.Size(-1)} features", "Check the rotary dimension.");
        using var scope = Scope.Open();
        if (x.Rank != 4 || turned % 2 != 0 || !Kernels.Take(x, cos, sin) || result is not (null or DType.Float32 or DType.BFloat16))
        {
            if (result is null) return scope.Keep(Composed(x, cos, sin, interleaved));
            return scope.Keep(Composed(x.To(DType.Float32), cos, sin, interleaved).To(result.Value));
        }
        if (result is null) (cos, sin) = (cos.To(x.DType), sin.To(x.DType));
        (cos, sin) = (cos.To(DType.Float32).Contiguous(), sin.To(DType.Float32).Contiguous());
        DType from = x.DType, to = result ?? x.DType;
        return scope.Keep(Autograd.Custom([x], context =>
        {
            context.Save(cos, sin);
            Tensor y = Tensor.Empty(x.Sizes, to);
            Kernels.Run(Kernel.Rotary, [WithLastInOnePiece(x), y, cos, sin], interleaved ? 1 : 0, 0);
            return y;
        }, (context, gradient) =>
        {
            // Heads come out of [B, T, H · D]: a gradient that lies like that goes back without a copy.
            long heads = gradient.Size(1), times = gradient.Size(2), size = gradient.Size(3);
            Tensor dx = Tensor.EmptyStrided(gradient.Sizes, [times * heads * size, size, heads * size, 1], from);
            Kernels.Run(Kernel.Rotary, [WithLastInOnePiece(gradient), dx, context.Saved[0], context.Saved[1]], interleaved ? 1 : 0, 1);
            return [dx];
        }));
    }

    private static Tensor WithLastInOnePiece(Tensor x) => Kernels.LastInOnePiece(x) ? x : x.Contiguous();

    private static Tensor Composed(Tensor x, Tensor cos, Tensor sin, bool interleaved) =>
        Autograd.Custom([x], context =>
        {
            context.Save(cos, sin);
            return Turn(x, cos, sin, interleaved, forward: true);
        }, (context, gradient) => [Turn(gradient, context.Saved[0], context.Saved[1], interleaved, forward: false)]);

    private static Tensor Turn(Tensor x, Tensor cos, Tensor sin, bool interleaved, bool forward)
    {
        long turned = cos.Size(-1);
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
