using Tunesmith.Torch.Interop;

namespace Tunesmith.Torch.Fused;

/// <summary>
/// Cross-entropy of a linear head, some rows at a time: the logits of the whole batch never exist at once, rows without a label are not computed at all,
/// and the gradients are made in the forward pass while a chunk's logits are there.
/// </summary>
public static class LinearCrossEntropy
{
    // Logits held at a time: 64 MiB of floats, and 128 where each chunk has to go once through the whole gradient of the weight.
    private const long MaxElements = 16 << 20;
    private const long MaxElementsTraining = 32 << 20;

    private const long Ignored = -100;

    /// <param name="hidden">[N, C].</param>
    /// <param name="weight">[V, C].</param>
    /// <param name="bias">[V].</param>
    /// <param name="labels">int64 [N]; −100 does not count.</param>
    /// <param name="smoothing">Share of each label that is spread evenly over the vocabulary.</param>
    /// <returns>The sum over labelled rows (float32, of no dimensions), and how many there are.</returns>
    public static (Tensor Sum, long Count) Run(Tensor hidden, Tensor weight, Tensor? bias, Tensor labels, double smoothing = 0)
    {
        long rows = hidden.Size(0);
        if (labels.Count != rows) throw Errors.WrongShape("cross-entropy: labels", labels, $"{rows} labels, one a row", "Shift and flatten both alike.");
        using var scope = Scope.Open();
        Tensor kept = labels.Ne(Ignored).NonZero().View(-1); // [n]
        long count = kept.Count;
        Tensor? index = count == rows ? null : kept;
        Tensor answers = index is null ? labels : labels.IndexSelect(0, index);
        double scaled = 1;
        Tensor sum = Autograd.Custom([hidden, weight, bias], context =>
        {
            Tensor x = index is null ? hidden : hidden.IndexSelect(0, index);
            return Forward(context, x, weight, bias, answers, index, hidden, smoothing);
        }, (context, gradient) =>
        {
            // The gradients wait in the context; a second pass through the same graph scales them anew.
            double factor = gradient.Item();
            foreach (Tensor? made in context.SavedOrNull) made?.MulInPlace(factor / scaled);
            scaled = factor == 0 ? 1 : factor;
            return [.. context.SavedOrNull];
        });
        return (scope.Keep(sum), count);
    }

    /// <summary>Computes the sum and, chunk by chunk, the gradients that the backward pass will only scale.</summary>
    private static Tensor Forward(CustomContext context, Tensor x, Tensor weight, Tensor? bias, Tensor labels, Tensor? index, Tensor hidden, double smoothing)
    {
        long rows = x.Size(0), pieces = weight.Size(0);
        DType inner = Precision.ForProducts(x.DType);
        Tensor table = weight.To(inner);
        Tensor sum = Tensor.Scalar(0, DType.Float64);
        Tensor? dx = context.Needs(0) ? Tensor.Empty(x.Sizes, x.DType) : null;
        Tensor? dWeight = context.Needs(1) ? Tensor.Zeros(weight.Sizes, Sums(inner)) : null;
        Tensor? dBias = context.Needs(2) ? Tensor.Zeros([pieces], Sums(inner)) : null;
        long chunk = Math.Clamp((dWeight is null ? MaxElements : MaxElementsTraining) / pieces, 1, Math.Max(1, rows));
        for (long start = 0; start < rows; start += chunk)
        {
            using var scope = Scope.Open();
            long n = Math.Min(chunk, rows - start);
            Tensor h = x.Narrow(0, start, n).To(inner); // [n, C]
            Tensor label = labels.Narrow(0, start, n).Unsqueeze(-1); // [n, 1]
            Tensor logits = h.Linear(table, bias?.To(inner)); // [n, V]
            bool wanted = dx is not null || dWeight is not null || dBias is not null;
            (Tensor losses, Tensor? gradient) = Kernels.Take(logits) && logits.IsContiguous ? Native(logits, label, smoothing, wanted) : Composed(logits, label, smoothing, wanted);
            sum.AddInPlace(losses);
            if (gradient is null) continue;
            dBias?.AddInPlace(gradient.Sum([0L]));
            Tensor d = gradient.To(inner);
            dx?.Narrow(0, start, n).CopyInPlace(d.Mm(table));
            if (dWeight is null) continue;
            if (inner == dWeight.DType) dWeight.AddMatMulInPlace(d.Transpose(0, 1), h);
            else dWeight.AddInPlace(d.Transpose(0, 1).Mm(h));
        }
        if (dx is not null && index is not null)
        {
            Tensor all = Tensor.Zeros(hidden.Sizes, x.DType);
            all.IndexCopyInPlace(0, index, dx);
            dx = all;
        }
        context.Save(dx, dWeight?.To(weight.DType), bias is null ? null : dBias?.To(bias.DType));
        return sum.To(DType.Float32);
    }

    /// <summary>The loss of all rows and its gradient, which takes the logits' place.</summary>
    private static (Tensor Loss, Tensor? Gradient) Native(Tensor logits, Tensor label, double smoothing, bool wanted)
    {
        Tensor losses = Tensor.Empty([logits.Size(0)], DType.Float64);
        Kernels.Run(Kernel.CrossEntropy, [logits, label, losses], smoothing, wanted ? 1 : 0);
        return (losses.Sum(), wanted ? logits : null);
    }

    private static (Tensor Loss, Tensor? Gradient) Composed(Tensor logits, Tensor label, double smoothing, bool wanted)
    {
        long n = logits.Size(0), pieces = logits.Size(1);
        Tensor logs = logits.To(Sums(logits.DType)).LogSoftmax(-1); // [n, V]
        Tensor loss = logs.Gather(-1, label).Sum() * (smoothing - 1);
        if (smoothing > 0) loss.AddInPlace(logs.Sum(), -smoothing / pieces);
        if (!wanted) return (loss, null);
        logs.ExpInPlace(); // softmax; its gradient is softmax − (1 − e) onehot − e / V
        logs.ScatterAddInPlace(-1, label, Tensor.Full([n, 1], smoothing - 1, logs.DType));
        if (smoothing > 0) logs.AddInPlace(-smoothing / pieces);
        return (loss, logs);
    }

    private static DType Sums(DType inner) => inner == DType.Float64 ? DType.Float64 : DType.Float32;
}
