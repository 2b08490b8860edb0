namespace Tunesmith.Training;

/// <summary>
/// How long a run is. Micro-batches of an epoch = ceil(rows / batch), the last one short; updates of an epoch = ceil(micro-batches /
/// accumulation), the last window short; windows never cross an epoch (transformers' Trainer.set_initial_training_values).
/// </summary>
public sealed record RunLength(long Rows, int BatchSize, int Accumulation, long MicroBatchesPerEpoch, long StepsPerEpoch, long TotalSteps, long Epochs)
{
    /// <summary>Works out the length; `maxSteps` &gt; 0 wins over the epochs.</summary>
    public static RunLength Of(long rows, int batchSize, int accumulation, double epochs, long maxSteps)
    {
        var microBatches = (rows + batchSize - 1) / batchSize;
        var stepsPerEpoch = Math.Max(1, (microBatches + accumulation - 1) / accumulation);
        if (maxSteps > 0)
            return new RunLength(rows, batchSize, accumulation, microBatches, stepsPerEpoch, maxSteps, (maxSteps + stepsPerEpoch - 1) / stepsPerEpoch);
        return new RunLength(rows, batchSize, accumulation, microBatches, stepsPerEpoch, (long)Math.Ceiling(epochs * stepsPerEpoch), (long)Math.Ceiling(epochs));
    }

    /// <summary>Warm-up length in updates: the value itself, truncated, from 1 on; below 1 a part of the run, rounded up.</summary>
    public static long WarmupSteps(double value, long totalSteps) => value >= 1 ? (long)value : (long)Math.Ceiling(totalSteps * value);

    /// <summary>Micro-batches in window `window` (from 0) of an epoch.</summary>
    public int WindowSize(long window) => (int)Math.Min(Accumulation, MicroBatchesPerEpoch - window * Accumulation);
}
