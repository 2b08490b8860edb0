using System.Globalization;
using Tunesmith.Torch;

namespace Tunesmith.Models.Adapters;

/// <summary>
/// First values of the low-rank matrices, drawn in the order and number in which peft's layers draw them
/// (tuners/lora/layer.py: the constructors of A and B draw first, then A is drawn again and kept).
/// </summary>
internal static class LoraStart
{
    /// <param name="weight">The layer's weight, [out, in]; only read by the starts that use it.</param>
    /// <param name="rank">R.</param>
    /// <param name="scale">What the product B A is multiplied by.</param>
    /// <param name="config">Names the start.</param>
    /// <param name="generator">Drawn from.</param>
    /// <returns>A [R, in] and B [out, R].</returns>
    public static (Tensor A, Tensor B) Draw(Tensor weight, int rank, double scale, LoraConfig config, Generator generator)
    {
        long outputs = weight.Size(0), inputs = weight.Size(1);
        Tensor a = Tensor.Zeros([rank, inputs]);
        Tensor b = Tensor.Zeros([outputs, rank]);
        Uniform(a, inputs, generator);
        Uniform(b, rank, generator);
        if (config.LoraBias)
        {
            Tensor bias = Tensor.Zeros([outputs]);
            double bound = 1 / Math.Sqrt(rank);
            bias.UniformInPlace(-bound, bound, generator);
        }

        string start = config.InitLoraWeights;
        if (start.StartsWith("pissa", StringComparison.Ordinal))
        {
            return Pissa(weight.To(DType.Float32), rank, scale, start, generator);
        }

        switch (start)
        {
            case "olora":
                return Olora(weight.To(DType.Float32), rank);
            case "gaussian":
                a.NormalInPlace(0, 1.0 / rank, generator);
                b.ZeroInPlace();
                return (a, b);
            case "false":
                return (a, b);
            case "true":
                Uniform(a, inputs, generator);
                b.ZeroInPlace();
                return (a, b);
            default:
                throw Errors.LoraStart(start);
        }
    }

    /// <summary>An embedding starts with A zero and B normal (peft: Embedding.update_layer, reset_lora_parameters).</summary>
    public static (Tensor A, Tensor B) DrawEmbedding(long rows, long width, int rank, Generator generator)
    {
        Tensor a = Tensor.Zeros([rank, rows]);
        Tensor b = Tensor.Zeros([width, rank]);
        a.NormalInPlace(0, 1, generator);
        b.NormalInPlace(0, 1, generator);
        a.ZeroInPlace();
        b.NormalInPlace(0, 1, generator);
        return (a, b);
    }

    /// <summary>torch's kaiming_uniform_ with a = sqrt(5), as nn.Linear starts its weight.</summary>
    private static void Uniform(Tensor weight, long fanIn, Generator generator)
    {
        double bound = Math.Sqrt(3.0) * (Math.Sqrt(2.0 / 6.0) / Math.Sqrt(fanIn));
        weight.UniformInPlace(-bound, bound, generator);
    }

    /// <summary>Largest singular values (Meng et al. 2024, 2404.02948): the base keeps the rest.</summary>
    private static (Tensor A, Tensor B) Pissa(Tensor weight, int rank, double scale, string start, Generator generator)
    {
        Tensor left, values, right;
        const string prefix = "pissa_niter_";
        if (start == "pissa")
        {
            (left, values, right) = weight.Svd();
            left = left.Narrow(1, 0, rank);
            values = values.Narrow(0, 0, rank);
            right = right.Narrow(0, 0, rank);
        }
        else if (start.StartsWith(prefix, StringComparison.Ordinal) && int.TryParse(start.AsSpan(prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int iterations))
        {
            (left, values, right) = LowRankSvd(weight, rank, iterations, generator);
        }
        else
        {
            throw Errors.LoraStart(start);
        }

        Tensor root = (values / scale).Sqrt(); // [R]
        return (root.Unsqueeze(1) * right, left * root.Unsqueeze(0));
    }

    /// <summary>Halko et al. 2009 (0909.4061), algorithms 4.4 and 5.1, with the draws of torch.svd_lowrank.</summary>
    private static (Tensor Left, Tensor Values, Tensor Right) LowRankSvd(Tensor weight, int rank, int iterations, Generator generator)
    {
        bool wide = weight.Size(0) < weight.Size(1);
        Tensor tall = wide ? weight.Transpose(0, 1) : weight;
        Tensor start = Tensor.Zeros([tall.Size(1), rank]);
        start.NormalInPlace(0, 1, generator);
        Tensor basis = tall.MatMul(start).Qr().Q;
        for (int i = 0; i < iterations; i++)
        {
            basis = tall.Transpose(0, 1).MatMul(basis).Qr().Q;
            basis = tall.MatMul(basis).Qr().Q;
        }

        (Tensor left, Tensor values, Tensor right) = basis.Transpose(0, 1).MatMul(tall).Svd();
        left = basis.MatMul(left);
        return wide ? (right.Transpose(0, 1), values, left.Transpose(0, 1)) : (left, values, right);
    }

    /// <summary>Orthonormal start (Büyükakyüz 2024, 2406.01775; peft's olora_init).</summary>
    private static (Tensor A, Tensor B) Olora(Tensor weight, int rank)
    {
        (Tensor q, Tensor r) = weight.Qr();
        return (r.Narrow(0, 0, rank), q.Narrow(1, 0, rank));
    }
}
