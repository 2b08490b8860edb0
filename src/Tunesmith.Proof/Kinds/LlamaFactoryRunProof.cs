using System.Text.Json;
using Tunesmith.Runs.Recipes;
using Tunesmith.Torch;
using Tunesmith.Training;

namespace Tunesmith.Proof.Kinds;

/// <summary>Recorded runs of LLaMA-Factory done again from their own YAML: batches, first weights, losses and every file that is left.</summary>
public static class LlamaFactoryRunProof
{
    private const string Kind = "llamafactory-runs";
    private const string DemoData = "shared/data/llamafactory";

    /// <param name="folder">One case.</param>
    public static IEnumerable<CaseResult> Verify(string folder) => [Run(Path.GetFullPath(folder).TrimEnd('/'))];

    private static CaseResult Run(string folder)
    {
        string name = Path.GetFileName(folder);
        Recipe recorded = Recipe.Load(Path.Combine(folder, "run.yaml"));
        if (Missing(recorded) is string missing) return ModelCase.NotImplemented(Kind, folder, missing);
        string work = Directory.CreateTempSubdirectory("tunesmith-proof-").FullName;
        try
        {
            using var scope = Scope.Open();
            Prepare(folder, work);
            if (recorded.Peek("resume_from_checkpoint") is string checkpoint) RunFirst(folder, work, checkpoint);
            var compare = new Compare();
            var watch = new RunWatch(folder, compare, Tolerance(recorded)) { Signs = recorded.Peek("pissa_init") != "true" };
            string output = Start(Path.Combine(folder, "run.yaml"), work, watch.Watch, watch);
            watch.Finish();
            RunFiles.Compare(Path.Combine(folder, "out"), output, work + "/", compare, watch.Tolerance, watch.Signs);
            return compare.Result(Kind, name);
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }

    // An update of Adam is about the learning rate whatever the gradient, so what rounding does to a run grows with it; 1e-4 at the usual 1e-3.
    private static double Tolerance(Recipe recipe)
    {
        if (recipe.Peek("bf16") == "true" || recipe.Peek("pure_bf16") == "true") return 1e-1;
        bool adam = (recipe.Peek("optim") ?? "adamw").StartsWith("adam", StringComparison.Ordinal);
        double rate = double.TryParse(recipe.Peek("learning_rate"), System.Globalization.CultureInfo.InvariantCulture, out double given) ? given : 5e-5;
        return adam ? Math.Max(1e-4, rate / 10) : 1e-4;
    }

    private static string? Missing(Recipe recipe)
    {
        string stage = recipe.Peek("stage") ?? "sft", type = recipe.Peek("finetuning_type") ?? "lora", optim = recipe.Peek("optim") ?? "adamw_torch_fused";
        if (stage is not ("sft" or "pt")) return $"stage {stage}";
        if (type is not ("full" or "freeze" or "lora")) return $"finetuning_type {type}";
        if (!Training.Optimizers.Optimizers.Names.Contains(optim)) return $"optim {optim}";
        foreach (string key in (string[])["streaming", "use_muon", "use_galore", "use_apollo", "use_badam", "use_adam_mini", "use_asft_loss", "predict_with_generate"])
            if (recipe.Peek(key) == "true") return key;
        if (recipe.Peek("export_dir") is not null) return "export_dir";
        return recipe.Peek("do_train") == "true" ? null : "a run without training";
    }

    // The working folder of the recording: base/, data/ and the outputs of other cases under saves/.
    private static void Prepare(string folder, string work)
    {
        string all = Path.GetDirectoryName(folder)!;
        Directory.CreateSymbolicLink(Path.Combine(work, "base"), Path.Combine(all, "base"));
        Directory.CreateSymbolicLink(Path.Combine(work, "data"), GoldenPaths.Resolve(folder, DemoData));
        Directory.CreateDirectory(Path.Combine(work, "saves"));
        foreach (string other in Directory.EnumerateDirectories(all))
            if (other != folder && Directory.Exists(Path.Combine(other, "out")))
                Directory.CreateSymbolicLink(Path.Combine(work, "saves", Path.GetFileName(other)), Path.Combine(other, "out"));
    }

    // Checkpoints are not stored: the run that wrote the one to go on from is done again.
    private static void RunFirst(string folder, string work, string checkpoint)
    {
        string first = Path.GetFileName(Path.GetDirectoryName(checkpoint)!);
        Directory.Delete(Path.Combine(work, "saves", first));
        Start(Path.Combine(Path.GetDirectoryName(folder)!, first, "run.yaml"), work, input => input, new SilentObserver());
    }

    private static string Start(string yaml, string work, Func<TrainerInput, TrainerInput> watch, IRunObserver observer)
    {
        Recipe recorded = Recipe.Load(yaml);
        var overrides = new List<string>();
        foreach (string key in (string[])["model_name_or_path", "dataset_dir", "output_dir", "resume_from_checkpoint"])
            if (recorded.Peek(key) is string path) overrides.Add($"{key}={Path.Combine(work, path)}");
        if (recorded.Peek("adapter_name_or_path") is string adapters)
            overrides.Add("adapter_name_or_path=" + string.Join(',', adapters.Split(',').Select(path => Path.Combine(work, path.Trim()))));
        Recipe recipe = Recipe.Load(yaml, overrides);
        string output = Path.Combine(work, recorded.Peek("output_dir")!);
        TrainingRun.Run(new RunRequest(recipe, observer, TimeProvider.System, () => new Dictionary<string, object?>()) { Watch = watch });
        return output;
    }
}
