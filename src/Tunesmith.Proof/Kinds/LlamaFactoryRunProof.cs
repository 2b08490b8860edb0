using Tunesmith.Evaluation.Metrics;
using Tunesmith.Runs.Recipes;
using Tunesmith.Torch;
using Tunesmith.Training;

namespace Tunesmith.Proof.Kinds;

/// <summary>Recorded runs of LLaMA-Factory done again from their own YAML: batches, first weights, losses and every file that is left.</summary>
public static class LlamaFactoryRunProof
{
    private const string Kind = "llamafactory-runs";
    private const string DemoData = "shared/data/llamafactory";
    private const int Twins = 2;

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
            string yaml = Path.Combine(folder, "run.yaml");
            bool signs = recorded.Peek("pissa_init") != "true";
            var watch = new RunWatch(folder) { Signs = signs };
            string output = Start(yaml, work, watch.Watch, watch);
            Compare strict = Judge(folder, work, output, watch, new RunTolerance());
            if (strict.Passed || watch.Losses.Count == 0) return strict.Result(Kind, name);
            // What is not determined to the last bit may choose another checkpoint as the best: then the recorded evaluations choose, and all that follows from them must be as recorded.
            if (watch.Measured.Count > 0)
            {
                watch = new RunWatch(folder) { Signs = signs, Steered = true };
                output = Start(yaml, work, watch.Watch, watch, "steered");
            }
            RunTolerance asked = Ask(yaml, work, folder, RunNumbers.Read(output, watch));
            CaseResult result = Judge(folder, work, output, watch, asked).Result(Kind, name);
            return result with { Detail = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{result.Detail}; the run itself moves its loss by {asked.LargestLossMove:G3} when its weights change in the last bit") };
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }

    private static Compare Judge(string folder, string work, string output, RunWatch watch, RunTolerance tolerance)
    {
        var compare = new Compare();
        watch.Check(compare, tolerance);
        string named = Recipe.Load(Path.Combine(folder, "run.yaml")).Peek("output_dir")!;
        var files = new RunFiles(compare, tolerance, watch.Signs);
        files.Check(Path.Combine(folder, "out"), output, text => text.Replace(output, named, StringComparison.Ordinal).Replace(work + "/", "", StringComparison.Ordinal));
        files.CheckNames(Path.Combine(folder, "case.json"), output);
        return compare;
    }

    // How far the run's numbers move when it starts from weights that are changed in their last bit.
    private static RunTolerance Ask(string yaml, string work, string folder, RunNumbers run)
    {
        var tolerance = new RunTolerance();
        for (int twin = 1; twin <= Twins; twin++)
        {
            var watch = new RunWatch(folder) { Steered = true };
            int seed = twin;
            TrainerInput Changed(TrainerInput input)
            {
                bool done = false;
                return watch.Watch(input) with
                {
                    OnWindow = _ =>
                    {
                        if (!done) RunTolerance.Change(input, seed);
                        done = true;
                    },
                };
            }
            string output = Start(yaml, work, Changed, watch, $"twin-{twin}");
            tolerance.Learn(run, RunNumbers.Read(output, watch));
        }
        return tolerance;
    }

    private static string? Missing(Recipe recipe)
    {
        string stage = recipe.Peek("stage") ?? "sft", type = recipe.Peek("finetuning_type") ?? "lora", optim = recipe.Peek("optim") ?? "adamw_torch_fused";
        if (stage is not ("sft" or "pt")) return $"stage {stage}";
        if (type is not ("full" or "freeze" or "lora")) return $"finetuning_type {type}";
        if (!Training.Optimizers.Optimizers.Names.Contains(optim)) return $"optim {optim}";
        foreach (string key in (string[])["streaming", "use_muon", "use_galore", "use_apollo", "use_badam", "use_adam_mini", "use_asft_loss"])
            if (recipe.Peek(key) == "true") return key;
        if (recipe.Peek("export_dir") is not null) return "export_dir";
        return null;
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

    private static string Start(string yaml, string work, Func<TrainerInput, TrainerInput> watch, IRunObserver observer, string apart = "")
    {
        Recipe recorded = Recipe.Load(yaml);
        var overrides = new List<string>();
        foreach (string key in (string[])["model_name_or_path", "dataset_dir", "resume_from_checkpoint"])
            if (recorded.Peek(key) is string path) overrides.Add($"{key}={Path.Combine(work, path)}");
        if (recorded.Peek("adapter_name_or_path") is string adapters)
            overrides.Add("adapter_name_or_path=" + string.Join(',', adapters.Split(',').Select(path => Path.Combine(work, path.Trim()))));
        string output = Path.Combine(work, apart, recorded.Peek("output_dir")!);
        overrides.Add($"output_dir={output}");
        Recipe recipe = Recipe.Load(yaml, overrides);
        TrainingRun.Run(new RunRequest(recipe, observer, TimeProvider.System, () => new Dictionary<string, object?>()) { Watch = watch, CompareTexts = Similarity.Mean });
        return output;
    }
}
