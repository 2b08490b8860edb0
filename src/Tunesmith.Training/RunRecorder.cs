using Tunesmith.Torch;
using Tunesmith.Training.Batches;
using Tunesmith.Training.Results;
using Tunesmith.Training.Resume;

namespace Tunesmith.Training;

/// <summary>Keeps the books of a run: what was lost, when, how many tokens; writes the log and tells the observer.</summary>
internal sealed class RunRecorder(TrainerInput input, TrainerState state, Progress progress)
{
    private readonly TrainerLog? _log = input.RunFolder is null ? null : new TrainerLog(Path.Combine(input.RunFolder, TrainerLog.FileName));
    private readonly string _counting = input.Options.IncludeNumInputTokensSeen;
    private readonly long _computed = ComputedParameters(input);
    private readonly long _started = input.Time.GetTimestamp();
    private double _secondsBefore;

    private bool CountsTokens => _counting is not ("no" or "false");

    private TimeSpan Elapsed => TimeSpan.FromSeconds(_secondsBefore) + input.Time.GetElapsedTime(_started);

    /// <summary>Mean loss of all updates so far.</summary>
    public double TrainLoss => (progress.TotalLoss + progress.WindowLoss) / Math.Max(1, state.GlobalStep);

    public void Start(RunLength length, long trainable)
    {
        _secondsBefore = progress.Seconds;
        _log?.Keep(progress.LogLines);
        var all = input.Model.NamedParameters().Sum(entry => entry.Parameter.Value.Count);
        input.Observer.OnStart(new RunStart(input.Train.Count, length, state.GlobalStep, trainable, all));
    }

    /// <summary>After an update.</summary>
    public void Stepped(IReadOnlyList<Batch> window, float[] losses, double norm, double rate)
    {
        float loss = 0;
        foreach (var part in losses) loss += part;
        foreach (var part in losses) progress.WindowLoss += part;
        long padded = window.Sum(batch => (long)batch.Rows * batch.Length), real = window.Sum(batch => batch.TokenCount);
        progress.Tokens += real;
        if (CountsTokens) state.NumInputTokensSeen += _counting == "non_padding" ? real : padded;
        state.TotalFlos += 6.0 * padded * _computed;
        input.Observer.OnStep(new StepEvent(state.GlobalStep, state.MaxSteps, state.Epoch, loss, norm, rate, losses, real, Elapsed, TorchInfo.TensorsLive));
    }

    /// <summary>Logs the mean loss since the last log line.</summary>
    public void LogLoss(double rate, double norm)
    {
        if (state.GlobalStep == progress.LoggedStep) return;
        var loss = progress.WindowLoss / (double)(state.GlobalStep - progress.LoggedStep);
        progress.TotalLoss += progress.WindowLoss;
        (progress.WindowLoss, progress.LoggedStep) = (0, state.GlobalStep);
        var record = new SortedDictionary<string, object?>(StringComparer.Ordinal) { ["loss"] = loss, ["grad_norm"] = norm, ["learning_rate"] = rate };
        if (CountsTokens) ResultSpeed(record);
        Log(record, new LogRecord { CurrentSteps = state.GlobalStep, TotalSteps = state.MaxSteps, Elapsed = Elapsed, Loss = loss, LearningRate = rate });
    }

    /// <summary>Logs the metrics of an evaluation during training.</summary>
    /// <param name="prefix">What the names of its metrics begin with; the log has a loss of its own only under `eval`.</param>
    public void LogEvaluation(EvaluationResult result, string prefix)
    {
        var record = new SortedDictionary<string, object?>(StringComparer.Ordinal) { [prefix + "_loss"] = result.Loss };
        foreach (var (name, value) in result.Metrics) record[$"{prefix}_{name}"] = value;
        ResultFiles.AddSpeed(record, prefix, result.Runtime, result.Examples, result.Batches);
        Log(record, new LogRecord { CurrentSteps = state.GlobalStep, TotalSteps = state.MaxSteps, Elapsed = Elapsed, EvalLoss = prefix == "eval" ? result.Loss : null });
        var metrics = new Dictionary<string, double>(result.Metrics) { ["loss"] = result.Loss };
        input.Observer.OnEvaluate(new EvaluationEvent("during", state.GlobalStep, state.Epoch, metrics, result.Runtime) { Set = prefix == "eval" ? "" : prefix["eval_".Length..] });
    }

    /// <summary>Logs the summary and gives it as train_results.json holds it.</summary>
    public IReadOnlyDictionary<string, object?> Finish(RunLength length)
    {
        var samples = input.Options.MaxSteps > 0
            ? (double)input.Options.MaxSteps * length.BatchSize * length.Accumulation
            : length.Rows * input.Options.NumTrainEpochs;
        var record = new SortedDictionary<string, object?>(StringComparer.Ordinal) { ["total_flos"] = state.TotalFlos, ["train_loss"] = TrainLoss };
        ResultFiles.AddSpeed(record, "train", Elapsed, samples, length.TotalSteps);
        state.TrainingStopped = true;
        Log(record, new LogRecord { CurrentSteps = state.GlobalStep, TotalSteps = state.MaxSteps, Elapsed = Elapsed });
        var results = new SortedDictionary<string, object?>(record, StringComparer.Ordinal);
        results.Remove("step");
        if (input.Options.IncludeEffectiveTokensPerSecond || CountsTokens) results["effective_tokens_per_sec"] = progress.Tokens / Math.Max(1e-9, Elapsed.TotalSeconds);
        return results;
    }

    /// <summary>Brings the books up to date before they go into a checkpoint.</summary>
    public void Close()
    {
        progress.Seconds = Elapsed.TotalSeconds;
        progress.LogLines = _log?.Lines ?? 0;
    }

    private void ResultSpeed(SortedDictionary<string, object?> record)
    {
        var seconds = Elapsed.TotalSeconds;
        record["train_runtime"] = Math.Round(seconds, 4);
        if (seconds > 0) record["train_tokens_per_second"] = Math.Round(state.NumInputTokensSeen / seconds, 3);
    }

    private void Log(SortedDictionary<string, object?> record, LogRecord line)
    {
        record["epoch"] = state.Epoch;
        if (CountsTokens) record["num_input_tokens_seen"] = state.NumInputTokensSeen;
        input.Observer.OnLog(record);
        record["step"] = state.GlobalStep;
        state.LogHistory.Add(record);
        _log?.Append(line with { Epoch = state.Epoch, Tokens = CountsTokens ? state.NumInputTokensSeen : null });
    }

    // transformers' floating_point_ops: 6 operations a token and parameter, embeddings left out. Beside LoRA matrices a module that is trained in full counts twice: peft keeps the
    // original beside its copy.
    private static long ComputedParameters(TrainerInput input)
    {
        var computed = input.Model.NamedParameters().Where(entry => !entry.Name.Contains("embed", StringComparison.OrdinalIgnoreCase)).ToList();
        static bool IsLora((string Name, Torch.Nn.Parameter Parameter) entry) => entry.Name.Contains("lora_", StringComparison.Ordinal);
        var copies = computed.Exists(IsLora) ? computed.Where(entry => entry.Parameter.Trainable && !IsLora(entry)) : [];
        return computed.Concat(copies).Sum(entry => entry.Parameter.Value.Count);
    }
}
