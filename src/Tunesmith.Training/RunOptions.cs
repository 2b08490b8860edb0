using Tunesmith.Data;
using Tunesmith.Models;
using Tunesmith.Models.Adapters;
using Tunesmith.Models.Generation;
using Tunesmith.Runs.Recipes;

namespace Tunesmith.Training;

/// <summary>Every options record of a run, bound from one recipe.</summary>
public sealed record RunOptions(TrainingOptions Training, ModelOptions Model, AdapterOptions Adapter, DataOptions Data, GenerationOptions Generation)
{
    /// <summary>The options records: together they declare every key that a recipe may set, each key once.</summary>
    public static IReadOnlyList<Type> Records { get; } = [typeof(TrainingOptions), typeof(ModelOptions), typeof(AdapterOptions), typeof(DataOptions), typeof(GenerationOptions)];

    // What a LoRA that goes on being trained has from its own adapter_config.json, in LLaMA-Factory too.
    private IEnumerable<string> WithoutEffect
    {
        get
        {
            if (Adapter is not { FinetuningType: "lora", CreateNewAdapter: false } || !Training.DoTrain || Model.AdapterNameOrPath is not { Count: > 0 }) yield break;
            var usual = new AdapterOptions();
            if (Adapter.LoraRank != usual.LoraRank) yield return "lora_rank";
            if (Adapter.LoraAlpha != usual.LoraAlpha) yield return "lora_alpha";
            if (Adapter.LoraDropout != usual.LoraDropout) yield return "lora_dropout";
            if (!Adapter.LoraTarget.SequenceEqual(usual.LoraTarget)) yield return "lora_target";
            if (Adapter.AdditionalTarget is not null) yield return "additional_target";
            if (Adapter.UseRslora) yield return "use_rslora";
            if (Adapter.UseDora) yield return "use_dora";
            if (Adapter.PissaInit) yield return "pissa_init";
        }
    }

    /// <summary>What a person should know before the run begins.</summary>
    public IEnumerable<string> Warnings(ModelOutline outline) =>
        [.. WithoutEffect.Select(Errors.KeyOfTheAdapter), .. outline.Unmatched.Select(Errors.NoSuchModule)];

    /// <summary>Binds and checks all keys; every problem is told at once, before anything heavy starts.</summary>
    public static RunOptions Bind(Recipe recipe)
    {
        var options = new RunOptions(recipe.Bind<TrainingOptions>(), recipe.Bind<ModelOptions>(), recipe.Bind<AdapterOptions>(), recipe.Bind<DataOptions>(), recipe.Bind<GenerationOptions>());
        if (options.Model.ModelNameOrPath is null) recipe.AddProblem("model_name_or_path", "got nothing; expected the folder of a model. Add model_name_or_path: DIR");
        if (string.IsNullOrEmpty(options.Training.OutputDir)) recipe.AddProblem("output_dir", "got nothing; expected the folder for checkpoints and results. Add output_dir: DIR");
        var lora = options.Adapter.FinetuningType == "lora";
        foreach (var (key, set) in (ReadOnlySpan<(string, bool)>)
        [
            ("use_rslora", options.Adapter.UseRslora), ("use_dora", options.Adapter.UseDora), ("pissa_init", options.Adapter.PissaInit),
            ("loraplus_lr_ratio", options.Training.LoraplusLrRatio is not null), ("adapter_name_or_path", options.Model.AdapterNameOrPath is { Count: > 0 }),
        ])
        {
            if (set && !lora) recipe.AddProblem(key, $"got a value with finetuning_type: {options.Adapter.FinetuningType}; expected it only with lora. Remove it or set finetuning_type: lora");
        }
        if (options.Training.PureBf16 && options.Training.Bf16) recipe.AddProblem("pure_bf16", "got true together with bf16: true; expected one of them. Remove one");
        // Keys that are read and would change the result, but are not done.
        if (!options.Data.IgnorePadTokenForLoss && options.Training.Stage == "sft") recipe.AddProblem("ignore_pad_token_for_loss", Errors.OnlyValue("false", "true"));
        if (options.Model.SplitSpecialTokens) recipe.AddProblem("split_special_tokens", Errors.OnlyValue("true", "false"));
        CheckPhases(recipe, options.Training, options.Data);
        if (options.Training.DoTrain)
            foreach (var (key, problem) in TrainerChecks.Problems(options.Training, options.Data.HasEval, options.Data.EvalOnEachDataset)) recipe.AddProblem(key, problem);
        recipe.ThrowIfProblems();
        return options;
    }

    // What LLaMA-Factory refuses too (hparams/parser.py, get_train_args), and what is not done here.
    private static void CheckPhases(Recipe recipe, TrainingOptions training, DataOptions data)
    {
        if (training.DoTrain && data.Dataset.Count + data.TrainFile.Count == 0) recipe.AddProblem("do_train", Errors.NoTrainingData());
        foreach (var (key, set) in (ReadOnlySpan<(string, bool)>)[("do_eval", training.DoEval), ("do_predict", training.DoPredict), ("predict_with_generate", training.PredictWithGenerate)])
            if (set && !data.HasEval) recipe.AddProblem(key, Errors.NoEvaluationData());
        if (training.Stage == "sft" && training.DoPredict && !training.PredictWithGenerate) recipe.AddProblem("do_predict", Errors.PredictNeedsGenerate());
        if (!training.PredictWithGenerate) return;
        if (training.Stage != "sft") recipe.AddProblem("predict_with_generate", Errors.GenerateOnlySft(training.Stage));
        if (training.ComputeAccuracy) recipe.AddProblem("predict_with_generate", Errors.GenerateAndAccuracy());
        if (training.DoTrain && training.EvalStrategy != "no") recipe.AddProblem("predict_with_generate", Errors.GenerateWhileTraining(training.EvalStrategy));
        if (training.DoPredict && data.EvalOnEachDataset && data.EvalDataset.Count + data.EvalFile.Count > 0) recipe.AddProblem("do_predict", Errors.PredictOnEach());
    }
}
