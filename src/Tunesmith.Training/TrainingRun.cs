using System.Text.Json.Nodes;
using Tunesmith.Data;
using Tunesmith.Models;
using Tunesmith.Models.Adapters;
using Tunesmith.Models.Checkpoints;
using Tunesmith.Runs.Files;
using Tunesmith.Runs.Folders;
using Tunesmith.Runs.Reports;
using Tunesmith.Text.Templates;
using Tunesmith.Text.Tokenizers;
using Tunesmith.Torch;
using Tunesmith.Training.Phases;
using Tunesmith.Training.Results;
using Tunesmith.Training.Resume;

namespace Tunesmith.Training;

/// <summary>
/// A whole run: recipe, data, model, loop, results. The order of what draws random numbers is LLaMA-Factory's (train/tuner.py, train/sft/workflow.py), so that the
/// same YAML gives the same split, the same first weights and the same order of examples.
/// </summary>
public static class TrainingRun
{
    /// <summary>Names and versions that cards tell.</summary>
    public static IReadOnlyList<(string Name, string Version)> Versions =>
        [("Tunesmith", typeof(TrainingRun).Assembly.GetName().Version?.ToString(3) ?? "0"), ("libtorch", TorchInfo.Version)];

    /// <summary>Runs what the recipe says; a run that was stopped goes on.</summary>
    public static RunOutcome Run(RunRequest request, CancellationToken cancel = default)
    {
        var (recipe, observer) = (request.Recipe, request.Observer);
        var options = RunOptions.Bind(recipe);
        request.OnResolved?.Invoke(recipe);
        var training = options.Training;
        if (!training.DoTrain && !training.DoEval && !training.DoPredict) throw Errors.NothingToDo();
        var output = training.OutputDir!;
        // A folder that is there is looked at before anything heavy: another run's, a finished one, one in use.
        // One that is to be overwritten keeps what it has until the data are known to be good.
        if (training.OverwriteOutputDir) RunFolder.CheckFree(output);
        using var existing = Directory.Exists(output) && !training.OverwriteOutputDir ? Open(request, options) : null;
        if (existing?.State == RunState.Finished) return AlreadyDone(request, existing);
        if (existing is null) RunFolder.CheckPlace(output);
        foreach (var warning in options.Warnings(CheckModel(options))) observer.OnWarning(warning);

        var (tokenizer, template) = Text(options, observer.OnWarning);
        Generator.Default.Seed((ulong)training.Seed);
        var data = Build(options, tokenizer, template);
        foreach (var line in data.Report.Lines()) observer.OnMessage(line);
        cancel.ThrowIfCancellationRequested();
        using var folder = existing ?? Open(request, options);
        var watcher = new FolderObserver(observer, folder);
        var resume = training.DoTrain ? ResumePoint(training, folder, observer, watcher.OnWarning) : null;
        var facts = request.Environment();
        var origin = training.DoTrain ? RunOrigin.Of(data.Train, data.Eval, Below(options), facts) : null;
        if (resume is not null) origin!.Check(resume, named: training.NamedCheckpoint is not null, watcher.OnWarning);
        folder.WriteRecipe(recipe);
        folder.WriteEnvironment(facts);
        folder.Events.Write("start", ("rows", data.Train.Count), ("eval_rows", data.Eval?.Count ?? 0));

        using var scope = Scope.Open();
        using var run = RunModel.Load(options, tokenizer, template, data.Labels, resumes: resume is not null, observer);
        var stage = Stages.Stages.Create(training, PadId(tokenizer, run.Model));
        stage.Check(run.Model);
        // As recorded: LLaMA-Factory's sft trainer counts a short last batch like a full one, its pt trainer counts examples.
        var mean = training.Stage == "sft" ? EvaluationMean.Batches : EvaluationMean.Examples;
        var evaluator = new Evaluator(run.Model, stage, training.PerDeviceEvalBatchSize, request.Time) { Mean = mean, OnProgress = watcher.OnEvaluating };
        var phases = new RunPhases(options, run.Model, tokenizer, template, evaluator, data, folder, watcher, request);
        var input = new TrainerInput
        {
            Model = run.Model, Stage = stage, Options = training, Train = data.Train, Eval = data.Eval, EvalByName = data.EvalByName, Observer = watcher, Time = request.Time,
            RunFolder = folder.Path, SaveModel = run.SaveCheckpoint, ResumeFrom = resume, Origin = origin, EvaluationMean = mean, ResumeAsTransformers = training.NamedCheckpoint is not null,
        };
        try
        {
            return Do(request, options, folder, run, phases, input, cancel);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            observer.OnMessage(StoppedBeside(training, phases.Trained, folder));
            folder.Events.Write("interrupted", ("step", phases.Trained?.GlobalStep ?? 0));
            return new RunOutcome(RunEnding.Interrupted, output, null, null);
        }
    }

    // What is measured before, the training, and what is measured and written after it.
    private static RunOutcome Do(RunRequest request, RunOptions options, RunFolder folder, RunModel run, RunPhases phases, TrainerInput input, CancellationToken cancel)
    {
        var training = options.Training;
        // transformers evaluates after training wherever it evaluates during it (TrainingArguments.__post_init__).
        var evaluates = phases.HasExamples && (training.DoEval || training.EvalStrategy != "no");
        IReadOnlyDictionary<string, double>? before = null;
        if (training.DoTrain)
        {
            if (training.Stage == "cls" && evaluates) before = phases.Before(resumes: input.ResumeFrom is not null, cancel);
            folder.Begin();
            run.SaveStart(folder.Path);
            using var trainer = new Trainer(request.Watch?.Invoke(input) ?? input);
            var result = trainer.Run(cancel);
            if (result.Interrupted)
            {
                request.Observer.OnMessage(Stopped(training, result.Steps));
                folder.Events.Write("interrupted", ("step", result.Steps));
                return new RunOutcome(RunEnding.Interrupted, training.OutputDir!, before, null);
            }
            var state = phases.Trained = result.State;
            run.SaveConverted(folder.Path);
            run.Save(folder.Path);
            ResultFiles.Write(folder.Path, "train", new Dictionary<string, object?>(result.Metrics) { ["epoch"] = state.Epoch });
            AtomicFile.WriteAllText(folder.In("trainer_state.json"), state.ToJson(saving: true));
            if (training.PlotLoss) LossPlot.Write(folder.Path, History(state), phases.Curves());
        }
        else
        {
            Generator.Default.Seed((ulong)training.Seed); // the trainer that only evaluates draws from the seed on too (golden rule 8)
        }
        IReadOnlyDictionary<string, double>? after = null;
        if (evaluates) after = phases.Evaluate(cancel);
        if (training.DoPredict && phases.HasExamples && phases.Predict(cancel) is { } predicted) after ??= predicted;
        if (phases.Trained is { } trained) AtomicFile.WriteAllText(folder.In("README.md"), Card(options, trained));
        folder.Finish();
        // As transformers ends: with room for one checkpoint, the best stays alone. Not before all is done, since a run that is stopped goes on from the last.
        if (training is { DoTrain: true, LoadBestModelAtEnd: true, SaveTotalLimit: 1 } && phases.Trained?.BestModelCheckpoint is { } kept)
            CheckpointFolders.KeepBest(folder.Path, kept);
        folder.Events.Write("finished");
        request.Observer.OnSave(training.OutputDir!, phases.Trained?.GlobalStep ?? 0);
        return new RunOutcome(RunEnding.Done, training.OutputDir!, before, after) { Trained = phases.Trained is not null };
    }

    /// <summary>
    /// Sees that what the run begins with is there and fits, before the data are read: the model's files, names and shapes, what of it is to be trained, the
    /// adapters and the checkpoint. Needs no libtorch.
    /// </summary>
    /// <param name="hashes">False compares only the sizes of the checkpoint's files.</param>
    public static ModelOutline CheckModel(RunOptions options, bool hashes = true)
    {
        var outline = RunModel.Check(options);
        if (options.Training.DoTrain && RealPath.Of(options.Training.OutputDir) == RealPath.Of(options.Model.ModelNameOrPath!)) throw Errors.OutputIsModel(options.Training.OutputDir);
        foreach (var adapter in options.Model.AdapterNameOrPath ?? []) Adapter.Check(adapter);
        if (options.Training is { DoTrain: true, NamedCheckpoint: { } named } && CheckpointFolders.Fault(named, hashes) is { } fault) throw Errors.ResumeFolder(named, fault);
        return outline;
    }

    /// <summary>The tokenizer as the template wants it.</summary>
    /// <param name="say">Told what a person should know of the template.</param>
    public static (Tokenizer Tokenizer, Template? Template) Text(RunOptions options, Action<string>? say = null)
    {
        var tokenizer = options.Model.LoadTokenizer();
        Template? template = null;
        if (options.Training.Stage != "cls")
        {
            var bare = options.Training.Stage == "pt" && options.Data.Template is null;
            template = bare ? Templates.Get("empty") : ConversationTemplate.For(options.Data, tokenizer, say);
            template.FixTokenizer(tokenizer);
        }
        return (tokenizer, template);
    }

    /// <summary>Reads, splits and encodes the data of a run; needs no libtorch.</summary>
    public static DatasetSplits Build(RunOptions options, Tokenizer tokenizer, Template? template)
    {
        var (_, config) = ModelLoader.ReadConfig(options.Model.ModelNameOrPath!);
        var head = ClassHead.Of(options.Model.AdapterNameOrPath ?? []);
        var data = DatasetBuilder.Build(options.Data, options.Training.Stage, tokenizer, template, options.Training.Seed, new BuildSettings
        {
            MaxLength = (int)Math.Min(config.MaxLength, int.MaxValue),
            KnownLabels = head?.Labels ?? (config.Id2label is { Count: > 0 } ? config.LabelNames() : null),
            KnownProblem = head?.ProblemType ?? config.ProblemType,
            EvalAsPrompts = options.Training.PredictWithGenerate,
            AddsBos = tokenizer.AddsBos,
        });
        // A template may bring marks that the tokenizer did not have; the model has no embedding for them unless it gets one.
        if (!options.Model.GrowsVocabulary && data.Train.Concat(data.Eval ?? []).SelectMany(e => e.InputIds).FirstOrDefault(id => id >= config.VocabSize) is > 0 and var outside)
            throw Errors.TokenWithoutEmbedding(tokenizer.IdToToken(outside) ?? "?", outside, config.VocabSize);
        return data;
    }

    private static RunFolder Open(RunRequest request, RunOptions options) =>
        RunFolder.Open(options.Training.OutputDir!, request.Recipe, options.Training.OverwriteOutputDir, request.Time,
            anyRecipe: options.Training.NamedCheckpoint is not null, keep: options.Training.GoesOnInside);

    private static RunOutcome AlreadyDone(RunRequest request, RunFolder folder)
    {
        request.Observer.OnMessage($"{folder.Path} holds this run, finished. Nothing was done; set overwrite_output_dir=true to run it again, or name another output_dir.");
        return new RunOutcome(RunEnding.WasDone, folder.Path, null, null);
    }

    // What full training begins with is in its checkpoints.
    private static string Below(RunOptions options) => options.Adapter.FinetuningType == "full" || options.Model.TrainFromScratch ? ""
        : WeightFingerprint.Of(options.Model.ModelNameOrPath!, options.Model.AdapterNameOrPath ?? []);

    private static string? ResumePoint(TrainingOptions training, RunFolder folder, IRunObserver observer, Action<string> warn)
    {
        if (training.NamedCheckpoint is { } named) return named;
        foreach (var name in folder.HalfWritten.Where(name => name.StartsWith("checkpoint-", StringComparison.Ordinal)))
            warn($"{name} was half-written when the run stopped: it is skipped");
        var newest = CheckpointFolders.Newest(folder.Path, warn);
        if (newest is not null) observer.OnMessage($"Goes on from {Path.GetFileName(newest)}.");
        else if (folder.State == RunState.Interrupted) observer.OnMessage("The run in this folder stopped before its first checkpoint: starts anew.");
        else if (training.GoesOnInside) observer.OnMessage($"resume_from_checkpoint: {training.OutputDir} has no checkpoint yet: starts from the beginning.");
        return newest;
    }

    private static string Stopped(TrainingOptions training, long steps) => steps == 0
        ? "Stopped before the first update; nothing was trained yet. The same command starts anew."
        : $"Stopped after update {steps}; {training.OutputDir} has a checkpoint of it. {GoesOn(training, steps, "The same command goes on from there.")}";

    // Stopped while something was measured or answered before or after the training, or without any.
    private static string StoppedBeside(TrainingOptions training, TrainerState? trained, RunFolder folder)
    {
        if (!training.DoTrain) return "Stopped; the same command starts anew.";
        if (trained is null) return Stopped(training, 0);
        var kept = CheckpointFolders.Fault(CheckpointFolders.PathOf(folder.Path, trained.GlobalStep)) is null;
        return $"Stopped after the training; the model is in {training.OutputDir}. "
            + (kept ? GoesOn(training, trained.GlobalStep, "The same command does what is left.") : "The same command trains anew, since no checkpoint was kept.");
    }

    private static string GoesOn(TrainingOptions training, long steps, string otherwise) =>
        training.NamedCheckpoint is { } named ? $"Set resume_from_checkpoint={CheckpointFolders.PathOf(training.OutputDir, steps)} to go on from there; the same command begins at {named} again."
        : training.OverwriteOutputDir && !training.GoesOnInside ? "Set overwrite_output_dir=false to go on from there; with true the same command starts anew." : otherwise;

    private static int PadId(Tokenizer tokenizer, Model model) => tokenizer.PadId ?? (int)(model.Config.PadTokenId ?? tokenizer.EosId ?? 0);

    private static IEnumerable<JsonNode?> History(TrainerState state) => state.LogHistory.Select(record => JsonNode.Parse(PythonJson.Write(record, indent: 0, sortKeys: false)));

    private static string Card(RunOptions options, TrainerState state)
    {
        var training = options.Training;
        return ModelCard.Render(new ModelCardFacts
        {
            Name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(training.OutputDir!))),
            BaseModel = options.Model.ModelNameOrPath!,
            Datasets = options.Data.Dataset.Count > 0 ? options.Data.Dataset : [.. options.Data.TrainFile.Select(file => Path.GetFileNameWithoutExtension(file))],
            FinetuningType = options.Adapter.FinetuningType,
            LearningRate = training.LearningRate,
            TrainBatchSize = training.PerDeviceTrainBatchSize,
            EvalBatchSize = training.PerDeviceEvalBatchSize,
            Seed = training.Seed,
            GradientAccumulationSteps = training.GradientAccumulationSteps,
            Optimizer = training.Optim,
            OptimizerArguments = training.OptimArgs,
            AdamBeta1 = training.AdamBeta1,
            AdamBeta2 = training.AdamBeta2,
            AdamEpsilon = training.AdamEpsilon,
            Scheduler = training.LrSchedulerType,
            WarmupSteps = training.Warmup,
            MaxSteps = training.MaxSteps,
            Epochs = training.NumTrainEpochs,
            LabelSmoothing = training.LabelSmoothingFactor,
            LogHistory = History(state),
            Versions = Versions,
        });
    }
}
