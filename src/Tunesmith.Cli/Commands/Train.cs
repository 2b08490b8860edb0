using System.Text.Json;
using Tunesmith.Evaluation.Metrics;
using Tunesmith.Runs.Recipes;
using Tunesmith.Training;

namespace Tunesmith.Cli.Commands;

/// <summary><c>train RECIPE [key=value ...]</c>.</summary>
internal static class Train
{
    public static Command Command { get; } = new()
    {
        Name = "train",
        Usage = "RECIPE [key=value ...] [--json]",
        Summary = "fine-tunes a model as a recipe says; the same command goes on where it stopped",
        Help = """
            Keys and defaults are LLaMA-Factory's; `./tunesmith check RECIPE` shows them all with
            their origin. Ctrl-C finishes the update, writes a checkpoint and ends with 130; the
            same command goes on from there, unless the data have changed meanwhile. A finished
            run is left alone unless overwrite_output_dir=true.
            """,
        Flags = [new("--json", null, "the outcome as JSON on standard output")],
        Run = Run,
    };

    private static int Run(Invocation run)
    {
        var path = run.Arguments.Single("train", "recipe");
        var recipe = Recipe.Load(path, run.Arguments.Overrides);
        var observer = new ConsoleObserver(run.Terminal, run.Time);
        var started = run.Time.GetTimestamp();
        RunOutcome outcome;
        using var heard = run.Cancel.Register(observer.OnCancel);
        try
        {
            outcome = TrainingRun.Run(new RunRequest(recipe, observer, run.Time, () => EnvironmentReport.Facts(run.Terminal))
            {
                OnResolved = r => Resolved(run, r),
                CompareTexts = Similarity.Mean,
            }, run.Cancel);
        }
        finally
        {
            observer.Finish();
        }
        if (outcome.Ending == RunEnding.Interrupted) return App.Interrupted;
        if (run.Json)
        {
            run.Out.WriteLine(JsonSerializer.Serialize(new { ending = outcome.Ending.ToString(), folder = outcome.Folder, before = outcome.Before, after = outcome.After }, InputTexts.Json));
            return App.Done;
        }
        if (outcome.Ending == RunEnding.WasDone) return App.Done;
        OutcomeTable.Write(run.Out, outcome, observer, run.Time.GetElapsedTime(started), run.Terminal.Width);
        Next(run, recipe, outcome);
        return App.Done;
    }

    // What the person set, before the run; the whole list is in the run folder.
    private static void Resolved(Invocation run, Recipe recipe)
    {
        var set = recipe.Resolved.Where(k => k.Origin.Kind != OriginKind.Default).ToList();
        foreach (var key in set) run.Error.WriteLine($"  {key.Name,-30} {RecipeWriter.Value(key.Value),-32} {key.Origin}");
        run.Error.WriteLine($"  and {recipe.Resolved.Count - set.Count} defaults; all of them: {recipe.Resolved.FirstOrDefault(k => k.Name == "output_dir")?.Value}/recipe.yaml");
        foreach (var ignored in recipe.WithoutEffect) run.Error.WriteLine($"  {ignored}: without effect here");
    }

    // What one does now.
    private static void Next(Invocation run, Recipe recipe, RunOutcome outcome)
    {
        if (!outcome.Trained)
        {
            run.Out.WriteLine($"The results are in {outcome.Folder}.");
            return;
        }
        run.Out.WriteLine($"The model is in {outcome.Folder}. Use it:");
        run.Out.WriteLine(recipe.Peek("stage") == "cls" ? $"  ./tunesmith predict {outcome.Folder} --text \"...\"" : $"  ./tunesmith chat {outcome.Folder}");
    }
}
