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

    /// <summary>State of the schedule beyond the step count.</summary>
    public Dictionary<string, double> Schedule { get; set; } = [];

    internal void Take(Progress other) =>
        (Epoch, Window, EpochStarted, WindowLoss, TotalLoss, LoggedStep, Seconds, Tokens, LogLines, EvaluationsWithoutGain, Schedule) =
        (other.Epoch, other.Window, other.EpochStarted, other.WindowLoss, other.TotalLoss, other.LoggedStep, other.Seconds, other.Tokens, other.LogLines, other.EvaluationsWithoutGain, other.Schedule);

    internal string ToJson() => JsonSerializer.Serialize(this, s_json) + "\n";

    internal static Progress FromJson(string text) => JsonSerializer.Deserialize<Progress>(text, s_json) ?? new Progress();
}
