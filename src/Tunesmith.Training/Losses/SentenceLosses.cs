using Tunesmith.Runs;
using Tunesmith.Torch;

namespace Tunesmith.Training.Losses;

/// <summary>
/// One vector a text, and the losses over pairs of them. Names and defaults are sentence-transformers'; u and v are [B, C].
/// </summary>
public static class SentenceLosses
{
    private const double Scale = 20;
    private const double Margin = 0.5;

    /// <summary>Pools token vectors over the attention mask.</summary>
    /// <param name="hidden">[B, T, C].</param>
    /// <param name="mask">[B, T].</param>
    /// <param name="mode">cls, lasttoken, max, mean, mean_sqrt_len_tokens or weightedmean.</param>
    /// <returns>[B, C].</returns>
    public static Tensor Pool(Tensor hidden, Tensor mask, string mode)
    {
        Tensor m = mask.To(DType.Float32).Unsqueeze(-1); // [B, T, 1]
        switch (mode)
        {
            case "cls":
                return hidden.Select(1, 0);
            case "max":
                return hidden.MaskedFill(m.Eq(0), -1e9).Max(1).Values;
            case "mean":
                return (hidden * m).Sum([1], keep: false) / m.Sum([1], keep: false).Clamp(1e-9, null);
            case "mean_sqrt_len_tokens":
                return (hidden * m).Sum([1], keep: false) / m.Sum([1], keep: false).Clamp(1e-9, null).Sqrt();
            case "weightedmean":
                Tensor weights = m * Tensor.Arange(1, hidden.Size(1) + 1, 1, DType.Float32).Unsqueeze(0).Unsqueeze(-1);
                return (hidden * weights).Sum([1], keep: false) / weights.Sum([1], keep: false).Clamp(1e-9, null);
            case "lasttoken":
                return hidden.Gather(1, LastIndex(mask, hidden.Size(2))).Squeeze(1);
            default:
                throw new UsageException($"pooling_mode: got '{mode}'; expected cls, lasttoken, max, mean, mean_sqrt_len_tokens or weightedmean. Correct 1_Pooling/config.json.");
        }
    }

    /// <summary>Divides each row by its length, at least 1e-12.</summary>
    public static Tensor Normalize(Tensor x) => x / (x * x).Sum([-1], keep: true).Sqrt().Clamp(1e-12, null);

    /// <returns>Cosine of every u with every v, [B, B].</returns>
    public static Tensor CosineMatrix(Tensor u, Tensor v) => Normalize(u).MatMul(Normalize(v).Transpose(0, 1));

    /// <returns>Cosine of each pair, [B].</returns>
    public static Tensor Cosine(Tensor u, Tensor v) => (Normalize(u) * Normalize(v)).Sum([-1], keep: false);

    public static Tensor MultipleNegativesRanking(Tensor u, Tensor v)
    {
        Tensor scores = CosineMatrix(u, v) * Scale;
        return HeadLosses.CrossEntropy(scores, Tensor.Arange(0, scores.Size(0), DType.Int64));
    }

    public static Tensor MultipleNegativesSymmetricRanking(Tensor u, Tensor v)
    {
        Tensor scores = CosineMatrix(u, v) * Scale;
        Tensor targets = Tensor.Arange(0, scores.Size(0), DType.Int64);
        return (HeadLosses.CrossEntropy(scores, targets) + HeadLosses.CrossEntropy(scores.Transpose(0, 1), targets)) / 2.0;
    }

    public static Tensor CosineSimilarity(Tensor u, Tensor v, Tensor scores) => HeadLosses.SquaredError(Cosine(u, v), scores);

    /// <summary>Su 2022: log(1 + sum of exp(20 (s_i - s_j)) over pairs with y_i below y_j).</summary>
    public static Tensor CoSent(Tensor u, Tensor v, Tensor scores) => Ranked(Cosine(u, v) * Scale, scores);

    /// <summary>Li and Li 2023 (2309.12871): the same over the difference of angles in complex space.</summary>
    public static Tensor Angle(Tensor u, Tensor v, Tensor scores)
    {
        long half = u.Size(1) / 2;
        (Tensor x, Tensor y) = (Normalize(u), Normalize(v));
        (Tensor a, Tensor b) = (x.Narrow(1, 0, half), x.Narrow(1, half, half));
        (Tensor c, Tensor d) = (y.Narrow(1, 0, half), y.Narrow(1, half, half));
        Tensor sum = (x * y).Sum([-1], keep: false) + ((b * c) - (a * d)).Sum([-1], keep: false);
        return Ranked(sum.Abs() * Scale, scores);
    }

    public static Tensor Contrastive(Tensor u, Tensor v, Tensor binary)
    {
        Tensor t = binary.To(DType.Float32);
        Tensor distance = 1.0 - Cosine(u, v);
        Tensor far = (Margin - distance).Relu();
        return (((t * distance * distance) + ((1.0 - t) * far * far)) * 0.5).Mean();
    }

    /// <summary>Only pairs that are harder than the easiest of the other kind count.</summary>
    public static Tensor OnlineContrastive(Tensor u, Tensor v, Tensor binary)
    {
        Tensor distance = 1.0 - Cosine(u, v);
        float[] d = distance.ToFloats();
        long[] t = binary.ToLongs();
        float nearestNegative = d.Where((_, i) => t[i] == 0).DefaultIfEmpty(float.NegativeInfinity).Min();
        float farthestPositive = d.Where((_, i) => t[i] != 0).DefaultIfEmpty(float.PositiveInfinity).Max();
        float[] positive = [.. d.Select((value, i) => t[i] != 0 && value > nearestNegative ? 1f : 0f)];
        float[] negative = [.. d.Select((value, i) => t[i] == 0 && value < farthestPositive ? 1f : 0f)];
        Tensor far = (Margin - distance).Relu();
        return (distance * distance * Tensor.From(positive, positive.Length)).Sum() + (far * far * Tensor.From(negative, negative.Length)).Sum();
    }

    private static Tensor Ranked(Tensor similarity, Tensor scores)
    {
        Tensor differences = similarity.Unsqueeze(1) - similarity.Unsqueeze(0); // [B, B], i minus j
        Tensor counted = scores.Unsqueeze(1).Lt(scores.Unsqueeze(0)); // y_i < y_j
        Tensor terms = differences.MaskedFill(counted.LogicalNot(), -1e12).Reshape(-1);
        return Tensor.Cat([Tensor.Zeros([1]), terms], 0).LogSumExp(0);
    }

    private static Tensor LastIndex(Tensor mask, long width)
    {
        long rows = mask.Size(0), columns = mask.Size(1);
        long[] values = mask.ToLongs();
        var last = new long[rows];
        for (int i = 0; i < values.Length; i++)
        {
            if (values[i] != 0)
            {
                last[i / columns] = i % columns;
            }
        }

        return Tensor.From(last, rows, 1, 1).Expand(rows, 1, width);
    }
}
