namespace Tunesmith.Training.Results;

/// <summary>What trainer_state.json holds (transformers' TrainerState): where the run is and everything it logged.</summary>
public sealed class TrainerState
{
    public long? BestGlobalStep { get; set; }
    public double? BestMetric { get; set; }
    public string? BestModelCheckpoint { get; set; }
    public double Epoch { get; set; }
    public double EvalSteps { get; set; } = 500;
    public long GlobalStep { get; set; }
    public double LoggingSteps { get; set; } = 500;
    public long MaxSteps { get; set; }
    public long NumInputTokensSeen { get; set; }
    public long NumTrainEpochs { get; set; }
    public double SaveSteps { get; set; } = 500;
    public double TotalFlos { get; set; }
    public int TrainBatchSize { get; set; }

    /// <summary>Early stopping's patience and how many evaluations in a row were not better; null without early stopping.</summary>
    public (int Patience, int Counter)? EarlyStopping { get; set; }

    /// <summary>Whether the step that wrote this state ended the run, and whether it was saved as a checkpoint.</summary>
    public bool TrainingStopped { get; set; }

    /// <summary>Every record of the run in order, as logged.</summary>
    public List<SortedDictionary<string, object?>> LogHistory { get; } = [];

    /// <summary>The file's text: two spaces, keys sorted, a newline at the end.</summary>
    public string ToJson(bool saving)
    {
        var callbacks = new SortedDictionary<string, object?>(StringComparer.Ordinal);
        if (EarlyStopping is (int patience, int counter))
        {
            callbacks["EarlyStoppingCallback"] = new Dictionary<string, object?>
            {
                ["args"] = new Dictionary<string, object?> { ["early_stopping_patience"] = patience, ["early_stopping_threshold"] = 0.0 },
                ["attributes"] = new Dictionary<string, object?> { ["early_stopping_patience_counter"] = counter },
            };
        }
        callbacks["TrainerControl"] = new Dictionary<string, object?>
        {
            ["args"] = new Dictionary<string, object?>
            {
                ["should_epoch_stop"] = false,
                ["should_evaluate"] = false,
                ["should_log"] = false,
                ["should_save"] = saving,
                ["should_training_stop"] = TrainingStopped,
            },
            ["attributes"] = new Dictionary<string, object?>(),
        };
        return PythonJson.Write(new Dictionary<string, object?>
        {
            ["best_global_step"] = BestGlobalStep,
            ["best_metric"] = BestMetric,
            ["best_model_checkpoint"] = BestModelCheckpoint,
            ["epoch"] = GlobalStep == 0 && Epoch == 0 ? (object)0 : Epoch,
            ["eval_steps"] = Whole(EvalSteps),
            ["global_step"] = GlobalStep,
            ["is_hyper_param_search"] = false,
            ["is_local_process_zero"] = true,
            ["is_world_process_zero"] = true,
            ["log_history"] = LogHistory,
            ["logging_steps"] = Whole(LoggingSteps),
            ["max_steps"] = MaxSteps,
            ["num_input_tokens_seen"] = NumInputTokensSeen,
            ["num_train_epochs"] = NumTrainEpochs,
            ["save_steps"] = Whole(SaveSteps),
            ["stateful_callbacks"] = callbacks,
            ["total_flos"] = TotalFlos,
            ["train_batch_size"] = TrainBatchSize,
            ["trial_name"] = null,
            ["trial_params"] = null,
        }, indent: 2, sortKeys: true) + "\n";
    }

    private static object Whole(double value) => value == Math.Floor(value) ? (object)(long)value : value;
}
