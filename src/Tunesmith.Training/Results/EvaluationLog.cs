namespace Tunesmith.Training.Results;

/// <summary>
/// trainer_log.jsonl of a run that trains nothing, as LLaMA-Factory's LogCallback leaves it: a line every five batches of the first evaluation and one at its end; what
/// is measured after that is not logged.
/// </summary>
internal sealed class EvaluationLog(string path, TimeProvider time)
{
    private const int Every = 5;

    private TrainerLog? _log;
    private long _started;
    private int _batches;
    private int _done;

    /// <summary>Before an evaluation; only the first one counts.</summary>
    public void Begin(int batches)
    {
        if (_batches != 0) return;
        (_log, _batches, _started) = (new TrainerLog(path), batches, time.GetTimestamp());
    }

    /// <summary>After a batch.</summary>
    public void Stepped()
    {
        if (_batches == 0) return;
        if (++_done % Every == 0) _log?.Append(new LogRecord { CurrentSteps = _done, TotalSteps = _batches, Elapsed = time.GetElapsedTime(_started) });
    }

    /// <summary>After an evaluation gave its metrics: the step is that of training, 0.</summary>
    /// <param name="loss">The loss of all examples; null where there is none, or one for each of several sets.</param>
    public void Logged(double? loss)
    {
        _done = 0;
        _log?.Append(new LogRecord { CurrentSteps = 0, TotalSteps = _batches, Elapsed = time.GetElapsedTime(_started), EvalLoss = loss, Epoch = 0, WholeEpoch = true });
    }

    /// <summary>At the end of an evaluation.</summary>
    public void Ended() => _log = null;
}
