using System.Globalization;
using Tunesmith.Training;

namespace Tunesmith.Cli;

/// <summary>Shows a run: a line that rewrites itself in a terminal, a plain line per log entry in a pipe.</summary>
internal sealed class ConsoleObserver(Terminal terminal, TimeProvider time) : IRunObserver
{
    private readonly TextWriter _talk = terminal.Error;
    private readonly bool _live = terminal.ErrorIsTerminal;
    private long _first;
    private long _total = 1;
    private long _step;
    private long _started, _evaluationStarted;
    private double _loss;
    private bool _smoothed;
    private int _drawn;

    /// <summary>What the model said of the evaluation examples at last.</summary>
    public IReadOnlyList<ExamplePrediction> Predictions { get; private set; } = [];

    public TimeSpan TrainingTime { get; private set; }

    public void OnMessage(string text) => Line(text);

    public void OnWarning(string text) => Line($"warning: {text}");

    /// <summary>Says that Ctrl-C was heard: the run ends after what is under way.</summary>
    public void OnCancel() => Line("Ctrl-C: stops at the next place to go on from; once more ends at once.");

    public void OnStart(RunStart start)
    {
        (_first, _total, _started) = (start.FirstStep, start.Length.TotalSteps, time.GetTimestamp());
        Line($"training {Number(start.TrainableParameters)} of {Number(start.AllParameters)} parameters on {Number(start.Rows)} examples: {start.Length.TotalSteps - start.FirstStep} updates");
    }

    public void OnStep(StepEvent step)
    {
        lock (_talk)
        {
            _loss = _smoothed ? 0.9 * _loss + 0.1 * step.Loss : step.Loss;
            (_step, _smoothed) = (step.Step, true);
            TrainingTime = time.GetElapsedTime(_started);
            if (_live) Draw(Progress(step.Step, step.Epoch, _loss, null, terminal.Width - 1));
        }
    }

    public void OnLog(IReadOnlyDictionary<string, object?> record)
    {
        if (!record.TryGetValue("loss", out var loss) || loss is not double value) return;
        if (!_live) Line(Progress(_step, Convert.ToDouble(record["epoch"], CultureInfo.InvariantCulture), value, record));
    }

    public void OnEvaluating(int batch, int batches)
    {
        if (batch == 1 || _evaluationStarted == 0) _evaluationStarted = time.GetTimestamp();
        if (!_live) return;
        lock (_talk)
        {
            // The first batch only starts the clock: what it took is not known.
            var left = batch == 1 ? null : $"  {Clock(time.GetElapsedTime(_evaluationStarted) / (batch - 1) * (batches - batch))} left";
            var text = $"evaluating {batch}/{batches} batches{left}";
            Draw(text[..Math.Min(text.Length, terminal.Width - 1)]);
        }
    }

    public void OnEvaluate(EvaluationEvent evaluation)
    {
        var when = evaluation.When switch { "without" => "", "during" => $" during training, update {evaluation.Step}", _ => $" {evaluation.When} training" };
        Line($"evaluation{when}{(evaluation.Set.Length > 0 ? $" on {evaluation.Set}" : "")}: "
            + string.Join(", ", evaluation.Metrics.OrderBy(m => m.Key == "loss" ? "" : m.Key, StringComparer.Ordinal).Select(m => $"{m.Key} {m.Value.ToString("F4", CultureInfo.InvariantCulture)}")));
    }

    public void OnSave(string folder, long step)
    {
        if (!_live) return;
        if (step > 0) Line($"saved {folder}");
    }

    public void OnPredictions(string when, IReadOnlyList<ExamplePrediction> predictions) => Predictions = predictions;

    /// <summary>Ends the line that rewrites itself.</summary>
    public void Finish()
    {
        lock (_talk)
        {
            if (_drawn > 0) Draw("");
        }
    }

    // A window that was made narrower has broken the old line in two; then what is left of it stays, and nothing else is harmed.
    private void Draw(string text)
    {
        _talk.Write("\r" + text.PadRight(Math.Min(_drawn, terminal.Width - 1)) + (text.Length == 0 ? "\r" : ""));
        _drawn = text.Length;
    }

    // The parts by their weight: what does not fit into a narrow window is left out, the least important first.
    private string Progress(long step, double epoch, double loss, IReadOnlyDictionary<string, object?>? record, int columns = int.MaxValue)
    {
        var done = Math.Max(1, step - _first);
        var elapsed = time.GetElapsedTime(_started);
        var left = elapsed / done * Math.Max(0, _total - step);
        var rate = done / Math.Max(1e-9, elapsed.TotalSeconds);
        var lr = record is not null && record.TryGetValue("learning_rate", out var value) && value is double at ? string.Create(CultureInfo.InvariantCulture, $"lr {at:G4}") : null;
        var parts = new List<(string? Text, int Weight)>
        {
            ($"{step}/{_total}", 5), (string.Create(CultureInfo.InvariantCulture, $"epoch {epoch:F2}"), 1), (string.Create(CultureInfo.InvariantCulture, $"loss {loss:F4}"), 4), (lr, 0),
            (string.Create(CultureInfo.InvariantCulture, $"{rate:F2} updates/s"), 2), ($"{Clock(left)} left", 3),
        };
        parts.RemoveAll(part => part.Text is null);
        while (parts.Count > 1 && parts.Sum(part => part.Text!.Length + 2) - 2 > columns) parts.Remove(parts.MinBy(part => part.Weight));
        return string.Join("  ", parts.Select(part => part.Text));
    }

    private void Line(string text)
    {
        lock (_talk)
        {
            Finish();
            foreach (var line in _live ? Wrapped(text, terminal.Width) : [text]) _talk.WriteLine(line);
        }
    }

    // Lines that are longer than the window break between words.
    private static IEnumerable<string> Wrapped(string text, int columns)
    {
        const string Indent = "  ";
        var line = "";
        foreach (var word in text.Split(' '))
        {
            if (line.Trim().Length > 0 && line.Length + 1 + word.Length > columns)
            {
                yield return line;
                line = Indent + word;
            }
            else line = line.Length == 0 ? word : line + " " + word;
        }
        yield return line;
    }

    private static string Clock(TimeSpan span) => span.TotalHours >= 1 ? $"{(int)span.TotalHours}:{span.Minutes:00}:{span.Seconds:00}" : $"{span.Minutes}:{span.Seconds:00}";

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
