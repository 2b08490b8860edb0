using Tunesmith.Runs.Files;

namespace Tunesmith.Training.Results;

/// <summary>
/// trainer_log.jsonl as LLaMA-Factory's LogCallback writes it: one object a line, what is unknown left out. Lines are appended whole, so
/// that a reader of a running job never sees half a record; a resumed run drops the lines after its checkpoint and goes on.
/// </summary>
public sealed class TrainerLog(string path)
{
    private readonly List<string> _lines = File.Exists(path) ? [.. File.ReadAllLines(path)] : [];

    /// <summary>Name of the file in the run folder.</summary>
    public const string FileName = "trainer_log.jsonl";

    /// <summary>How many lines are written.</summary>
    public int Lines => _lines.Count;

    /// <summary>Forgets lines from `count` on: they belong to steps that are done again.</summary>
    public void Keep(int count)
    {
        if (count >= _lines.Count) return;
        _lines.RemoveRange(count, _lines.Count - count);
        AtomicFile.WriteAllText(path, string.Concat(_lines.Select(line => line + "\n")));
    }

    /// <summary>Appends one line.</summary>
    public void Append(LogRecord record)
    {
        var line = record.ToJson();
        AtomicFile.Append(path, line + "\n");
        _lines.Add(line);
    }
}

/// <summary>One line of trainer_log.jsonl; null fields are left out.</summary>
public sealed record LogRecord
{
    public required long CurrentSteps { get; init; }
    public required long TotalSteps { get; init; }
    public double? Loss { get; init; }
    public double? EvalLoss { get; init; }
    public double? LearningRate { get; init; }
    public double? Epoch { get; init; }

    /// <summary>Whether the epoch is written without a fraction: it is where nothing was trained.</summary>
    public bool WholeEpoch { get; init; }
    public required TimeSpan Elapsed { get; init; }
    public long? Tokens { get; init; }

    /// <summary>Time left if the rest goes at the same pace.</summary>
    public TimeSpan Remaining => CurrentSteps == 0 ? TimeSpan.Zero : Elapsed / CurrentSteps * (TotalSteps - CurrentSteps);

    internal string ToJson()
    {
        var line = new Dictionary<string, object?> { ["current_steps"] = CurrentSteps, ["total_steps"] = TotalSteps };
        if (Loss is double loss) line["loss"] = loss;
        if (EvalLoss is double evalLoss) line["eval_loss"] = evalLoss;
        if (LearningRate is double rate) line["lr"] = rate;
        if (Epoch is double epoch) line["epoch"] = WholeEpoch ? (object)(long)epoch : epoch;
        line["percentage"] = TotalSteps == 0 ? 100.0 : Math.Round((double)CurrentSteps / TotalSteps * 100, 2);
        line["elapsed_time"] = Clock(Elapsed);
        line["remaining_time"] = Clock(Remaining);
        if (Tokens is long tokens)
        {
            line["throughput"] = Elapsed > TimeSpan.Zero ? Math.Round(tokens / Elapsed.TotalSeconds, 2) : 0.0;
            line["total_tokens"] = tokens;
        }
        return PythonJson.Write(line);
    }

    // As Python prints a timedelta of whole seconds.
    private static string Clock(TimeSpan time)
    {
        var whole = TimeSpan.FromSeconds(Math.Floor(time.TotalSeconds));
        var clock = $"{whole.Hours}:{whole.Minutes:00}:{whole.Seconds:00}";
        return whole.Days switch { 0 => clock, 1 => $"1 day, {clock}", var days => $"{days} days, {clock}" };
    }
}
