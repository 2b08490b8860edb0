namespace Tunesmith.Torch.Fused;

/// <summary>Output layer and cross entropy in one: −Σ log softmax(h Wᵀ + b)[label], without ever holding the logits of all rows.</summary>
public static class LinearCrossEntropy
{
    /// <summary>Logits held at a time: 64 MiB of floats.</summary>
    private const long MaxElements = 16 << 20;

    /// <param name="hidden">[N, C].</param>
    /// <param name="weight">[V, C].</param>
    /// <param name="bias">[V].</param>
    /// <param name="labels">int64 [N]; −100 does not count.</param>
    /// <returns>The sum over labelled rows (float32, of no dimensions), and how many there are.</returns>
    public static (Tensor Sum, long Count) Run(Tensor hidden, Tensor weight, Tensor? bias, Tensor labels)
    {
        using var scope = Scope.Open();
        Tensor wide = weight.DType == hidden.DType ? weight : weight.To(hidden.DType);
        Tensor? wideBias = bias is null || bias.DType == hidden.DType ? bias : bias.To(hidden.DType);
        bool[] labelled = labels.Ne(-100).ToBools();
        long count = labelled.LongCount(l => l);
        Tensor[] inputs = wideBias is null ? [hidden, wide] : [hidden, wide, wideBias];
        var needed = Array.ConvertAll(inputs, t => t.RequiresGrad && Autograd.Enabled);
        Tensor sum = Autograd.Custom(inputs, context => Forward(context, inputs, needed, labels), (context, gradient) =>
        {
            var results = new Tensor?[inputs.Length];
            var at = 0;
            for (var i = 0; i < results.Length; i++)
            {
                if (needed[i]) results[i] = context.Saved[at++] * gradient.To(context.Saved[at - 1].DType);
            }
            return results;
        });
        return (scope.Keep(sum), count);
    }

    /// <summary>Computes the sum and, chunk by chunk, the gradients that the backward pass will only scale.</summary>
    private static Tensor Forward(CustomContext context, Tensor[] inputs, bool[] needed, Tensor labels)
    {
        Tensor hidden = inputs[0], weight = inputs[1];
        long rows = hidden.Size(0), pieces = weight.Size(0);
        long chunk = Math.Max(1, Math.Min(rows, MaxElements / Math.Max(1, pieces)));
        Tensor sum = Tensor.Scalar(0);
        Tensor? dHidden = needed[0] ? Tensor.Empty(hidden.Shape, hidden.DType) : null;
        Tensor? dWeight = needed[1] ? Tensor.Zeros(weight.Shape) : null;
        Tensor? dBias = inputs.Length > 2 && needed[2] ? Tensor.Zeros([pieces]) : null;
        for (long start = 0; start < rows; start += chunk)
        {
            using var scope = Scope.Open();
            long n = Math.Min(chunk, rows - start);
            Tensor h = hidden.Narrow(0, start, n); // [n, C]
            Tensor label = labels.Narrow(0, start, n);
            Tensor ignored = label.Eq(-100); // [n]
            Tensor index = label.MaskedFill(ignored, 0).Unsqueeze(-1); // [n, 1]
            Tensor logits = h.Linear(weight, inputs.Length > 2 ? inputs[2] : null).To(DType.Float32); // [n, V]
            Tensor total = logits.LogSumExp(-1, keep: true); // [n, 1]
            Tensor losses = (total - logits.Gather(-1, index)).MaskedFill(ignored.Unsqueeze(-1), 0); // [n, 1]
            sum.AddInPlace(losses.Sum());
            if (dHidden is null && dWeight is null && dBias is null) continue;
            Tensor d = (logits - total).Exp(); // softmax, [n, V]
            d.ScatterAddInPlace(-1, index, Tensor.Full([n, 1], -1));
            d.MaskedFillInPlace(ignored.Unsqueeze(-1), 0);
            dBias?.AddInPlace(d.Sum([0]));
            if (d.DType != hidden.DType) d = d.To(hidden.DType);
            dHidden?.Narrow(0, start, n).CopyInPlace(d.Linear(weight.Transpose(0, 1)));
            if (dWeight is null) continue;
            if (hidden.DType == DType.Float32) dWeight.AddMatMulInPlace(d.Transpose(0, 1), h);
            else dWeight.AddInPlace(d.Transpose(0, 1).Linear(h.Transpose(0, 1)).To(DType.Float32));
        }
        if (dHidden is not null) context.Save(dHidden);
        if (dWeight is not null) context.Save(dWeight.To(weight.DType));
        if (dBias is not null) context.Save(dBias.To(inputs[2].DType));
        return sum;
    }
}
