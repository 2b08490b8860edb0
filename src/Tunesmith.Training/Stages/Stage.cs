using Tunesmith.Models;
using Tunesmith.Torch;
using Tunesmith.Training.Batches;
using Tunesmith.Training.Losses;

namespace Tunesmith.Training.Stages;

/// <summary>One way of training: which batches it makes, its loss as sum and count, and what it measures at evaluations.</summary>
public abstract class Stage(Collator collator, LossReduction reduction)
{
    /// <summary>Puts examples together.</summary>
    public Collator Collator { get; } = collator;

    /// <summary>What the loop divides by.</summary>
    public LossReduction Reduction { get; } = reduction;

    /// <summary>Refuses a model that this stage cannot train.</summary>
    public abstract void Check(Model model);

    /// <summary>How many terms a batch puts into the divisor of its window.</summary>
    public abstract double Terms(Batch batch);

    /// <summary>What an evaluation of this stage measures beside its loss.</summary>
    public abstract MetricSums Metrics(Model model);

    /// <summary>The loss of a micro-batch.</summary>
    public abstract LossSum Loss(Model model, Batch batch);

    /// <summary>The loss of an evaluation batch, and whatever `metrics` wants to know of it.</summary>
    public abstract LossSum Evaluate(Model model, Batch batch, MetricSums metrics);

    /// <summary>Tensors of a batch as a model takes them; what says nothing (no padding, one text) is left out.</summary>
    protected static ModelInput Input(Batch batch)
    {
        long rows = batch.Rows, length = batch.Length;
        var padded = Array.IndexOf(batch.AttentionMask, 0L) >= 0;
        return new ModelInput
        {
            InputIds = Tensor.From(batch.InputIds, rows, length),
            AttentionMask = padded && batch.SequenceIds is null ? Tensor.From(batch.AttentionMask, rows, length) : null,
            PositionIds = batch.PositionIds is null ? null : Tensor.From(batch.PositionIds, rows, length),
            TokenTypeIds = batch.TokenTypeIds is null ? null : Tensor.From(batch.TokenTypeIds, rows, length),
            Allowed = batch.SequenceIds is null ? null : Allowed(batch),
        };
    }

    // A position sees earlier ones of its own example; padding sees itself, so that no row of the softmax is empty. [B, 1, T, T]
    private static Tensor Allowed(Batch batch)
    {
        int rows = batch.Rows, length = batch.Length;
        var allowed = new bool[(long)rows * length * length];
        for (var row = 0; row < rows; row++)
        {
            var ids = batch.SequenceIds.AsSpan(row * length, length);
            for (var query = 0; query < length; query++)
            {
                var line = allowed.AsSpan((row * length + query) * length, length);
                line[query] = true;
                for (var key = query - 1; key >= 0 && ids[query] != 0 && ids[key] == ids[query]; key--) line[key] = true;
            }
        }
        return Tensor.From(allowed, rows, 1, length, length);
    }
}
