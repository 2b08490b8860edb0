namespace Tunesmith.Training;

/// <summary>
/// Who watches a run: the Cli draws progress from it, the run folder keeps it as events. The loop calls it on its own thread and goes on
/// when the call returns.
/// </summary>
public interface IRunObserver
{
    /// <summary>Something about the run as a whole: where it starts, what it goes on from, that it is finished.</summary>
    void OnMessage(string text) { }

    /// <summary>Something that a person should know: a fallback, a skipped checkpoint, left-out examples.</summary>
    void OnWarning(string text) { }

    /// <summary>The loop is about to start.</summary>
    void OnStart(RunStart start) { }

    /// <summary>An update is done.</summary>
    void OnStep(StepEvent step) { }

    /// <summary>Something was logged: a loss, the metrics of an evaluation, the summary.</summary>
    void OnLog(IReadOnlyDictionary<string, object?> record) { }

    /// <summary>A batch of an evaluation, or of answers that are written, is done.</summary>
    void OnEvaluating(int batch, int batches) { }

    /// <summary>An evaluation is done.</summary>
    void OnEvaluate(EvaluationEvent evaluation) { }

    /// <summary>A checkpoint or the model was written.</summary>
    void OnSave(string folder, long step) { }

    /// <summary>A model's answers before or after training, for a table or a few examples.</summary>
    void OnPredictions(string when, IReadOnlyList<ExamplePrediction> predictions) { }
}

/// <summary>What is known before the first update.</summary>
public sealed record RunStart(long Rows, RunLength Length, long FirstStep, long TrainableParameters, long AllParameters);

/// <summary>One update.</summary>
/// <param name="Step">Number of updates done.</param>
/// <param name="Loss">What the micro-batches of its window contributed.</param>
/// <param name="GradNorm">Norm of the gradients before clipping.</param>
/// <param name="LearningRate">Rate that it used.</param>
/// <param name="MicroLosses">Each micro-batch's part of the loss.</param>
/// <param name="Tokens">Tokens without padding in its window.</param>
/// <param name="TensorsLive">Native tensors alive after it: flat over a run.</param>
public sealed record StepEvent(long Step, long TotalSteps, double Epoch, double Loss, double GradNorm, double LearningRate, IReadOnlyList<float> MicroLosses,
    long Tokens, TimeSpan Elapsed, long TensorsLive);

/// <summary>The metrics of one evaluation. `When`: before, during or after training, or without any.</summary>
public sealed record EvaluationEvent(string When, long Step, double Epoch, IReadOnlyDictionary<string, double> Metrics, TimeSpan Elapsed)
{
    /// <summary>Which set was measured, where there are several.</summary>
    public string Set { get; init; } = "";
}

/// <summary>What the model says of one evaluation example.</summary>
/// <param name="Row">Index among the evaluation examples.</param>
public sealed record ExamplePrediction(int Row, string Predicted, double Probability, string Expected)
{
    /// <summary>The example as it was written.</summary>
    public string Text { get; init; } = "";
}

/// <summary>An observer that looks away.</summary>
public sealed class SilentObserver : IRunObserver;
