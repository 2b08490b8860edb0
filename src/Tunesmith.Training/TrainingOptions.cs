using Tunesmith.Runs.Files;
using Tunesmith.Runs.Recipes;

namespace Tunesmith.Training;

/// <summary>
/// The recipe keys that steer training: transformers' TrainingArguments and LLaMA-Factory's FinetuningArguments by their names and defaults.
/// </summary>
public sealed record TrainingOptions
{
    [RecipeKey("stage", "What is trained: sft (prompt masked), pt (plain text) or cls (sequence classification).", Choices = ["sft", "pt", "cls"])]
    public string Stage { get; init; } = "sft";

    [RecipeKey("do_train", "Train; without it only the other phases run.")]
    public bool DoTrain { get; init; }

    [RecipeKey("do_eval", "Measure the loss on the evaluation examples after training.")]
    public bool DoEval { get; init; }

    [RecipeKey("do_predict", "Write predictions for the evaluation examples.")]
    public bool DoPredict { get; init; }

    [RecipeKey("predict_with_generate", "Let the model write answers in do_predict.")]
    public bool PredictWithGenerate { get; init; }

    [RecipeKey("output_dir", "The run folder: where checkpoints, logs, results and the model go.")]
    public string OutputDir { get; init; } = "trainer_output";

    [RecipeKey("overwrite_output_dir", "Start anew in an output folder that already holds a run. Its checkpoints stay where resume_from_checkpoint asks for one of them.")]
    public bool OverwriteOutputDir { get; init; }

    [RecipeKey("resume_from_checkpoint", "A checkpoint folder to go on from, even where data or base have changed since; true for the newest in output_dir.")]
    public string? ResumeFromCheckpoint { get; init; }

    /// <summary>The checkpoint that is named by its path; null where none is.</summary>
    public string? NamedCheckpoint => ResumeFromCheckpoint is { Length: > 0 } named && !bool.TryParse(named, out _) ? named : null;

    /// <summary>The recipe asks for one of the checkpoints in output_dir: these are then not overwritten, whatever overwrite_output_dir says.</summary>
    public bool GoesOnInside => NamedCheckpoint is { } named
        ? OutputDir is not null && RealPath.IsInside(named, OutputDir)
        : bool.TryParse(ResumeFromCheckpoint, out var newest) && newest;

    [RecipeKey("per_device_train_batch_size", "Examples in a training micro-batch.", Min = 1)]
    public int PerDeviceTrainBatchSize { get; init; } = 8;

    [RecipeKey("per_device_eval_batch_size", "Examples in an evaluation batch.", Min = 1)]
    public int PerDeviceEvalBatchSize { get; init; } = 8;

    [RecipeKey("gradient_accumulation_steps", "Micro-batches of one update.", Min = 1)]
    public int GradientAccumulationSteps { get; init; } = 1;

    [RecipeKey("num_train_epochs", "Times through the training examples; may be a fraction.", Min = 0)]
    public double NumTrainEpochs { get; init; } = 3.0;

    [RecipeKey("max_steps", "Number of updates; wins over num_train_epochs when above 0.", Min = -1)]
    public long MaxSteps { get; init; } = -1;

    [RecipeKey("learning_rate", "Highest learning rate.", Min = 0)]
    public double LearningRate { get; init; } = 5e-5;

    [RecipeKey("lr_scheduler_type", "Shape of the learning rate over the run.", Choices = ["constant", "constant_with_warmup", "cosine", "cosine_warmup_with_min_lr",
        "cosine_with_min_lr", "cosine_with_restarts", "inverse_sqrt", "linear", "polynomial", "reduce_lr_on_plateau", "warmup_stable_decay"])]
    public string LrSchedulerType { get; init; } = "linear";

    [RecipeKey("lr_scheduler_kwargs", "Further arguments of the schedule, for example {num_cycles: 2}.")]
    public IReadOnlyDictionary<string, object?>? LrSchedulerKwargs { get; init; }

    [RecipeKey("warmup_steps", "Updates of warm-up; below 1 a part of the run.", Min = 0)]
    public double WarmupSteps { get; init; }

    [RecipeKey("warmup_ratio", "Part of the run that warms up; wins over warmup_steps when it is given.", Min = 0)]
    public double? WarmupRatio { get; init; }

    [RecipeKey("optim", "The optimizer.", Choices = ["adam", "adamw_torch", "adamw_torch_fused", "sgd"])]
    public string Optim { get; init; } = "adamw_torch_fused";

    [RecipeKey("optim_args", "Further arguments of the optimizer: name=value, comma-separated.")]
    public string? OptimArgs { get; init; }

    [RecipeKey("adam_beta1", "Decay of AdamW's first moment.", Min = 0, Max = 1)]
    public double AdamBeta1 { get; init; } = 0.9;

    [RecipeKey("adam_beta2", "Decay of AdamW's second moment.", Min = 0, Max = 1)]
    public double AdamBeta2 { get; init; } = 0.999;

    [RecipeKey("adam_epsilon", "Added to AdamW's denominator.", Min = 0)]
    public double AdamEpsilon { get; init; } = 1e-8;

    [RecipeKey("weight_decay", "Decoupled weight decay; biases and norms are spared.", Min = 0)]
    public double WeightDecay { get; init; }

    [RecipeKey("max_grad_norm", "Gradients are scaled down to this norm; 0 switches clipping off.", Min = 0)]
    public double MaxGradNorm { get; init; } = 1.0;

    [RecipeKey("loraplus_lr_ratio", "LoRA+: how many times the rate of A the rate of B is.", Min = 0)]
    public double? LoraplusLrRatio { get; init; }

    [RecipeKey("loraplus_lr_embedding", "LoRA+: rate of LoRA embedding layers.", Min = 0)]
    public double LoraplusLrEmbedding { get; init; } = 1e-6;

    [RecipeKey("logging_strategy", "When to log: steps, epoch or no.", Choices = ["no", "steps", "epoch"])]
    public string LoggingStrategy { get; init; } = "steps";

    [RecipeKey("logging_steps", "Updates between two log lines; below 1 a part of the run.", Min = 0)]
    public double LoggingSteps { get; init; } = 500;

    [RecipeKey("logging_first_step", "Log the first update too.")]
    public bool LoggingFirstStep { get; init; }

    [RecipeKey("save_strategy", "When to write checkpoints: steps, epoch, best or no.", Choices = ["no", "steps", "epoch", "best"])]
    public string SaveStrategy { get; init; } = "steps";

    [RecipeKey("save_steps", "Updates between two checkpoints; below 1 a part of the run; 0 writes one at the end only.", Min = 0)]
    public double SaveSteps { get; init; } = 500;

    [RecipeKey("save_total_limit", "Checkpoints to keep; the best one is never deleted.", Min = 1)]
    public int? SaveTotalLimit { get; init; }

    [RecipeKey("save_only_model", "Leave optimizer and generators out of checkpoints; such a checkpoint cannot be gone on from.")]
    public bool SaveOnlyModel { get; init; }

    [RecipeKey("eval_strategy", "When to evaluate during training: steps, epoch or no.", Choices = ["no", "steps", "epoch"])]
    public string EvalStrategy { get; init; } = "no";

    [RecipeKey("eval_steps", "Updates between two evaluations; below 1 a part of the run; logging_steps if left out or 0.", Min = 0)]
    public double? EvalSteps { get; init; }

    [RecipeKey("eval_delay", "Epochs or updates to wait for before the first evaluation.", Min = 0)]
    public double EvalDelay { get; init; }

    [RecipeKey("eval_on_start", "Evaluate before the first update.")]
    public bool EvalOnStart { get; init; }

    [RecipeKey("load_best_model_at_end", "Keep the weights of the best evaluation.")]
    public bool LoadBestModelAtEnd { get; init; }

    [RecipeKey("metric_for_best_model", "The metric that decides, with or without `eval_`; the loss if left out.")]
    public string? MetricForBestModel { get; init; }

    [RecipeKey("greater_is_better", "Whether a higher metric is better; true unless the metric ends in loss.")]
    public bool? GreaterIsBetter { get; init; }

    [RecipeKey("early_stopping_steps", "Evaluations in a row without a better metric after which the run stops.", Min = 1)]
    public int? EarlyStoppingSteps { get; init; }

    [RecipeKey("label_smoothing_factor", "Part of the target spread over all pieces.", Min = 0, Max = 1)]
    public double LabelSmoothingFactor { get; init; }

    [RecipeKey("neftune_noise_alpha", "Noise on the embeddings while training (NEFTune).", Min = 0)]
    public double? NeftuneNoiseAlpha { get; init; }

    [RecipeKey("use_dft_loss", "Dynamic fine-tuning: token losses weighted by their probability.")]
    public bool UseDftLoss { get; init; }

    [RecipeKey("use_eaft_loss", "Entropy-adaptive fine-tuning: token losses weighted by their entropy.")]
    public bool UseEaftLoss { get; init; }

    [RecipeKey("eaft_alpha", "Exponent of the entropy weight.", Min = 0)]
    public double EaftAlpha { get; init; } = 1.0;

    [RecipeKey("compute_accuracy", "Measure the share of right next tokens at evaluations.")]
    public bool ComputeAccuracy { get; init; }

    [RecipeKey("seed", "Seed of every random draw.", Min = 0, Max = uint.MaxValue)]
    public long Seed { get; init; } = 42;

    [RecipeKey("data_seed", "Seed of the order of the examples; `seed` if left out.", Min = 0)]
    public long? DataSeed { get; init; }

    [RecipeKey("disable_shuffling", "Take the examples in stored order.")]
    public bool DisableShuffling { get; init; }

    [RecipeKey("group_by_length", "Put examples of like length into the same batch: less padding, faster.")]
    public bool GroupByLength { get; init; }

    [RecipeKey("bf16", "Compute in bfloat16; the trained weights are kept in float32.")]
    public bool Bf16 { get; init; }

    [RecipeKey("pure_bf16", "Weights, gradients and optimizer states in bfloat16.")]
    public bool PureBf16 { get; init; }

    [RecipeKey("gradient_checkpointing", "Recompute each layer in the backward pass: less memory, the same numbers.")]
    public bool GradientCheckpointing { get; init; }

    [RecipeKey("include_num_input_tokens_seen", "Count tokens and report them: no, all or non_padding.", Choices = ["no", "false", "all", "true", "non_padding"])]
    public string IncludeNumInputTokensSeen { get; init; } = "no";

    [RecipeKey("include_effective_tokens_per_second", "Report the rate of tokens without padding in train_results.json.")]
    public bool IncludeEffectiveTokensPerSecond { get; init; }

    [RecipeKey("plot_loss", "Draw training_loss.png.")]
    public bool PlotLoss { get; init; }

    /// <summary>The warm-up value in force: a ratio that is given, even 0, replaces the steps (transformers 5).</summary>
    public double Warmup => WarmupRatio ?? WarmupSteps;

    /// <summary>Seed of the order of the examples.</summary>
    public ulong OrderSeed => (ulong)(DataSeed ?? Seed);

    /// <summary>The deciding metric with its prefix.</summary>
    public string BestMetricName
    {
        get
        {
            var name = MetricForBestModel ?? "loss";
            return name.StartsWith("eval_", StringComparison.Ordinal) ? name : "eval_" + name;
        }
    }

    /// <summary>Whether a metric decides anything: which checkpoint is best, or when to stop.</summary>
    public bool DecidesByMetric => LoadBestModelAtEnd || MetricForBestModel is not null || EarlyStoppingSteps is not null || SaveStrategy == "best";

    /// <summary>Whether a higher deciding metric is better.</summary>
    public bool HigherIsBetter => GreaterIsBetter ?? !BestMetricName.EndsWith("loss", StringComparison.Ordinal);

    /// <summary>The interval of evaluations in force: as in transformers that of the log where none is given, or 0.</summary>
    public double EvalInterval => EvalSteps is > 0 and { } given ? given : LoggingSteps;

    /// <summary>An interval of the recipe in updates: below 1 a part of the run; 0 is never.</summary>
    public static long Interval(double value, long totalSteps) => value is > 0 and < 1 ? Math.Max(1, (long)Math.Ceiling(totalSteps * value)) : (long)value;
}
