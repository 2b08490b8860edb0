using System.Globalization;
using System.Text.Json;
using Tunesmith.Data;
using Tunesmith.Runs;
using Tunesmith.Runs.Folders;
using Tunesmith.Runs.Recipes;
using Tunesmith.Training;

namespace Tunesmith.Cli.Commands;

/// <summary><c>check RECIPE</c>: everything that can be known without loading weights.</summary>
internal static class Check
{
    private const int ShownRecords = 3;
    private const double Mebi = 1 << 20;

    /// <summary>Data files up to this size are read to their end, so that the command stays below a second.</summary>
    private const long WholeBytes = 2 << 20;

    /// <summary>What is read of larger ones.</summary>
    private const int FirstRows = 2000;

    public static Command Command { get; } = new()
    {
        Name = "check",
        Usage = "RECIPE [key=value ...] [--all] [--json]",
        Summary = "resolves a recipe: values with their origin, first records, memory and time",
        Help = $"""
            Loads no weights and no libtorch; names and shapes must fit. Problems are told all at once, with line numbers
            and the nearest known key. Data files of together up to 2 MiB are read to their
            end, of larger ones the first {FirstRows:N0} rows; --all reads everything, as train will.
            """,
        Flags = [new("--all", null, "reads large data files to their end too"), new("--json", null, "one JSON object")],
        Run = Run,
    };

    private static int Run(Invocation run)
    {
        var path = run.Arguments.Single("check", "recipe");
        var recipe = Recipe.Load(path, run.Arguments.Overrides);
        var options = RunOptions.Bind(recipe);
        var model = TrainingRun.CheckModel(options, hashes: false);
        foreach (var warning in options.Warnings(model)) run.Error.WriteLine($"warning: {warning}");
        var records = DataPreview.First(options.Data, options.Training.Stage, ShownRecords);
        var whole = run.Arguments.Has("--all") || DataPreview.FileBytes(options.Data) <= WholeBytes;
        var read = whole ? options : options with { Data = Beginning(options) };
        var (tokenizer, template) = TrainingRun.Text(read);
        var data = TrainingRun.Build(read, tokenizer, template);
        var estimate = data.Train.Count == 0 || !options.Training.DoTrain ? null
            : RunEstimate.Of(options, model, data.Train.Count, data.Train, Environment.ProcessorCount, Machine.Processor().Features.Contains("avx512f"));
        // Read, not opened: nothing is made or locked.
        var (state, problem) = State(options, recipe);
        if (run.Json) WriteJson(run, recipe, model, records, data, whole, estimate, problem?.Message ?? state);
        else Write(run, recipe, model, records, data, whole, estimate, state);
        if (problem is null) return App.Done;
        run.Out.Flush();
        throw problem;
    }

    // Of the first rows only what holds for them alone is asked: a label may come later, and what is held out depends on how many there are.
    private static DataOptions Beginning(RunOptions options) => options.Data with
    {
        MaxSamples = Math.Min(FirstRows, options.Data.MaxSamples ?? FirstRows),
        EvalDataset = [], EvalFile = [], ValSize = "0",
        ProblemType = options.Training.Stage == "cls" && options.Data.ProblemType != LabelSet.Regression ? LabelSet.Multi : options.Data.ProblemType,
    };

    private static void Write(Invocation run, Recipe recipe, ModelOutline model, IReadOnlyList<PreviewRecord> records, DatasetSplits data, bool whole,
        RunEstimate? estimate, string? state)
    {
        foreach (var key in recipe.Resolved) run.Out.WriteLine(Clip($"{key.Name,-36} {RecipeWriter.Value(key.Value),-28} {key.Origin}", run));
        foreach (var ignored in recipe.WithoutEffect) run.Out.WriteLine($"{ignored}: without effect here");
        run.Out.WriteLine();
        foreach (var record in records)
        {
            run.Out.WriteLine($"{record.Place}");
            foreach (var (name, text) in record.Parts) run.Out.WriteLine(Clip($"  {name}: {text.ReplaceLineEndings(" ")}", run));
        }
        run.Out.WriteLine();
        if (!whole) run.Out.WriteLine($"of the data only the first {FirstRows.ToString("N0", CultureInfo.InvariantCulture)} rows were read; --all reads everything");
        foreach (var line in data.Report.Lines()) run.Out.WriteLine(line);
        run.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"model: {model.Config.ModelType}, {model.Parameters:N0} parameters{(model.Trained > 0 ? $", {model.Trained:N0} of them trained" : "")}, {model.Bytes / 1e6:F1} MB on disk"));
        if (estimate is not null)
        {
            run.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"memory: about {estimate.Bytes / Mebi:N0} MiB; this machine has {Machine.Memory().Available * 1024:N0} MiB free"));
            run.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"time: about {Duration(estimate.Seconds)} for {estimate.Length.TotalSteps:N0} updates{(whole ? "" : " over what was read")}, {Environment.ProcessorCount} cores with nothing else to do"));
        }
        if (state is not null) run.Out.WriteLine($"output_dir: {state}");
    }

    private static void WriteJson(Invocation run, Recipe recipe, ModelOutline model, IReadOnlyList<PreviewRecord> records, DatasetSplits data, bool whole, RunEstimate? estimate, string? state) =>
        run.Out.WriteLine(JsonSerializer.Serialize(new
        {
            recipe = recipe.Resolved.ToDictionary(k => k.Name, k => new { value = RecipeWriter.Value(k.Value), origin = k.Origin.ToString() }),
            without_effect = recipe.WithoutEffect,
            records = records.Select(r => new { file = r.Place.File, line = r.Place.Line, record = r.Place.Record, parts = r.Parts.Select(p => new { name = p.Key, text = p.Value }) }),
            data = new { read_whole = whole, train_examples = data.Train.Count, eval_examples = data.Eval?.Count ?? 0, report = data.Report.Lines() },
            parameters = model.Parameters,
            trained = model.Trained,
            bytes = model.Bytes,
            updates = estimate?.Length.TotalSteps,
            memory_mib = estimate is null ? (double?)null : Math.Round(estimate.Bytes / Mebi),
            seconds = estimate is null ? (double?)null : Math.Round(estimate.Seconds, 1),
            output_dir = state,
        }, InputTexts.Json));

    // What train will find in output_dir: a line about it, or the refusal.
    private static (string? State, UsageException? Problem) State(RunOptions options, Recipe recipe)
    {
        var output = options.Training.OutputDir;
        try
        {
            return (RunFolder.Look(output, recipe, options.Training.OverwriteOutputDir, options.Training.NamedCheckpoint is not null, options.Training.GoesOnInside) switch
            {
                RunState.Finished => $"{output} holds this run, finished; train will do nothing unless overwrite_output_dir=true",
                RunState.Interrupted => $"{output} holds this run, unfinished; train will go on with it",
                _ => Directory.Exists(output) ? $"{output} will be filled anew" : $"{output} will be made",
            }, null);
        }
        catch (UsageException problem)
        {
            return (null, problem);
        }
    }

    private static string Duration(double seconds) => seconds < 120 ? $"{seconds.ToString("F0", CultureInfo.InvariantCulture)} s"
        : seconds < 7200 ? $"{(seconds / 60).ToString("F0", CultureInfo.InvariantCulture)} min" : $"{(seconds / 3600).ToString("F1", CultureInfo.InvariantCulture)} h";

    private static string Clip(string line, Invocation run) => run.Terminal.OutIsTerminal && line.Length > run.Terminal.Width ? line[..(run.Terminal.Width - 3)] + "..." : line;
}
