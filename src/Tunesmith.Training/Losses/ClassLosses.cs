using Tunesmith.Torch;

namespace Tunesmith.Training.Losses;

/// <summary>Losses of sequence classification over B rows with K labels.</summary>
internal static class ClassLosses
{
    /// <summary>Cross-entropy with one right class a row; B terms.</summary>
    /// <param name="logits">float32 [B, K].</param>
    /// <param name="classes">int64 [B].</param>
    public static LossSum OneLabel(Tensor logits, Tensor classes) =>
        new(-logits.LogSoftmax(-1).Gather(-1, classes.Unsqueeze(-1)).Sum(), logits.Size(0));

    /// <summary>Binary cross-entropy of every label for itself, written so that large logits stay finite: max(x, 0) − x·y + log(1 + e^−|x|); B·K terms.</summary>
    /// <param name="targets">0 or 1, float32 [B, K].</param>
    public static LossSum ManyLabels(Tensor logits, Tensor targets)
    {
        var losses = logits.Relu() - logits * targets + ((-logits.Abs()).Exp() + 1.0).Log();
        return new LossSum(losses.Sum(), logits.Count);
    }

    /// <summary>Squared error; B·K terms.</summary>
    /// <param name="targets">float32 [B, K].</param>
    public static LossSum Regression(Tensor logits, Tensor targets)
    {
        var difference = logits - targets;
        return new LossSum((difference * difference).Sum(), logits.Count);
    }
}
