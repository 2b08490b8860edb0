namespace Tunesmith.Training;

/// <summary>Combinations of keys that cannot work, found before the first update.</summary>
internal static class TrainerChecks
{
    public static void Run(TrainingOptions options, bool hasExamples, long saveEvery, long evalEvery)
    {
        var evaluates = options.EvalStrategy != "no";
        if (evaluates && !hasExamples) throw Errors.EvaluationWithoutExamples("eval_strategy");
        if (options.EvalOnStart && !hasExamples) throw Errors.EvaluationWithoutExamples("eval_on_start");
        if (options.LrSchedulerType == "reduce_lr_on_plateau" && !evaluates) throw Errors.PlateauNeedsEvaluation();
        if (options.EarlyStoppingSteps is not null && !evaluates) throw Errors.EarlyStoppingNeedsBest();
        if (!options.LoadBestModelAtEnd) return;
        if (options.SaveStrategy != "best" && options.SaveStrategy != options.EvalStrategy) throw Errors.BestNeedsSameStrategy(options.SaveStrategy, options.EvalStrategy);
        if (options.SaveStrategy == "steps" && saveEvery % evalEvery != 0) throw Errors.BestNeedsMultiple(saveEvery, evalEvery);
    }
}
