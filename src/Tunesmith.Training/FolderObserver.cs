using Tunesmith.Runs.Folders;

namespace Tunesmith.Training;

/// <summary>Writes what happens into the run folder's events, and passes it on.</summary>
internal sealed class FolderObserver(IRunObserver next, RunFolder folder) : IRunObserver
{
    public void OnMessage(string text)
    {
        folder.Events.Write("message", ("text", text));
        next.OnMessage(text);
    }

    public void OnWarning(string text)
    {
        folder.Events.Write("warning", ("text", text));
        next.OnWarning(text);
    }

    public void OnStart(RunStart start)
    {
        folder.Events.Write("train", ("first_step", start.FirstStep), ("total_steps", start.Length.TotalSteps), ("trainable", start.TrainableParameters), ("parameters", start.AllParameters));
        next.OnStart(start);
    }

    public void OnStep(StepEvent step) => next.OnStep(step);

    public void OnLog(IReadOnlyDictionary<string, object?> record)
    {
        folder.Events.Write("log", [.. record.Select(entry => (entry.Key, entry.Value))]);
        next.OnLog(record);
    }

    public void OnEvaluating(int batch, int batches) => next.OnEvaluating(batch, batches);

    public void OnEvaluate(EvaluationEvent evaluation)
    {
        folder.Events.Write("evaluate", [("when", evaluation.When), ("step", evaluation.Step), .. evaluation.Metrics.Select(entry => (entry.Key, (object?)entry.Value))]);
        next.OnEvaluate(evaluation);
    }

    public void OnSave(string path, long step)
    {
        folder.Events.Write("save", ("folder", Path.GetFileName(path)), ("step", step));
        next.OnSave(path, step);
    }

    public void OnPredictions(string when, IReadOnlyList<ExamplePrediction> predictions) => next.OnPredictions(when, predictions);
}
