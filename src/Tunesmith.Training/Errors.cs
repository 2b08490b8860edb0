using Tunesmith.Runs;

namespace Tunesmith.Training;

/// <summary>Every message of this room.</summary>
internal static class Errors
{
    public static UsageException UnknownSchedule(string name, IEnumerable<string> known) =>
        new($"lr_scheduler_type: got '{name}'; expected one of {string.Join(", ", known)}. Choose one of these.");

    public static UsageException ScheduleArgument(string name, object? value, string rule) =>
        new($"lr_scheduler_kwargs, {name}: got {value ?? "nothing"}; expected {rule}. Change it or leave it out.");

    public static UsageException UnknownScheduleArgument(string scheduler, string name, IReadOnlyCollection<string> known) =>
        new($"lr_scheduler_kwargs: got '{name}'; expected " + (known.Count == 0 ? $"nothing, since {scheduler} takes no arguments" : $"one of {string.Join(", ", known)} for {scheduler}")
            + ". Leave it out or correct its name.");

    public static UsageException MinLr(string scheduler, string which) =>
        new($"lr_scheduler_kwargs: got {which} of min_lr and min_lr_rate; expected exactly one of them for {scheduler}. Give one, for example {{min_lr_rate: 0.1}}.");

    public static UsageException PolynomialEnd(double start, double end) =>
        new($"lr_scheduler_kwargs, lr_end: got {end:R}; expected a rate below the learning_rate {start:R}. Lower lr_end.");

    public static string PlateauNeedsEvaluation() =>
        "got reduce_lr_on_plateau without evaluations; expected an eval_strategy. Set eval_strategy: epoch, or choose another schedule";

    public static RunException MixedRows() =>
        new("batch: got examples of different kinds in one batch; expected the same fields in each. Prepare all examples in the same way.");

    public static UsageException TokenWithoutEmbedding(string token, int id, int rows) =>
        new($"template: got the token {token} with the id {id}; expected ids below {rows}, because the model's embeddings have so many rows. Set resize_vocab: true to give it more, or choose another template.");

    public static UsageException NoTrainingExamples() =>
        new("training examples: got none; expected at least one. Look at the data report for what was left out.");

    public static UsageException NothingTrainable() =>
        new("trainable parameters: got none; expected at least one. Look at finetuning_type and its targets.");

    public static UsageException UnknownStage(string name, IEnumerable<string> known) =>
        new($"stage: got '{name}'; expected one of {string.Join(", ", known)}. Choose one of these.");

    public static UsageException UnknownOptimizer(string name, IEnumerable<string> known) =>
        new($"optim: got '{name}'; expected one of {string.Join(", ", known)}. Choose one of these.");

    public static UsageException OptimArgument(string text, string rule) =>
        new($"optim_args: got '{text}'; expected {rule}. Correct it or leave it out.");

    public static UsageException WrongModel(string stage, string expected, string got) =>
        new($"stage {stage}: got a {got}; expected {expected}. Choose the stage that fits the model.");

    public static UsageException TargetRange(double target, int labels) =>
        new($"label: got {target:R}; expected a class below {labels}. Give the model as many labels as the data has.");

    public static RunException LossNotFinite(long step, double loss, double rate) =>
        new($"loss: got {loss} at update {step} (learning rate {rate:R}); expected a finite number. Lower learning_rate, raise warmup_steps, or look for broken examples; the last checkpoint is untouched.");

    public static RunException GradientNotFinite(long step, double norm, double rate) =>
        new($"gradient norm: got {norm} at update {step} (learning rate {rate:R}); expected a finite number. Lower learning_rate or max_grad_norm; the last checkpoint is untouched.");

    public static string EvaluationWithoutExamples(string key) =>
        $"got a request to evaluate without evaluation examples; expected val_size, eval_dataset or eval_file. Give one of them or set {key} off";

    public static string NoInterval() => "got 0; expected how many updates lie between two. Give a number above 0";

    public static string BrokenInterval(double value) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"got {value:R}; expected a whole number of updates, or a part of the run below 1. Round it");

    public static string BestNeedsSameStrategy(string save, string eval) =>
        $"got save_strategy {save} and eval_strategy {eval}; expected the same for both. Set them alike";

    public static string BestNeedsMultiple(double save, double eval) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"got save_steps {save:R} and eval_steps {eval:R}; expected save_steps to be a multiple of eval_steps, both whole or both parts of the run. Change one of them");

    public static string EarlyStoppingNeedsBest() =>
        "got it without evaluations during training; expected an eval_strategy of steps or epoch. Set eval_strategy";

    public static UsageException Together(IEnumerable<(string Key, string Problem)> problems) => new(string.Join('\n', problems.Select(entry => $"{entry.Key}: {entry.Problem}.")));

    public static string BestWithoutCheckpoint(long best, string kept) => $"load_best_model_at_end: the best evaluation was after update {best}, of which there is no checkpoint; {kept}";

    public static UsageException MissingMetric(string name, IEnumerable<string> known) => new($"metric_for_best_model: {NotMeasured(name, known)}.");

    public static string NotMeasured(string name, IEnumerable<string> known) => $"got '{name}'; expected one of {string.Join(", ", known)}. Choose a metric that the evaluation gives";

    public static string BetaOfOne() => "got 1; expected a number below 1, since Adam divides by 1 - beta. Lower it";

    public static UsageException CheckpointBeyond(string path, long step, long total) =>
        new($"resume_from_checkpoint: got {path}, which stands after update {step}; expected one within the {total} updates of this run. Raise max_steps or num_train_epochs, or name an earlier checkpoint.");

    public static string KeyOfTheAdapter(string key) => $"{key}: has no effect, since the adapter of adapter_name_or_path goes on with its own; create_new_adapter: true puts a new one on top";

    public static string NoSuchModule(string name) => $"lora_target, additional_target: the model has no module '{name}'; it is passed over";

    public static UsageException OutputIsModel(string path) =>
        new($"output_dir: got {path}, the folder of the model that is to be trained; expected another one, since the results would take the place of what they were made from. Name another output_dir.");

    public static UsageException ResumeFolder(string path, string why) =>
        new($"resume_from_checkpoint: got {path}, which {why}; expected a whole checkpoint of this run. Name another checkpoint, or leave the key out to go on from the newest whole one.");

    public static UsageException OtherOrigin(string what, string checkpoint, string then, string now) =>
        new($"{what}: got others ({now}) than {checkpoint} was made with ({then}); expected the same, since the run goes on as if it had never stopped. Bring the old ones back, set overwrite_output_dir: true to start anew, or name the checkpoint in resume_from_checkpoint to go on from it with these.");

    public static RunException StateMissing(string file, string name) =>
        new($"{file}: got no entry '{name}'; expected the state of every trained parameter. The checkpoint belongs to another recipe; choose another one.");

    public static string OnlyValue(string got, string expected) => $"got {got}; expected {expected}, the only value that is implemented. Remove the line";

    public static UsageException NothingToDo() => new("do_train: got neither do_train nor do_eval nor do_predict; expected at least one. Add do_train: true");

    public static string NoTrainingData() => "got true without training data; expected dataset or train_file. Name one of them, or leave do_train out";

    public static string NoEvaluationData() => "got true without evaluation data; expected eval_dataset, eval_file or val_size. Give one of them or leave the key out";

    public static string GenerateOnlySft(string stage) => $"got true in stage {stage}; expected it only in stage sft. Remove it";

    public static string PredictNeedsGenerate() => "got true in stage sft without predict_with_generate; expected both, since what is predicted are written answers. Add predict_with_generate: true";

    public static string NothingToPredict() => "do_predict: stage pt has nothing to predict, as in LLaMA-Factory; set stage: sft and predict_with_generate: true to have answers written.";

    public static string GenerateAndAccuracy() => "got true together with compute_accuracy; expected one of them. Remove one";

    public static string GenerateWhileTraining(string strategy) => $"got true with eval_strategy: {strategy}; expected no, since answers are written after training only. Set eval_strategy: no";

    public static string PredictOnEach() => "got true with eval_on_each_dataset; expected one set to predict. Remove eval_on_each_dataset";

    public static UsageException BrokenConfig(string path, Exception fault) =>
        new($"{path}: got invalid JSON ({fault.Message.TrimEnd('.')}); expected one JSON object. Copy the model again, then run the same command: it goes on from the last checkpoint.", fault);
}
