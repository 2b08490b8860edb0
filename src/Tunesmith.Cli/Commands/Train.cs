using System.Globalization;
using System.Text.Json;
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
            same command goes on from there. A finished run is left alone unless
            overwrite_output_dir=true.
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
        try
        {
            outcome = TrainingRun.Run(new RunRequest(recipe, observer, run.Time, () => EnvironmentReport.Facts(run.Terminal))
            {
                OnResolved = r => Resolved(run, r),
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
        Table(run.Out, outcome, observer, run.Time.GetElapsedTime(started));
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

    private static void Table(TextWriter output, RunOutcome outcome, ConsoleObserver observer, TimeSpan total)
    {
        if (outcome.After is { } after)
        {
            var names = after.Keys.OrderBy(Rank).ThenBy(n => n, StringComparer.Ordinal).ToList();
            output.WriteLine();
            output.WriteLine(outcome.Before is null ? $"{"",-22}{"after",12}" : $"{"",-22}{"before",12}{"after",12}");
            foreach (var name in names)
            {
                var before = outcome.Before is { } b && b.TryGetValue(name, out var value) ? Text(value) : "";
                output.WriteLine(outcome.Before is null ? $"{name,-22}{Text(after[name]),12}" : $"{name,-22}{before,12}{Text(after[name]),12}");
            }
        }
        output.WriteLine($"{"seconds of training",-22}{(outcome.Before is null ? "" : new string(' ', 12))}{observer.TrainingTime.TotalSeconds.ToString("F1", CultureInfo.InvariantCulture),12}");
        output.WriteLine($"{"seconds in all",-22}{(outcome.Before is null ? "" : new string(' ', 12))}{total.TotalSeconds.ToString("F1", CultureInfo.InvariantCulture),12}");
        output.WriteLine($"{"peak memory, MiB",-22}{(outcome.Before is null ? "" : new string(' ', 12))}{Machine.PeakMebibytes().ToString("F0", CultureInfo.InvariantCulture),12}");
        if (observer.Predictions.Count > 0)
        {
            output.WriteLine();
            foreach (var p in observer.Predictions)
                output.WriteLine($"  {(p.Predicted == p.Expected ? "right" : "WRONG")}  {p.Predicted} ({p.Probability.ToString("P1", CultureInfo.InvariantCulture)})  {p.Text}");
        }
        output.WriteLine();
        output.WriteLine($"The model is in {outcome.Folder}.");
    }

    private static int Rank(string metric) => Array.IndexOf(["loss", "accuracy", "precision", "recall", "f1"], metric) is >= 0 and var at ? at : 99;

    private static string Text(double value) => value.ToString("F4", CultureInfo.InvariantCulture);
}
