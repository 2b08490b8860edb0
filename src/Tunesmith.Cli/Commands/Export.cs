using System.Text.Json;
using Tunesmith.Models;
using Tunesmith.Models.Checkpoints;
using Tunesmith.Models.Export;
using Tunesmith.Runs.Files;
using Tunesmith.Torch;

namespace Tunesmith.Cli.Commands;

/// <summary><c>export</c>: merges adapters, writes a Hugging Face folder, and proves that it computes the same.</summary>
internal static class Export
{
    public static Command Command { get; } = new()
    {
        Name = "export",
        Usage = "MODEL|RECIPE export_dir=DIR [--json]",
        Summary = "merges a LoRA, writes a Hugging Face folder, and proves that it computes the same",
        Help = """
            MODEL is an adapter's or a model's folder or a run's output_dir; a recipe with
            model_name_or_path, adapter_name_or_path and export_dir does too. The logits of
            drawn ids are taken before the merge and again from the files that were written;
            where they differ the export fails and the folder is not kept. Weights are stored
            in infer_dtype; auto is the dtype that the base's config.json names.
            """,
        Flags = [new("--json", null, "the result as JSON")],
        Run = Run,
    };

    private static int Run(Invocation run)
    {
        var path = run.Arguments.Single("export", "model or recipe");
        using var scope = Torch.Scope.Open();
        using var opened = OpenedModel.Open(path, run.Arguments.Overrides, mergeAdapters: false, dtype: DType.Float32);
        var target = opened.Options.ExportDir ?? throw Errors.NoExportDir(path);
        if (Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any()) throw Errors.ExportDirNotEmpty(target);
        foreach (var name in AtomicFolder.ClearLeftOvers(target)) run.Error.WriteLine($"removed {name}: an export that was killed left it");
        run.Error.WriteLine($"Merging and writing {target} ...");
        // The folder gets its name only when what was written computes the same.
        ExportReport? proof = null;
        AtomicFolder.Write(target, folder =>
        {
            proof = ExportProof.Run(opened.Model, opened.Merge, folder, opened.ExportDType, maxShardBytes: opened.Options.ExportSize * 1_000_000_000L);
            opened.Tokenizer.Save(folder);
            // How the base wants to be asked (its end markers, temperature ...) is no part of config.json: it goes along as it is.
            var settings = Path.Combine(opened.Options.ModelNameOrPath!, ModelSaver.GenerationFileName);
            if (opened.Model is CausalModel && File.Exists(settings)) File.Copy(settings, Path.Combine(folder, ModelSaver.GenerationFileName), overwrite: true);
        });
        var report = proof!;
        var dtype = opened.ExportDType.ToString().ToLowerInvariant();
        if (run.Json)
        {
            run.Out.WriteLine(JsonSerializer.Serialize(new { folder = target, largest_difference = report.LargestDifference, tolerance = report.Tolerance, tensors = report.Tensors, bytes = report.Bytes, dtype }));
            return App.Done;
        }
        run.Out.WriteLine($"{target}: {report.Tensors} tensors in {dtype}, {report.Bytes / 1e6:F1} MB");
        run.Out.WriteLine($"proven: the logits of the files differ by at most {report.LargestDifference:G3} from those before the merge (allowed: {report.Tolerance:G3})");
        if (opened.ExportDType != DType.Float32) run.Out.WriteLine($"the merge was proven in float32; the files hold its weights, each rounded once to {dtype}");
        return App.Done;
    }
}
