using Tunesmith.Data;
using Tunesmith.Models;
using Tunesmith.Runs.Folders;
using Tunesmith.Text.Templates;
using Tunesmith.Text.Tokenizers;
using Tunesmith.Training.Results;
using Tunesmith.Training.Stages;

namespace Tunesmith.Training.Phases;

/// <summary>What a run does with its evaluation examples after training, or without any: do_eval and do_predict, with the files that LLaMA-Factory leaves.</summary>
internal sealed class RunPhases(RunOptions options, Model model, Tokenizer tokenizer, Template? template, Evaluator evaluator, DatasetSplits data, RunFolder folder, IRunObserver observer, RunRequest request)
{
    private const int ShownPredictions = 6;

    private readonly IReadOnlyList<EvaluationSet> _sets = EvaluationSet.Of(data.Eval, data.EvalByName);
    private readonly EvaluationLog _log = new(folder.In(TrainerLog.FileName), request.Time);
    private readonly TrainingOptions _training = options.Training;
    private double? _preparation;

    /// <summary>State at the end of training; null without training.</summary>
    public TrainerState? Trained { get; set; }

    private string AtTheEnd => Trained is null ? "without" : "after";

    /// <summary>Whether there is anything to measure on.</summary>
    public bool HasExamples => _sets.Count > 0;

    /// <summary>What a plot of the run shows.</summary>
    public string[] Curves()
    {
        string[] sets = [.. _sets.Select(set => set.Prefix("eval"))];
        if (sets.Length == 0) sets = ["eval"];
        return ["loss", .. sets.SelectMany(prefix => _training.Stage == "pt" ? [prefix + "_loss"] : new[] { prefix + "_loss", prefix + "_accuracy" })];
    }

    /// <summary>What the model can do before training: measured and kept in before_results.json, from where a run that goes on takes it.</summary>
    public IReadOnlyDictionary<string, double>? Before(bool resumes, CancellationToken cancel)
    {
        const string prefix = "before_";
        if (resumes) return ResultFiles.Numbers(folder.Path, "before")?.ToDictionary(entry => entry.Key[prefix.Length..], entry => entry.Value);
        var metrics = new Dictionary<string, double>();
        foreach (var set in _sets)
            foreach (var (name, value) in Measure(set, "before", cancel).Event.Metrics) metrics[set.Name.Length == 0 ? name : $"{set.Name}_{name}"] = value;
        ResultFiles.Write(folder.Path, "before", metrics.ToDictionary(entry => prefix + entry.Key, entry => (object?)entry.Value));
        return metrics;
    }

    /// <summary>do_eval: writes eval_results.json.</summary>
    public IReadOnlyDictionary<string, double> Evaluate(CancellationToken cancel)
    {
        var record = new Dictionary<string, object?>();
        var told = new Dictionary<string, double>();
        foreach (var set in _sets)
        {
            var prefix = set.Prefix("eval");
            var (result, runtime, batches) = _training.PredictWithGenerate ? Generated(set, record, prefix, cancel) : Lost(set, record, prefix, cancel);
            foreach (var (name, value) in result) told[set.Name.Length == 0 ? name : $"{set.Name}_{name}"] = value;
            ResultFiles.AddSpeed(record, prefix, runtime, set.Examples.Count, batches);
            if (_preparation is double seconds) record[prefix + "_model_preparation_time"] = seconds;
            if (Trained is null) _log.Logged(record.GetValueOrDefault("eval_loss") as double?);
            _log.Ended();
        }
        record["epoch"] = Trained is null ? (object)0 : Trained.Epoch; // a whole number where nothing was trained
        if (_training.IncludeNumInputTokensSeen is not ("no" or "false")) record["num_input_tokens_seen"] = Trained?.NumInputTokensSeen ?? 0;
        if (_training.Stage == "pt")
            foreach (var set in _sets) record[set.Prefix("eval") + "_perplexity"] = Math.Exp((double)record[set.Prefix("eval") + "_loss"]!);
        ResultFiles.Write(folder.Path, "eval", record);
        return told;
    }

    /// <summary>do_predict: answers of a language model, labels of a classifier.</summary>
    /// <returns>What was measured of the answers; null where nothing was.</returns>
    public IReadOnlyDictionary<string, double>? Predict(CancellationToken cancel)
    {
        if (_training.Stage == "cls") PredictionFile.WriteClasses(folder.In("predictions.jsonl"), evaluator.Run(data.Eval!, cancel), data.Labels!, DataPreview.Texts(options.Data, data.EvalPlaces));
        if (_training.Stage == "pt") observer.OnWarning(Errors.NothingToPredict());
        if (_training.Stage != "sft") return null;
        var record = new Dictionary<string, object?>();
        var set = _sets[0];
        var (answers, runtime, batches) = Answers(set, cancel);
        var metrics = Compared(answers);
        foreach (var (name, value) in metrics) record["predict_" + name] = value;
        ResultFiles.AddSpeed(record, "predict", runtime, set.Examples.Count, batches);
        if (_preparation is double seconds) record["predict_model_preparation_time"] = seconds;
        _log.Ended();
        ResultFiles.Write(folder.Path, "predict", record);
        PredictionFile.WriteAnswers(folder.In("generated_predictions.jsonl"), answers);
        observer.OnMessage($"{answers.Count} answers are in {folder.In("generated_predictions.jsonl")}.");
        return metrics;
    }

    private (IReadOnlyDictionary<string, double> Told, TimeSpan Runtime, int Batches) Lost(EvaluationSet set, Dictionary<string, object?> record, string prefix, CancellationToken cancel)
    {
        var (told, result) = Measure(set, AtTheEnd, cancel);
        record[prefix + "_loss"] = result.Loss;
        foreach (var (name, value) in result.Metrics) record[$"{prefix}_{name}"] = value;
        Show(result);
        return (told.Metrics, result.Runtime, result.Batches);
    }

    private (IReadOnlyDictionary<string, double> Told, TimeSpan Runtime, int Batches) Generated(EvaluationSet set, Dictionary<string, object?> record, string prefix, CancellationToken cancel)
    {
        var (answers, runtime, batches) = Answers(set, cancel);
        var metrics = Compared(answers);
        foreach (var (name, value) in metrics) record[$"{prefix}_{name}"] = value;
        observer.OnEvaluate(new EvaluationEvent(AtTheEnd, Trained?.GlobalStep ?? 0, Trained?.Epoch ?? 0, metrics, runtime) { Set = set.Name });
        return (metrics, runtime, batches);
    }

    private (EvaluationEvent Event, EvaluationResult Result) Measure(EvaluationSet set, string when, CancellationToken cancel)
    {
        if (when != "before") Prepare(set);
        var result = evaluator.Run(set.Examples, cancel, when == "without" ? _log.Stepped : null);
        var metrics = new Dictionary<string, double>(result.Metrics) { ["loss"] = result.Loss };
        var told = new EvaluationEvent(when, Trained?.GlobalStep ?? 0, Trained?.Epoch ?? 0, metrics, result.Runtime) { Set = set.Name };
        observer.OnEvaluate(told);
        return (told, result);
    }

    private (IReadOnlyList<WrittenAnswer> Answers, TimeSpan Runtime, int Batches) Answers(EvaluationSet set, CancellationToken cancel)
    {
        Prepare(set);
        var started = request.Time.GetTimestamp();
        var done = 0;
        var answers = new AnswerWriter(options, (CausalModel)model, tokenizer, template!).Run(set.Examples, () =>
        {
            if (Trained is null) _log.Stepped();
            observer.OnEvaluating(++done, Batches(set));
        }, cancel);
        return (answers, request.Time.GetElapsedTime(started), Batches(set));
    }

    private IReadOnlyDictionary<string, double> Compared(IReadOnlyList<WrittenAnswer> answers) =>
        request.CompareTexts is { } compare ? compare([.. answers.Select(answer => answer.Compared)]) : new Dictionary<string, double>();

    // transformers prepares a model before its first evaluation where nothing was trained, and says how long that took.
    private void Prepare(EvaluationSet set)
    {
        if (Trained is not null) return;
        _log.Begin(Batches(set));
        if (_preparation is not null) return;
        var started = request.Time.GetTimestamp();
        model.Eval();
        _preparation = Math.Round(request.Time.GetElapsedTime(started).TotalSeconds, 4);
    }

    private int Batches(EvaluationSet set) => (set.Examples.Count + _training.PerDeviceEvalBatchSize - 1) / _training.PerDeviceEvalBatchSize;

    private void Show(EvaluationResult result)
    {
        if (result.Sums is not ClassMetrics { Answers.Count: > 0 } classes || data.Labels is not { } labels || data.EvalPlaces.Count != classes.Answers.Count) return;
        // Right and wrong ones, both spread over the file: a person should see what the model still gets wrong.
        var wrong = classes.Answers.Where(a => a.Label != a.Expected).Take(ShownPredictions / 3);
        var right = classes.Answers.Where(a => a.Label == a.Expected).GroupBy(a => a.Label).SelectMany(g => g.Take(ShownPredictions / 3));
        var shown = right.Concat(wrong).Take(ShownPredictions).ToList();
        var texts = DataPreview.Texts(options.Data, [.. shown.Select(a => data.EvalPlaces[a.Row])]);
        observer.OnPredictions("after", [.. shown.Select((a, i) => new ExamplePrediction(a.Row, labels.Names[a.Label], a.Probability, labels.Names[a.Expected]) { Text = texts[i] })]);
    }
}
