using System.Text.Json;

namespace Tunesmith.Training.Resume;

/// <summary>Where the loop is, beyond what trainer_state.json says: enough to go on as if nothing had happened.</summary>
public sealed record Progress
{
    private static readonly JsonSerializerOptions s_json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    /// <summary>Epoch of the next window.</summary>
    public long Epoch { get; set; }

    /// <summary>Next window in that epoch.</summary>
    public long Window { get; set; }

    /// <summary>Whether the epoch has drawn what its start draws.</summary>
    public bool EpochStarted { get; set; }

    /// <summary>Loss since the last log line, added up in float32 as the reference does.</summary>
    public float WindowLoss { get; set; }

    /// <summary>Learning rate and gradient norm of the last update: an epoch that ends with it logs them.</summary>
    public double LastRate { get; set; }

    /// <summary>See <see cref="LastRate"/>.</summary>
    public double LastNorm { get; set; }

    /// <summary>Loss of all logged windows.</summary>
    public double TotalLoss { get; set; }

    /// <summary>Updates when the loss was last logged.</summary>
    public long LoggedStep { get; set; }

    /// <summary>Seconds that the run has taken.</summary>
    public double Seconds { get; set; }

    /// <summary>Tokens without padding that were trained on.</summary>
    public long Tokens { get; set; }

    /// <summary>Lines of trainer_log.jsonl.</summary>
    public int LogLines { get; set; }

    /// <summary>Evaluations in a row without a better metric.</summary>
    public int EvaluationsWithoutGain { get; set; }

    /// <summary>Whether the run was stopped in the evaluation that follows the last update: it comes first then.</summary>
    public bool EvaluationDue { get; set; }

    /// <summary>State of the schedule beyond the step count.</summary>
    public Dictionary<string, double> Schedule { get; set; } = [];

    /// <summary>Number and hash of the training examples; empty in checkpoints of older versions.</summary>
    public string TrainExamples { get; set; } = "";

    /// <summary>Number and hash of the evaluation examples.</summary>
    public string EvalExamples { get; set; } = "";

    /// <summary>Fingerprint of the weights that training leaves as they are.</summary>
    public string BaseWeights { get; set; } = "";

    /// <summary>What the machines that computed parts of the run so far computed with.</summary>
    public List<Dictionary<string, string>> Machines { get; set; } = [];

    internal void Take(Progress other)
    {
        (Epoch, Window, EpochStarted, EvaluationDue) = (other.Epoch, other.Window, other.EpochStarted, other.EvaluationDue);
        (WindowLoss, LastRate, LastNorm, TotalLoss) = (other.WindowLoss, other.LastRate, other.LastNorm, other.TotalLoss);
        (LoggedStep, Seconds, Tokens, LogLines) = (other.LoggedStep, other.Seconds, other.Tokens, other.LogLines);
        (EvaluationsWithoutGain, Schedule) = (other.EvaluationsWithoutGain, other.Schedule);
        (TrainExamples, EvalExamples, BaseWeights, Machines) = (other.TrainExamples, other.EvalExamples, other.BaseWeights, other.Machines);
    }

    internal string ToJson() => JsonSerializer.Serialize(this, s_json) + "\n";

    internal static Progress FromJson(string text) => JsonSerializer.Deserialize<Progress>(text, s_json) ?? new Progress();
}
