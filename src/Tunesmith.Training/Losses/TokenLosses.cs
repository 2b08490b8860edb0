using Tunesmith.Torch;
using Tunesmith.Torch.Fused;

namespace Tunesmith.Training.Losses;

/// <summary>Losses of next-token prediction over N positions that have a label.</summary>
internal static class TokenLosses
{
    private const int EntropyPieces = 20;
    private const double EntropyScale = 3.0;

    /// <summary>−log p of the label.</summary>
    /// <param name="hidden">Hidden states, [N, C].</param>
    /// <param name="weight">Output matrix, [V, C].</param>
    /// <param name="labels">Labels, int64 [N].</param>
    public static Tensor CrossEntropy(Tensor hidden, Tensor weight, Tensor labels) => LinearCrossEntropy.Run(hidden, weight, null, labels).Sum;

    /// <summary>
    /// (1−ε)·(−log p of the label) + ε·mean over the pieces of −log p (transformers' LabelSmoother).
    /// </summary>
    /// <param name="logits">float32 [N, V].</param>
    public static Tensor Smoothed(Tensor logits, Tensor labels, double smoothing)
    {
        var logProbabilities = logits.LogSoftmax(-1); // [N, V]
        var hit = logProbabilities.Gather(-1, labels.Unsqueeze(-1)).Sum();
        var all = logProbabilities.Sum() / logits.Size(-1);
        return hit * -(1 - smoothing) - all * smoothing;
    }

    /// <summary>Dynamic fine-tuning (2508.05629): −log p · p, p without gradient.</summary>
    /// <param name="logits">float32 [N, V].</param>
    public static Tensor Dynamic(Tensor logits, Tensor labels)
    {
        var losses = -logits.LogSoftmax(-1).Gather(-1, labels.Unsqueeze(-1)); // [N, 1]
        return (losses * (-losses.Detach()).Exp()).Sum();
    }

    /// <summary>
    /// Entropy-adaptive fine-tuning: −log p · (H/3)^α, H the entropy in nats of the softmax renormalised over the 20 largest logits, without
    /// gradient (LLaMA-Factory's eaft_loss_func).
    /// </summary>
    /// <param name="logits">float32 [N, V].</param>
    public static Tensor EntropyAdaptive(Tensor logits, Tensor labels, double alpha)
    {
        var losses = -logits.LogSoftmax(-1).Gather(-1, labels.Unsqueeze(-1)).Squeeze(-1); // [N]
        return (losses * EntropyWeights(logits, alpha)).Sum();
    }

    // [N], without gradient.
    private static Tensor EntropyWeights(Tensor logits, double alpha)
    {
        using var noGrad = Autograd.NoGrad();
        var top = logits.Detach().TopK(Math.Min(EntropyPieces, logits.Size(-1))).Values; // [N, 20]
        var logProbabilities = top.LogSoftmax(-1);
        var entropy = -(logProbabilities.Exp() * logProbabilities).Sum([-1], false); // [N]
        return (entropy / EntropyScale).Pow(alpha);
    }
}
