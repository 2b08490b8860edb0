using Tunesmith.Runs;
using Tunesmith.Training.Schedules;

namespace Tunesmith.Training;

/// <summary>Combinations of keys that cannot work: they need nothing but the recipe, so that they are told before anything is read or removed.</summary>
internal static class TrainerChecks
{
    // transformers compares parts of a run in millionths, since 0.3 is no exact multiple of 0.1.
    private const double Millionths = 1_000_000;

    /// <summary>Every one of them: the key and what is wrong with it.</summary>
    /// <param name="evaluable">Whether there is anything to evaluate on.</param>
    /// <param name="eachByName">Whether metrics bear the names of data sets.</param>
    public static IEnumerable<(string Key, string Problem)> Problems(TrainingOptions options, bool evaluable, bool eachByName = false)
    {
        var evaluates = options.EvalStrategy != "no";
        if (evaluates && !evaluable) yield return ("eval_strategy", Errors.EvaluationWithoutExamples("eval_strategy"));
        if (options.EvalOnStart && !evaluable) yield return ("eval_on_start", Errors.EvaluationWithoutExamples("eval_on_start"));
        if (options.LrSchedulerType == "reduce_lr_on_plateau" && !evaluates) yield return ("lr_scheduler_type", Errors.PlateauNeedsEvaluation());
        if (options.EarlyStoppingSteps is not null && !evaluates) yield return ("early_stopping_steps", Errors.EarlyStoppingNeedsBest());
        if (options.LoggingStrategy == "steps" && options.LoggingSteps == 0) yield return ("logging_steps", Errors.NoInterval());
        else if (options.EvalStrategy == "steps" && options.EvalInterval == 0) yield return ("eval_steps", Errors.NoInterval());
        foreach (var (key, strategy, interval) in ((string, string, double)[])
            [("logging_steps", options.LoggingStrategy, options.LoggingSteps), ("save_steps", options.SaveStrategy, options.SaveSteps), ("eval_steps", options.EvalStrategy, options.EvalSteps ?? 0)])
            if (strategy == "steps" && interval > 1 && interval != Math.Floor(interval)) yield return (key, Errors.BrokenInterval(interval));
        if (options.Optim.StartsWith("adam", StringComparison.Ordinal))
            foreach (var (key, beta) in ((string, double)[])[("adam_beta1", options.AdamBeta1), ("adam_beta2", options.AdamBeta2)])
                if (beta >= 1) yield return (key, Errors.BetaOfOne());
        // A classifier's metrics depend on its labels; they are known when the model is.
        if (evaluates && !eachByName && options.Stage != "cls" && options.DecidesByMetric && options.BestMetricName is var metric && metric != "eval_loss" && !(metric == "eval_accuracy" && options.ComputeAccuracy))
            yield return ("metric_for_best_model", Errors.NotMeasured(metric, options.ComputeAccuracy ? ["eval_accuracy", "eval_loss"] : ["eval_loss"]));
        if (options.LoadBestModelAtEnd)
        {
            if (options.SaveStrategy != "best" && options.SaveStrategy != options.EvalStrategy) yield return ("load_best_model_at_end", Errors.BestNeedsSameStrategy(options.SaveStrategy, options.EvalStrategy));
            else if (options.SaveStrategy == "steps" && !IsMultiple(options.SaveSteps, options.EvalInterval)) yield return ("load_best_model_at_end", Errors.BestNeedsMultiple(options.SaveSteps, options.EvalInterval));
        }
        // Their arguments are read when they are made; how long the run will be does not matter to that.
        if (Fault(() => Schedules.Schedules.Create(options.LrSchedulerType, Schedules.Schedules.WithDefaults(options.LrSchedulerType,
            new ScheduleRequest(options.LearningRate, 10, 100, options.LrSchedulerKwargs ?? new Dictionary<string, object?>())))) is { } schedule) yield return schedule;
        if (Fault(() => Optimizers.Optimizers.Create(options, []).Dispose()) is { } optimizer) yield return optimizer;
    }

    /// <summary>Whether every update that is saved is one that was evaluated, as transformers decides it.</summary>
    private static bool IsMultiple(double save, double evaluate)
    {
        if (evaluate == 0 || save % evaluate == 0) return true;
        return save < 1 && evaluate < 1 && Math.Round(save * Millionths) % Math.Round(evaluate * Millionths) == 0;
    }

    private static (string Key, string Problem)? Fault(Action make)
    {
        try
        {
            make();
            return null;
        }
        catch (UsageException problem)
        {
            // "key: got ..." or "key, its part: got ..."
            var text = problem.Message.TrimEnd('.');
            var key = text[..text.IndexOfAny([':', ','])];
            return (key, text[(key.Length + 2)..]);
        }
    }
}
