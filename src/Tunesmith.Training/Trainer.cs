using Tunesmith.Models;
using Tunesmith.Torch;
using Tunesmith.Training.Batches;
using Tunesmith.Training.Losses;
using Tunesmith.Training.Optimizers;
using Tunesmith.Training.Phases;
using Tunesmith.Training.Results;
using Tunesmith.Training.Resume;
using Tunesmith.Training.Schedules;

namespace Tunesmith.Training;

/// <summary>
/// The loop. For every update: set the rate, add up the gradients of a window of micro-batches, clip, step; then maybe log, evaluate and save. Losses come as sum
/// and count, and only <see cref="Divisor"/> divides.
/// </summary>
public sealed class Trainer : IDisposable
{
    private readonly TrainerInput _input;
    private readonly TrainingOptions _options;
    private readonly Model _model;
    private readonly RunLength _length;
    private readonly Schedule _schedule;
    private readonly Optimizer _optimizer;
    private readonly RunRecorder _recorder;
    private readonly TrainerState _state;
    private readonly Progress _progress;
    private readonly Evaluator _evaluator;
    private readonly IReadOnlyList<EvaluationSet> _sets;
    private readonly long _evalEvery, _saveEvery, _logEvery;
    private bool _stop;
    private long _savedStep;

    /// <summary>Prepares a run; nothing is drawn or changed before <see cref="Run"/>.</summary>
    public Trainer(TrainerInput input)
    {
        (_input, _options, _model) = (input, input.Options, input.Model);
        if (input.Train.Count == 0) throw Errors.NoTrainingExamples();
        input.Stage.Check(_model);
        _length = RunLength.Of(input.Train.Count, _options.PerDeviceTrainBatchSize, _options.GradientAccumulationSteps, _options.NumTrainEpochs, _options.MaxSteps);
        var total = _length.TotalSteps;
        _logEvery = TrainingOptions.Interval(_options.LoggingSteps, total);
        _saveEvery = TrainingOptions.Interval(_options.SaveSteps, total);
        _evalEvery = TrainingOptions.Interval(_options.EvalInterval, total);
        _sets = EvaluationSet.Of(input.Eval, input.EvalByName);
        (string, string)[] problems = [.. TrainerChecks.Problems(_options, _sets.Count > 0, input.EvalByName is not null)];
        if (problems.Length > 0) throw Errors.Together(problems);
        CheckMetric();
        _schedule = Schedules.Schedules.Create(_options.LrSchedulerType, Schedules.Schedules.WithDefaults(_options.LrSchedulerType, new ScheduleRequest(_options.LearningRate,
            RunLength.WarmupSteps(_options.Warmup, total), total, _options.LrSchedulerKwargs ?? new Dictionary<string, object?>())));
        _optimizer = Optimizers.Optimizers.Create(_options, ParameterGroups.Of(_model, _options));
        _state = new TrainerState
        {
            MaxSteps = total,
            NumTrainEpochs = _length.Epochs,
            LoggingSteps = _logEvery,
            SaveSteps = _saveEvery,
            EvalSteps = _options.EvalSteps is null && _options.EvalStrategy != "steps" ? 500 : _evalEvery,
            TrainBatchSize = _options.PerDeviceTrainBatchSize,
        };
        _progress = new Progress();
        _recorder = new RunRecorder(input, _state, _progress);
        _evaluator = new Evaluator(_model, input.Stage, _options.PerDeviceEvalBatchSize, input.Time) { Mean = input.EvaluationMean, OnProgress = input.Observer.OnEvaluating };
    }

    // Before the first update, not at the first evaluation. Who looks at what was measured may add to it.
    private void CheckMetric()
    {
        if (_options.EvalStrategy == "no" || _sets.Count == 0 || _input.OnMeasured is not null || (!_options.DecidesByMetric && _options.LrSchedulerType != "reduce_lr_on_plateau")) return;
        string[] metrics = [.. _input.Stage.Metrics(_model).Result().Keys, "loss"];
        string[] known = [.. _sets.SelectMany(set => metrics.Select(name => $"{set.Prefix("eval")}_{name}"))];
        if (!known.Contains(_options.BestMetricName)) throw Errors.MissingMetric(_options.BestMetricName, known);
    }

    /// <summary>Who is trained, at which rates.</summary>
    public IReadOnlyList<ParameterGroup> Groups => _optimizer.Groups;

    /// <summary>How long the run is.</summary>
    public RunLength Length => _length;

    /// <summary>Trains to the end, to an early stop, or to the next update after `cancel`.</summary>
    public TrainingResult Run(CancellationToken cancel = default)
    {
        Generator.Default.Seed((ulong)_options.Seed); // training draws the same numbers whatever was drawn before it (golden rule 8)
        if (_input.ResumeFrom is string checkpoint) Resume(checkpoint);
        _input.Origin?.NoteIn(_progress);
        _recorder.Start(_length, _optimizer.Parameters.Sum(entry => entry.Parameter.Value.Count));
        _model.GradientCheckpointing = _options.GradientCheckpointing;
        _model.EmbeddingHook = _options.NeftuneNoiseAlpha is > 0 ? AddNoise : null;
        _model.Train();
        var interrupted = _options.EvalOnStart && _state.GlobalStep == 0 && Measure(cancel) is null; // as in transformers, it decides nothing
        if (_progress.EvaluationDue) interrupted = !EvaluateAndSave(_options.EvalStrategy, cancel);
        // An epoch that was begun is ended, also by a run that goes on after its last update.
        while (_progress.Epoch < _length.Epochs && (!Done || _progress.Window > 0) && !interrupted)
        {
            long[] order = Order(_progress.Epoch);
            _input.OnOrder?.Invoke(_progress.Epoch, order);
            if (!_progress.EpochStarted) Generator.Default.Next64(); // a data loader that starts draws the base seed of its workers (rule 10)
            _progress.EpochStarted = true;
            while (_progress.Window < _length.StepsPerEpoch && !Done)
            {
                if (interrupted = cancel.IsCancellationRequested) break;
                Step(Window(order));
                _progress.Window++;
                if ((_options.LoggingStrategy == "steps" && IsDue(_logEvery)) || (_options.LoggingFirstStep && _state.GlobalStep == 1)) _recorder.LogLoss(Rate, _progress.LastNorm);
                if (interrupted = !EvaluateAndSave("steps", cancel)) break;
            }
            if (interrupted) break;
            (_progress.Epoch, _progress.Window, _progress.EpochStarted) = (_progress.Epoch + 1, 0, false);
            if (_options.LoggingStrategy == "epoch") _recorder.LogLoss(Rate, _progress.LastNorm);
            interrupted = !EvaluateAndSave("epoch", cancel);
        }

        _model.EmbeddingHook = null;
        if (interrupted)
        {
            Save(toGoOn: true);
            return new TrainingResult(_state.GlobalStep, _recorder.TrainLoss, true, _state, new Dictionary<string, object?>());
        }
        var metrics = _recorder.Finish(_length);
        if (_options.LoadBestModelAtEnd) LoadBest();
        return new TrainingResult(_state.GlobalStep, _recorder.TrainLoss, false, _state, metrics);
    }

    // As transformers does: the best evaluation that a checkpoint was written of, which need not be the best of all.
    private void LoadBest()
    {
        if (_input.RunFolder is not string folder || _state.BestGlobalStep is not long best || best == _state.GlobalStep) return;
        var saved = CheckpointFolders.PathOf(folder, best);
        if (!CheckpointState.HasValues(saved))
        {
            saved = _state.BestModelCheckpoint;
            var found = saved is not null && CheckpointState.HasValues(saved);
            _input.Observer.OnWarning(Errors.BestWithoutCheckpoint(best, found ? $"the weights are those of {saved}" : "the weights are those of the last update"));
            if (!found) return;
        }
        CheckpointState.ReadTensors(saved!, _optimizer.Parameters, optimizer: null);
    }

    // The checkpoint that must not be deleted: of the best evaluation that has one.
    private long? BestSaved(string folder) => _state.BestGlobalStep is long best && Directory.Exists(CheckpointFolders.PathOf(folder, best)) ? best
        : _state.BestModelCheckpoint is { } path ? CheckpointFolders.StepOf(path) : null;

    private bool Done => _stop || _state.GlobalStep >= _length.TotalSteps;

    private double Rate => _progress.LastRate;

    private bool IsDue(long every) => every > 0 && _state.GlobalStep % every == 0;

    /// <summary>One update from a window of micro-batches.</summary>
    private void Step(IReadOnlyList<Batch> window)
    {
        // The rate of this update.
        var factor = _schedule.Factor(_state.GlobalStep);
        foreach (var group in _optimizer.Groups) group.Rate = group.InitialRate * factor;
        _progress.LastRate = _optimizer.Groups[0].Rate;

        // Gradients of the whole window.
        _input.OnWindow?.Invoke(window);
        var terms = window.Sum(_input.Stage.Terms);
        var losses = new float[window.Count];
        for (var micro = 0; micro < window.Count; micro++)
        {
            using var scope = Scope.Open();
            LossSum loss = _input.Stage.Loss(_model, window[micro]);
            var part = loss.Sum / Divisor(loss, terms, window.Count);
            part.Backward();
            losses[micro] = (float)part.Item();
        }
        var windowLoss = losses.Sum();
        if (!float.IsFinite(windowLoss)) throw Errors.LossNotFinite(_state.GlobalStep + 1, windowLoss, Rate);

        // Clip and step.
        _input.BeforeUpdate?.Invoke(_state.GlobalStep + 1);
        _progress.LastNorm = GradientNorm.Clip(_optimizer.Parameters, _options.MaxGradNorm);
        if (!double.IsFinite(_progress.LastNorm)) throw Errors.GradientNotFinite(_state.GlobalStep + 1, _progress.LastNorm, Rate);
        _optimizer.Step();
        foreach (var (_, parameter) in _optimizer.Parameters) parameter.Value.ClearGrad();

        // Tell.
        _state.GlobalStep++;
        _state.Epoch = _progress.Epoch + (double)Math.Min((_progress.Window + 1) * _length.Accumulation, _length.MicroBatchesPerEpoch) / _length.MicroBatchesPerEpoch;
        _recorder.Stepped(window, losses, _progress.LastNorm, Rate);
    }

    // What a micro-batch's sum is divided by: the formulas of golden/training, point 5.
    private double Divisor(LossSum loss, double windowTerms, int windowSize) => Math.Max(1, _input.Stage.Reduction switch
    {
        LossReduction.SummedMeans => loss.Count,
        LossReduction.AveragedMeans => loss.Count * windowSize,
        _ => windowTerms,
    });

    /// <summary>The order of the examples in an epoch: a permutation drawn from the data's seed + epoch (accelerate's SeedableRandomSampler), or the stored one.</summary>
    private long[] Order(long epoch)
    {
        if (_options.DisableShuffling)
        {
            var stored = new long[_length.Rows];
            for (var row = 0; row < stored.Length; row++) stored[row] = row;
            return stored;
        }
        using var scope = Scope.Open();
        var order = new Generator(_options.OrderSeed + (ulong)epoch).RandPerm(_length.Rows).ToLongs();
        return _options.GroupByLength ? LengthGroups.Arrange(order, _input.Train, (int)_length.BatchSize) : order;
    }

    private List<Batch> Window(long[] order)
    {
        var batches = new List<Batch>(_length.Accumulation);
        var first = _progress.Window * _length.Accumulation * _length.BatchSize;
        for (var micro = 0; micro < _length.WindowSize(_progress.Window); micro++, first += _length.BatchSize)
            batches.Add(_input.Stage.Collator.Collate(_input.Train, order.AsSpan((int)first, (int)Math.Min(_length.BatchSize, order.Length - first))));
        return batches;
    }

    // NEFTune (2310.05914): noise, uniform in ±α/√(T·C), on the embeddings [B, T, C] while training.
    private Tensor AddNoise(Tensor embeddings)
    {
        if (!_model.Training) return embeddings;
        if (_input.EmbeddingNoise is not null) return embeddings + _input.EmbeddingNoise(embeddings);
        var bound = _options.NeftuneNoiseAlpha!.Value / Math.Sqrt((double)embeddings.Size(1) * embeddings.Size(2));
        var noise = Tensor.Zeros(embeddings.Shape, embeddings.DType);
        noise.UniformInPlace(-bound, bound, Generator.Default);
        return embeddings + noise;
    }

    /// <summary>After an update ("steps") or an epoch: evaluates and saves, each where it is time.</summary>
    /// <returns>False where the evaluation was cancelled: then a run that goes on begins with it.</returns>
    private bool EvaluateAndSave(string when, CancellationToken cancel)
    {
        var atEnd = _state.GlobalStep >= _length.TotalSteps;
        var due = _options.EvalStrategy == when && (when == "steps" ? (IsDue(_evalEvery) || atEnd) && _options.EvalDelay <= _state.GlobalStep : _options.EvalDelay <= _state.Epoch);
        if (_progress.EvaluationDue) (_progress.EvaluationDue, _savedStep) = (false, 0); // the checkpoint of this update was written without what comes now
        if (due && !Evaluate(cancel))
        {
            _progress.EvaluationDue = true;
            return false;
        }
        if (_options.SaveStrategy == when && (when == "epoch" || IsDue(_saveEvery) || atEnd)) Save();
        return true;
    }

    /// <returns>The metrics by their names; null where it was cancelled: then nothing of it has happened.</returns>
    private Dictionary<string, double>? Measure(CancellationToken cancel)
    {
        var before = Generator.Default.GetState();
        var results = new List<EvaluationResult>();
        try
        {
            foreach (var set in _sets)
            {
                Generator.Default.Next64(); // its data loader starts too
                results.Add(_evaluator.Run(set.Examples, cancel));
            }
        }
        catch (OperationCanceledException)
        {
            Generator.Default.SetState(before);
            return null;
        }
        var measured = new Dictionary<string, double>();
        foreach (var (set, found) in _sets.Zip(results))
        {
            var result = _input.OnMeasured is { } look ? look(set.Prefix("eval"), _state.GlobalStep, found) : found;
            _recorder.LogEvaluation(result, set.Prefix("eval"));
            foreach (var (name, value) in result.Metrics) measured[$"{set.Prefix("eval")}_{name}"] = value;
            measured[set.Prefix("eval") + "_loss"] = result.Loss;
        }
        return measured;
    }

    private bool Evaluate(CancellationToken cancel)
    {
        if (_sets.Count == 0) return true;
        if (Measure(cancel) is not { } measured) return false;
        if (!measured.TryGetValue(_options.BestMetricName, out var metric))
        {
            if (_options.DecidesByMetric || _schedule.NeedsEvaluation) throw Errors.MissingMetric(_options.BestMetricName, measured.Keys);
            metric = measured.Values.First();
        }
        if (!double.IsFinite(metric)) throw Errors.LossNotFinite(_state.GlobalStep, metric, Rate);
        _schedule.Observe(metric);
        var better = _state.BestMetric is not double best || (_options.HigherIsBetter ? metric > best : metric < best);
        _progress.EvaluationsWithoutGain = better ? 0 : _progress.EvaluationsWithoutGain + 1;
        if (_options.EarlyStoppingSteps is int patience)
        {
            _state.EarlyStopping = (patience, _progress.EvaluationsWithoutGain);
            if (_progress.EvaluationsWithoutGain >= patience) _stop = true;
        }
        if (!better || !TracksBest) return true;
        (_state.BestMetric, _state.BestGlobalStep) = (metric, _options.SaveStrategy == "no" ? null : _state.GlobalStep);
        if (_options.SaveStrategy == "best") Save();
        return true;
    }

    private bool TracksBest => _options.DecidesByMetric || _schedule.NeedsEvaluation;

    // A run that is stopped needs all of its state to go on, whatever its other checkpoints hold.
    private void Save(bool toGoOn = false)
    {
        if (_input.RunFolder is not string folder || _state.GlobalStep == 0) return;
        if (_savedStep == _state.GlobalStep && !(toGoOn && _options.SaveOnlyModel)) return;
        _state.TrainingStopped = Done;
        if (_state.BestGlobalStep is long best && (best == _state.GlobalStep || Directory.Exists(CheckpointFolders.PathOf(folder, best))))
            _state.BestModelCheckpoint = CheckpointFolders.PathOf(folder, best);
        _progress.Schedule = new Dictionary<string, double>(_schedule.SaveState());
        _recorder.Close();
        var path = CheckpointFolders.Write(folder, _state.GlobalStep, target =>
        {
            _input.SaveModel?.Invoke(target);
            CheckpointState.Write(target, _optimizer, _progress, _state, whole: toGoOn || !_options.SaveOnlyModel, _options.LoadBestModelAtEnd);
        });
        _savedStep = _state.GlobalStep;
        CheckpointFolders.KeepOnly(folder, _options.SaveTotalLimit, BestSaved(folder), _state.GlobalStep);
        _input.Observer.OnSave(path, _state.GlobalStep);
    }

    private void Resume(string checkpoint)
    {
        if (CheckpointFolders.Fault(checkpoint) is string fault) throw Errors.ResumeFolder(checkpoint, fault);
        CheckpointState.ReadTensors(checkpoint, _optimizer.Parameters, _optimizer);
        CheckpointState.ReadState(checkpoint, _state);
        if (_state.GlobalStep > _length.TotalSteps) throw Errors.CheckpointBeyond(checkpoint, _state.GlobalStep, _length.TotalSteps);
        _progress.Take(CheckpointState.ReadProgress(checkpoint));
        // Other data, batches or accumulation have other epochs: the run is where transformers would take up its updates.
        if (_progress.Epoch * _length.StepsPerEpoch + _progress.Window != _state.GlobalStep)
            (_progress.Epoch, _progress.Window, _progress.EpochStarted) = (_state.GlobalStep / _length.StepsPerEpoch, _state.GlobalStep % _length.StepsPerEpoch, _state.GlobalStep % _length.StepsPerEpoch > 0);
        CheckpointState.ReadGenerator(checkpoint);
        _schedule.LoadState(_progress.Schedule);
        _savedStep = _state.GlobalStep;
        if (_options.EarlyStoppingSteps is int patience)
        {
            _state.EarlyStopping = (patience, _progress.EvaluationsWithoutGain);
            _stop = _progress.EvaluationsWithoutGain >= patience;
        }
        // A kill may have come between a checkpoint and the deletion of the one that it replaced.
        if (!_input.ResumeAsTransformers && _input.RunFolder is string folder)
            CheckpointFolders.KeepOnly(folder, _options.SaveTotalLimit, BestSaved(folder), _state.GlobalStep);
        if (!_input.ResumeAsTransformers) return;
        (_progress.WindowLoss, _progress.TotalLoss, _progress.LoggedStep, _progress.Seconds, _progress.LogLines) = (0, 0, _state.GlobalStep, 0, 0);
    }

    /// <inheritdoc/>
    public void Dispose() => _optimizer.Dispose();
}
