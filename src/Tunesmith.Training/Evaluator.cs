using Tunesmith.Data;
using Tunesmith.Models;
using Tunesmith.Torch;
using Tunesmith.Training.Losses;
using Tunesmith.Training.Stages;

namespace Tunesmith.Training;

/// <summary>How an evaluation averages its batches.</summary>
public enum EvaluationMean
{
    /// <summary>Each batch's mean counts once an example of it (transformers' Trainer).</summary>
    Examples,

    /// <summary>Each batch's mean counts once, also that of a short last batch.</summary>
    Batches,
}

/// <summary>What an evaluation gave.</summary>
public sealed record EvaluationResult(double Loss, IReadOnlyDictionary<string, double> Metrics, MetricSums Sums, int Examples, int Batches, TimeSpan Runtime);

/// <summary>Measures the loss and the stage's metrics over examples in stored order, without gradients or dropout.</summary>
public sealed class Evaluator(Model model, Stage stage, int batchSize, TimeProvider time)
{
    /// <summary>How batches are averaged.</summary>
    public EvaluationMean Mean { get; init; } = EvaluationMean.Batches;

    /// <summary>Told after every batch: how many are done, of how many.</summary>
    public Action<int, int>? OnProgress { get; init; }

    /// <summary>Runs over all examples.</summary>
    /// <param name="onBatch">Called after every batch.</param>
    public EvaluationResult Run(IReadOnlyList<TokenizedExample> examples, CancellationToken cancel = default, Action? onBatch = null)
    {
        var started = time.GetTimestamp();
        var training = model.Training;
        var sums = stage.Metrics(model);
        double total = 0, weights = 0;
        var batches = 0;
        model.Eval();
        try
        {
            using var noGrad = Autograd.NoGrad();
            for (var first = 0; first < examples.Count; first += batchSize, batches++)
            {
                cancel.ThrowIfCancellationRequested();
                using var scope = Scope.Open();
                var rows = examples.Skip(first).Take(batchSize).ToList();
                var batch = stage.Collator.Collate(rows);
                LossSum loss = stage.Evaluate(model, batch, sums);
                // Divided as in training: in stage pt the first token of a row counts although nothing predicts it.
                var terms = stage.Reduction == LossReduction.Window ? stage.Terms(batch) : loss.Count;
                var mean = (float)(terms == 0 ? 0 : loss.Sum.Item() / terms);
                double weight = Mean == EvaluationMean.Examples ? rows.Count : 1;
                total += mean * weight;
                weights += weight;
                onBatch?.Invoke();
                OnProgress?.Invoke(batches + 1, (examples.Count + batchSize - 1) / batchSize);
            }
        }
        finally
        {
            if (training) model.Train();
        }
        return new EvaluationResult((float)(total / weights), sums.Result(), sums, examples.Count, batches, time.GetElapsedTime(started));
    }
}
