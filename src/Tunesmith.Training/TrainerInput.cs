using Tunesmith.Data;
using Tunesmith.Models;
using Tunesmith.Torch;
using Tunesmith.Training.Resume;
using Tunesmith.Training.Stages;

namespace Tunesmith.Training;

/// <summary>What a trainer works on.</summary>
public sealed record TrainerInput
{
    public required Model Model { get; init; }

    public required Stage Stage { get; init; }

    public required TrainingOptions Options { get; init; }

    public required IReadOnlyList<TokenizedExample> Train { get; init; }

    public IReadOnlyList<TokenizedExample>? Eval { get; init; }

    /// <summary>With eval_on_each_dataset: the evaluation sets, each measured by itself.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<TokenizedExample>>? EvalByName { get; init; }

    public IRunObserver Observer { get; init; } = new SilentObserver();

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Where checkpoints and the log go; null writes nothing.</summary>
    public string? RunFolder { get; init; }

    /// <summary>Writes the model with all that belongs to it into a folder.</summary>
    public Action<string>? SaveModel { get; init; }

    /// <summary>How evaluations average.</summary>
    public EvaluationMean EvaluationMean { get; init; } = EvaluationMean.Batches;

    /// <summary>The checkpoint to go on from.</summary>
    public string? ResumeFrom { get; init; }

    /// <summary>What checkpoints are to keep of where the run comes from.</summary>
    public RunOrigin? Origin { get; init; }

    /// <summary>Whether to go on as transformers does after resume_from_checkpoint: the logging window and the loss of the summary start anew.</summary>
    public bool ResumeAsTransformers { get; init; }

    /// <summary>NEFTune's noise for embeddings [B, T, C]; null draws it.</summary>
    public Func<Tensor, Tensor>? EmbeddingNoise { get; init; }

    /// <summary>Sees the micro-batches of every window before they are used.</summary>
    public Action<IReadOnlyList<Batches.Batch>>? OnWindow { get; init; }

    /// <summary>Sees the order of the examples in every epoch.</summary>
    public Action<long, long[]>? OnOrder { get; init; }

    /// <summary>Sees every evaluation during training with the beginning of its metrics' names and the updates done; what it gives back is logged and decides in its place.</summary>
    public Func<string, long, EvaluationResult, EvaluationResult>? OnMeasured { get; init; }

    /// <summary>Sees the gradients of every update before they are clipped.</summary>
    public Action<long>? BeforeUpdate { get; init; }
}

/// <summary>How a run ended.</summary>
/// <param name="Steps">Updates done in all.</param>
/// <param name="TrainLoss">Mean loss of the updates.</param>
/// <param name="Interrupted">Whether it was stopped from outside; a checkpoint of where it stopped was written.</param>
/// <param name="Metrics">The summary as train_results.json holds it, without the epoch.</param>
public sealed record TrainingResult(long Steps, double TrainLoss, bool Interrupted, Results.TrainerState State, IReadOnlyDictionary<string, object?> Metrics);
