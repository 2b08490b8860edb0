using System.Globalization;
using System.Text.Json;
using Tunesmith.Data;
using Tunesmith.Models.Checkpoints;
using Tunesmith.Runs.Recipes;
using Tunesmith.Training;

namespace Tunesmith.Cli.Commands;

/// <summary><c>check RECIPE</c>: everything that can be known without loading weights.</summary>
internal static class Check
{
    private const int ShownRecords = 3;
    private const double Mebi = 1 << 20;

    /// <summary>Floating-point operations a second and core that training reaches here in fp32 (docs/log.md): the time is an estimate, no promise.</summary>
    private const double OperationsPerCore = 60e9;

    public static Command Command { get; } = new()
    {
        Name = "check",
        Usage = "RECIPE [key=value ...] [--json]",
        Summary = "resolves a recipe: values with their origin, first records, memory and time",
        Help = """
            Loads no weights and no libtorch. Problems are told all at once, with line numbers
            and the nearest known key.
            """,
        Flags = [new("--json", null, "one JSON object")],
        Run = Run,
    };

    private static int Run(Invocation run)
    {
        var path = run.Arguments.Single("check", "recipe");
        var recipe = Recipe.Load(path, run.Arguments.Overrides);
        var options = RunOptions.Bind(recipe);
        var (_, config) = ModelLoader.ReadConfig(options.Model.ModelNameOrPath!);
        long parameters, bytes;
        using (var files = CheckpointFiles.Open(options.Model.ModelNameOrPath!)) (parameters, bytes) = (files.ParameterCount, files.ByteCount);
        var records = DataPreview.First(options.Data, options.Training.Stage, ShownRecords);
        var memory = Memory(options, parameters, config.LayerCount, config.Width, config.VocabSize);
        var secondsPerExample = 6.0 * parameters * Math.Min(options.Data.CutoffLen, 256) * (options.Adapter.FinetuningType == "full" ? 1 : 0.7) / (OperationsPerCore * Environment.ProcessorCount);
        if (run.Json)
        {
            run.Out.WriteLine(JsonSerializer.Serialize(new
            {
                recipe = recipe.Resolved.ToDictionary(k => k.Name, k => new { value = RecipeWriter.Value(k.Value), origin = k.Origin.ToString() }),
                without_effect = recipe.WithoutEffect,
                parameters, bytes, memory_mib = Math.Round(memory / Mebi), seconds_per_1000_examples = Math.Round(secondsPerExample * 1000, 1),
            }, InputTexts.Json));
            return App.Done;
        }
        foreach (var key in recipe.Resolved) run.Out.WriteLine(Clip($"{key.Name,-36} {RecipeWriter.Value(key.Value),-28} {key.Origin}", run));
        foreach (var ignored in recipe.WithoutEffect) run.Out.WriteLine($"{ignored}: without effect here");
        run.Out.WriteLine();
        foreach (var record in records)
        {
            run.Out.WriteLine($"{record.Place}");
            foreach (var (name, text) in record.Parts) run.Out.WriteLine(Clip($"  {name}: {text.ReplaceLineEndings(" ")}", run));
        }
        run.Out.WriteLine();
        run.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"model: {config.ModelType}, {parameters:N0} parameters, {bytes / 1e6:F1} MB on disk"));
        run.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"memory: about {memory / Mebi:N0} MiB; this machine has {Machine.Memory().Available * 1024:N0} MiB free"));
        run.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"time: about {secondsPerExample * 1000:F0} s for 1,000 examples of up to {Math.Min(options.Data.CutoffLen, 256)} tokens on {Environment.ProcessorCount} cores"));
        return App.Done;
    }

    // Weights, gradients and AdamW's two moments of what is trained, and the activations of one micro-batch: about 16 values a token, layer and channel, and one
    // chunk of logits.
    private static double Memory(RunOptions options, long parameters, int layers, int width, int vocabulary)
    {
        var trained = options.Adapter.FinetuningType == "full" ? parameters : parameters / 50.0;
        double tokens = options.Training.PerDeviceTrainBatchSize * (double)Math.Min(options.Data.CutoffLen, 2048);
        var activations = 4.0 * tokens * width * layers * (options.Training.GradientCheckpointing ? 2 : 16);
        return 200 * Mebi + 4.0 * parameters + 12.0 * trained + activations + (options.Training.Stage == "cls" ? 0 : Math.Min(64 * Mebi, 4.0 * tokens * vocabulary) * 3);
    }

    private static string Clip(string line, Invocation run) => run.Terminal.OutIsTerminal && line.Length > run.Terminal.Width ? line[..(run.Terminal.Width - 3)] + "..." : line;
}
