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
    private long _started;
    private double _loss;
    private int _drawn;

    /// <summary>Metrics of the evaluation examples by when they were measured.</summary>
    public Dictionary<string, EvaluationEvent> Evaluations { get; } = [];

    public IReadOnlyList<ExamplePrediction> Predictions { get; private set; } = [];

    public TimeSpan TrainingTime { get; private set; }

    public void OnMessage(string text) => Line(text);

    public void OnWarning(string text) => Line($"warning: {text}");

    public void OnStart(RunStart start)
    {
        (_first, _total, _started) = (start.FirstStep, start.Length.TotalSteps, time.GetTimestamp());
        Line($"training {Number(start.TrainableParameters)} of {Number(start.AllParameters)} parameters on {Number(start.Rows)} examples: {start.Length.TotalSteps - start.FirstStep} updates");
    }

    public void OnStep(StepEvent step)
    {
        _loss = _drawn == 0 ? step.Loss : 0.9 * _loss + 0.1 * step.Loss;
        _step = step.Step;
        TrainingTime = time.GetElapsedTime(_started);
        if (!_live) return;
        var text = Progress(step.Step, step.Epoch, _loss);
        if (text.Length > terminal.Width - 1) text = text[..(terminal.Width - 1)];
        _talk.Write("\r" + text.PadRight(_drawn));
        _drawn = text.Length;
    }

    public void OnLog(IReadOnlyDictionary<string, object?> record)
    {
        if (!record.TryGetValue("loss", out var loss) || loss is not double value) return;
        if (!_live) _talk.WriteLine(Progress(_step, Convert.ToDouble(record["epoch"], CultureInfo.InvariantCulture), value, record));
    }

    public void OnEvaluate(EvaluationEvent evaluation)
    {
        Evaluations[evaluation.When] = evaluation;
        Line($"evaluation {evaluation.When} training{(evaluation.When == "during" ? $", update {evaluation.Step}" : "")}: "
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
        if (_drawn == 0) return;
        _talk.Write("\r" + new string(' ', _drawn) + "\r");
        _drawn = 0;
    }

    private string Progress(long step, double epoch, double loss, IReadOnlyDictionary<string, object?>? record = null)
    {
        var done = Math.Max(1, step - _first);
        var elapsed = time.GetElapsedTime(_started);
        var left = elapsed / done * Math.Max(0, _total - step);
        var rate = done / Math.Max(1e-9, elapsed.TotalSeconds);
        var shown = string.Create(CultureInfo.InvariantCulture, $"{step}/{_total}  epoch {epoch:F2}  loss {loss:F4}");
        if (record is not null && record.TryGetValue("learning_rate", out var lr) && lr is double at) shown += string.Create(CultureInfo.InvariantCulture, $"  lr {at:G4}");
        return shown + string.Create(CultureInfo.InvariantCulture, $"  {rate:F2} updates/s  {Clock(left)} left");
    }

    private void Line(string text)
    {
        Finish();
        _talk.WriteLine(text);
    }

    private static string Clock(TimeSpan span) => span.TotalHours >= 1 ? $"{(int)span.TotalHours}:{span.Minutes:00}:{span.Seconds:00}" : $"{span.Minutes}:{span.Seconds:00}";

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
