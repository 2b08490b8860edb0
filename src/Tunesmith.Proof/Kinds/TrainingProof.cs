using System.Text.Json;
using Tunesmith.Data;
using Tunesmith.Models;
using Tunesmith.Models.Adapters;
using Tunesmith.Models.Checkpoints;
using Tunesmith.Models.Families;
using Tunesmith.Torch;
using Tunesmith.Torch.Nn;
using Tunesmith.Training;
using Tunesmith.Training.Stages;

namespace Tunesmith.Proof.Kinds;

/// <summary>Whole training runs on toy models: losses, gradient norms, rates, groups and final weights.</summary>
public static class TrainingProof
{
    private const string Kind = "training";

    /// <param name="folder">One case.</param>
    public static IEnumerable<CaseResult> Verify(string folder) => [Run(folder)];

    private static CaseResult Run(string folder)
    {
        JsonElement golden = GoldenFile.Json(Path.Combine(folder, "golden.json"));
        string @base = GoldenPaths.Resolve(folder, golden.Need("base", "golden.json").GetString()!);
        if (ModelCase.UnknownFamily(@base) is string family) return ModelCase.NotImplemented(Kind, folder, $"family {family}");
        if (Missing(golden, @base) is string missing) return ModelCase.NotImplemented(Kind, folder, missing);
        using var scope = Scope.Open();
        using var run = new RecordedTraining(folder, @base, golden);
        return run.Compared().Result(Kind, Path.GetFileName(folder.TrimEnd('/')));
    }

    private static string? Missing(JsonElement golden, string @base)
    {
        string stage = golden.Need("stage", "golden.json").GetString()!;
        if (stage is not ("sft" or "pt" or "encoder")) return $"stage {stage}";
        JsonElement? arguments = golden.Maybe("finetuning_arguments");
        if (arguments?.Maybe("use_asft_loss")?.GetBoolean() == true) return "use_asft_loss";
        if (arguments is { ValueKind: JsonValueKind.Object } given)
        {
            foreach (JsonProperty entry in given.EnumerateObject())
                if (entry.Name.StartsWith("use_", StringComparison.Ordinal) && entry.Value.ValueKind == JsonValueKind.True && entry.Name is not ("use_dft_loss" or "use_eaft_loss" or "use_rslora" or "use_dora"))
                    return entry.Name;
        }
        string optim = golden.Maybe("training_arguments")?.Maybe("optim")?.GetString() ?? "adamw_torch";
        if (!Training.Optimizers.Optimizers.Names.Contains(optim)) return $"optim {optim}";
        if (stage != "encoder") return null;
        double smoothing = golden.Maybe("training_arguments")?.Maybe("label_smoothing_factor")?.Number() ?? 0;
        return EncoderKind(@base) is ModelKind kind && EncoderStages.For(kind, 0, smoothing) is not null ? null
            : $"training of {GoldenFile.Json(Path.Combine(@base, "config.json")).Maybe("architectures")}{(smoothing > 0 ? " with label smoothing" : "")}";
    }

    /// <summary>What the base of an encoder run computes.</summary>
    internal static ModelKind? EncoderKind(string @base)
    {
        (Family family, ModelConfig config) = ModelLoader.ReadConfig(@base);
        return family.KindOf(config.Architectures);
    }

    /// <param name="path">A file of rows.</param>
    /// <param name="kind">What the labels are: of tokens, of rows, or places of an answer.</param>
    internal static IReadOnlyList<TokenizedExample> Examples(string path, ModelKind kind) =>
        [.. GoldenFile.JsonLines(path).Select(row => new TokenizedExample
        {
            InputIds = row.Need("input_ids", path).Integers(),
            Labels = kind is ModelKind.CausalLm or ModelKind.TokenClassification ? row.Need("labels", path).Integers() : [],
            TokenTypeIds = row.Maybe("token_type_ids")?.Integers(),
            PositionIds = row.Maybe("position_ids")?.Integers(),
            Targets = kind switch
            {
                ModelKind.SequenceClassification => [.. row.Need("labels", path).Numbers().Select(value => (float)value)],
                ModelKind.QuestionAnswering => [row.Need("start_positions", path).GetInt32(), row.Need("end_positions", path).GetInt32()],
                _ => null,
            },
        })];
}

/// <summary>One recorded run done again.</summary>
internal sealed class RecordedTraining : IDisposable
{
    private const string AdapterWeights = "adapter_model.safetensors";
    private readonly string _folder;
    private readonly JsonElement _golden;
    private readonly Model _model;
    private readonly Adapter? _adapter;
    private readonly Compare _compare = new();
    private readonly string _work = Directory.CreateTempSubdirectory("tunesmith-proof-").FullName;
    private readonly ModelKind _kind;
    private readonly HashSet<string> _undetermined;

    public RecordedTraining(string folder, string @base, JsonElement golden)
    {
        (_folder, _golden) = (folder, golden);
        _kind = golden.Need("stage", "golden.json").GetString() == "encoder" ? TrainingProof.EncoderKind(@base)!.Value : ModelKind.CausalLm;
        DType dtype = golden.Maybe("dtype")?.GetString() == "bfloat16" ? DType.BFloat16 : DType.Float32;
        _model = ModelLoader.Load(@base, new LoadOptions { DType = dtype, Kind = _kind }).Model;
        _undetermined = golden.Maybe("undetermined") is JsonElement named ? [.. named.EnumerateObject().Select(entry => entry.Name)] : [];
        switch (golden.Need("finetuning_type", "golden.json").GetString())
        {
            case "lora":
                _adapter = Adapter.Load(_model, Path.Combine(folder, "initial"), trainable: true);
                break;
            case "freeze":
                FreezeTuning.Apply(_model, Freezing());
                break;
        }
    }

    private JsonElement Arguments => _golden.Need("training_arguments", "golden.json");

    private double Tolerance(string name, double otherwise) => _golden.Maybe("tolerance")?.Maybe(name)?.GetDouble() ?? otherwise;

    public Compare Compared()
    {
        TrainingOptions options = Options();
        var steps = new List<StepEvent>();
        var evaluations = new List<EvaluationEvent>();
        var gradientNorms = new Dictionary<string, double>();
        using SafeTensorsFile? noise = File.Exists(Path.Combine(_folder, "noise.safetensors")) ? SafeTensorsFile.Open(Path.Combine(_folder, "noise.safetensors")) : null;
        int micro = 0;
        using var trainer = new Trainer(new TrainerInput
        {
            Model = _model,
            Stage = _kind == ModelKind.CausalLm ? Stages.Create(options, PadId)
                : EncoderStages.For(_kind, PadId, options.LabelSmoothingFactor)!,
            Options = options,
            Train = TrainingProof.Examples(GoldenPaths.Resolve(_folder, _golden.Need("data", "golden.json").GetString()!), _kind),
            Eval = _golden.Maybe("eval_data") is JsonElement eval ? TrainingProof.Examples(GoldenPaths.Resolve(_folder, eval.GetString()!), _kind) : null,
            EvaluationMean = EvaluationMean.Batches,
            RunFolder = options.LoadBestModelAtEnd ? _work : null,
            Observer = new Recorder(steps, evaluations),
            EmbeddingNoise = noise is null ? null : _ => noise.Read($"noise.{micro++}"),
            BeforeUpdate = step => { if (step == 1) Norms(gradientNorms); },
        });
        Groups(trainer);
        TrainingResult result = trainer.Run();
        Steps(steps, result);
        foreach (JsonProperty entry in Norms())
            if (!_undetermined.Contains(entry.Name))
                _compare.Value("first gradient norm of " + entry.Name, gradientNorms.GetValueOrDefault(entry.Name, double.NaN), entry.Value.GetDouble(), 1e-6, Tolerance("grad_norm_relative", 1e-3));
        Evaluations(evaluations, result);
        Weights();
        return _compare;
    }

    private int PadId => _golden.Maybe("collation")?.Maybe("pad_input")?.GetInt32() ?? 0;

    private JsonElement.ObjectEnumerator Norms() => _golden.Maybe("first_gradient_norms") is JsonElement norms ? norms.EnumerateObject() : default;

    private void Norms(Dictionary<string, double> norms)
    {
        foreach ((string name, Parameter parameter) in Named())
        {
            using var scope = Scope.Open();
            norms[name] = parameter.Value.Grad is Tensor gradient ? gradient.To(DType.Float32).Norm().Item() : 0;
        }
    }

    /// <summary>Trained parameters under the names of the reference.</summary>
    private IEnumerable<(string Name, Parameter Parameter)> Named() => _adapter is not null
        ? _adapter.TrainedParameters().Select(entry => (entry.PeftName, entry.Parameter))
        : _model.NamedParameters().Where(entry => entry.Parameter.Trainable);

    private void Groups(Trainer trainer)
    {
        if (_golden.Maybe("derived")?.Maybe("parameter_groups") is not JsonElement groups) return;
        var names = new Dictionary<Parameter, string>(ReferenceEqualityComparer.Instance);
        foreach ((string name, Parameter parameter) in Named()) names[parameter] = name;
        var ours = trainer.Groups.SelectMany(group => group.Parameters.Select(entry => $"{names.GetValueOrDefault(entry.Parameter, entry.Name)} {group.InitialRate:R} {group.WeightDecay:R}"));
        var theirs = groups.EnumerateArray().SelectMany(group => group.Need("parameters", "group").Texts()
            .Select(name => $"{name} {group.Need("initial_lr", "group").GetDouble():R} {group.Need("weight_decay", "group").GetDouble():R}"));
        _compare.Text("parameter groups", string.Join("\n", ours.Order(StringComparer.Ordinal)), string.Join("\n", theirs.Order(StringComparer.Ordinal)));
        if (_golden.Maybe("derived")?.Maybe("total_steps") is JsonElement total) _compare.Exact("total steps", [trainer.Length.TotalSteps], [total.GetInt64()]);
    }

    private void Steps(List<StepEvent> steps, TrainingResult result)
    {
        double loss = Tolerance("loss", 1e-4), norm = Tolerance("grad_norm_relative", 1e-3);
        JsonElement[] wanted = [.. _golden.Need("steps", "golden.json").EnumerateArray()];
        _compare.Exact("steps", [steps.Count], [wanted.Length]);
        foreach ((StepEvent ours, JsonElement theirs) in steps.Zip(wanted))
        {
            string at = $" of step {ours.Step}";
            _compare.Value("loss" + at, ours.Loss, theirs.Need("loss", "step").GetDouble(), loss);
            _compare.Value("grad_norm" + at, ours.GradNorm, theirs.Need("grad_norm", "step").GetDouble(), 1e-6, norm);
            _compare.Value("learning_rate" + at, ours.LearningRate, theirs.Need("learning_rate", "step").GetDouble(), 1e-9);
            _compare.Value("epoch" + at, ours.Epoch, theirs.Need("epoch", "step").GetDouble(), 1e-9);
            if (theirs.Maybe("micro_losses") is JsonElement parts) _compare.Values("micro_losses" + at, [.. ours.MicroLosses.Select(part => (double)part)], parts.Numbers(), loss);
        }
        if (_golden.Maybe("train_loss") is JsonElement mean) _compare.Value("train_loss", result.TrainLoss, mean.GetDouble(), loss);
    }

    private void Evaluations(List<EvaluationEvent> evaluations, TrainingResult result)
    {
        if (_golden.Maybe("evaluations") is not JsonElement wanted) return;
        _compare.Exact("evaluations at", [.. evaluations.Select(entry => entry.Step)], [.. wanted.EnumerateArray().Select(entry => entry.Need("step", "evaluation").GetInt64())]);
        _compare.Values("eval_loss", [.. evaluations.Select(entry => entry.Metrics["loss"])], [.. wanted.EnumerateArray().Select(entry => entry.Need("eval_loss", "evaluation").GetDouble())], Tolerance("loss", 1e-4));
        if (_golden.Maybe("best_step") is JsonElement best) _compare.Exact("best step", [result.State.BestGlobalStep ?? -1], [best.GetInt64()]);
        if (_golden.Maybe("stopped_at_step") is JsonElement stopped) _compare.Exact("stopped at", [result.Steps], [stopped.GetInt64()]);
    }

    private void Weights()
    {
        double tolerance = Tolerance("weights", 2e-4);
        string path = Path.Combine(_folder, "final.safetensors");
        if (_adapter is not null)
        {
            path = Path.Combine(_folder, "final", AdapterWeights);
            _adapter.Save(_work);
        }
        using SafeTensorsFile wanted = SafeTensorsFile.Open(path);
        using SafeTensorsFile? saved = _adapter is null ? null : SafeTensorsFile.Open(Path.Combine(_work, AdapterWeights));
        var parameters = _model.NamedParameters().ToDictionary(entry => entry.Name, entry => entry.Parameter);
        foreach (string name in wanted.Names)
        {
            using var scope = Scope.Open();
            Tensor? ours = saved is null ? parameters.GetValueOrDefault(name)?.Value : saved.Contains(name) ? saved.Read(name) : null;
            if (ours is null)
            {
                _compare.That(name, false, "the model has no such parameter");
                continue;
            }
            Tensor theirs = wanted.Read(name);
            _compare.Floats("final " + name, ours.ToFloats(), theirs.ToFloats(), tolerance, 0, theirs.Shape, Determined(name, theirs));
        }
    }

    // undetermined: a whole parameter (null) or the rows [from, to) of one.
    private bool[] Determined(string name, Tensor values)
    {
        if (_golden.Maybe("undetermined") is not JsonElement named || !named.TryGetProperty(name, out JsonElement slice)) return [];
        var determined = new bool[values.Count];
        if (slice.ValueKind == JsonValueKind.Null) return determined;
        double[] bounds = slice.Numbers();
        long row = values.Count / values.Size(0);
        Array.Fill(determined, true);
        for (int at = 0; at + 1 < bounds.Length; at += 2)
            Array.Fill(determined, false, (int)(bounds[at] * row), (int)((bounds[at + 1] - bounds[at]) * row));
        return determined;
    }

    private AdapterOptions Freezing()
    {
        JsonElement given = _golden.Need("finetuning_arguments", "golden.json");
        static IReadOnlyList<string>? Names(JsonElement? value) => value?.ValueKind == JsonValueKind.Array ? value.Value.Texts() : value?.GetString()?.Split(',', StringSplitOptions.TrimEntries);
        var defaults = new AdapterOptions { FinetuningType = "freeze" };
        return defaults with
        {
            FreezeTrainableLayers = given.Maybe("freeze_trainable_layers")?.GetInt32() ?? defaults.FreezeTrainableLayers,
            FreezeTrainableModules = Names(given.Maybe("freeze_trainable_modules")) ?? defaults.FreezeTrainableModules,
            FreezeExtraModules = Names(given.Maybe("freeze_extra_modules")) ?? defaults.FreezeExtraModules,
        };
    }

    private TrainingOptions Options()
    {
        var defaults = new TrainingOptions();
        JsonElement own = _golden.Maybe("finetuning_arguments") ?? default;
        double Number(string name, double otherwise) => Arguments.Maybe(name)?.Number() ?? otherwise;
        string Text(string name, string otherwise) => Arguments.Maybe(name)?.GetString() ?? otherwise;
        bool Truth(string name) => Arguments.Maybe(name)?.GetBoolean() ?? false;
        string stage = _golden.Need("stage", "golden.json").GetString()!;
        return defaults with
        {
            Stage = stage == "encoder" ? "cls" : stage,
            DoTrain = true,
            DisableShuffling = true,
            PerDeviceTrainBatchSize = (int)Number("per_device_train_batch_size", 8),
            PerDeviceEvalBatchSize = (int)Number("per_device_eval_batch_size", 8),
            GradientAccumulationSteps = (int)Number("gradient_accumulation_steps", 1),
            NumTrainEpochs = Number("num_train_epochs", 3),
            MaxSteps = (long)Number("max_steps", -1),
            LearningRate = Number("learning_rate", 5e-5),
            LrSchedulerType = Text("lr_scheduler_type", "linear"),
            LrSchedulerKwargs = Arguments.Maybe("lr_scheduler_kwargs")?.EnumerateObject().ToDictionary(entry => entry.Name, entry => (object?)(entry.Value.ValueKind == JsonValueKind.String ? entry.Value.GetString() : entry.Value.GetDouble())),
            WarmupSteps = Number("warmup_steps", 0),
            WarmupRatio = Arguments.Maybe("warmup_ratio")?.GetDouble(),
            Optim = Text("optim", defaults.Optim),
            OptimArgs = Arguments.Maybe("optim_args")?.GetString(),
            AdamBeta1 = Number("adam_beta1", 0.9),
            AdamBeta2 = Number("adam_beta2", 0.999),
            AdamEpsilon = Number("adam_epsilon", 1e-8),
            WeightDecay = Number("weight_decay", 0),
            MaxGradNorm = Number("max_grad_norm", 1),
            LabelSmoothingFactor = Number("label_smoothing_factor", 0),
            NeftuneNoiseAlpha = Arguments.Maybe("neftune_noise_alpha")?.GetDouble(),
            GradientCheckpointing = Truth("gradient_checkpointing"),
            EvalStrategy = Text("eval_strategy", "no"),
            EvalSteps = Arguments.Maybe("eval_steps")?.GetDouble(),
            SaveStrategy = Truth("load_best_model_at_end") ? Text("save_strategy", "steps") : "no",
            SaveSteps = Number("save_steps", 500),
            LoadBestModelAtEnd = Truth("load_best_model_at_end"),
            MetricForBestModel = Arguments.Maybe("metric_for_best_model")?.GetString(),
            GreaterIsBetter = Arguments.Maybe("greater_is_better")?.GetBoolean(),
            EarlyStoppingSteps = _golden.Maybe("patience")?.GetInt32(),
            LoggingSteps = 1,
            UseDftLoss = own.Maybe("use_dft_loss")?.GetBoolean() ?? false,
            UseEaftLoss = own.Maybe("use_eaft_loss")?.GetBoolean() ?? false,
            EaftAlpha = own.Maybe("eaft_alpha")?.GetDouble() ?? 1,
            LoraplusLrRatio = own.Maybe("loraplus_lr_ratio")?.GetDouble(),
            LoraplusLrEmbedding = own.Maybe("loraplus_lr_embedding")?.GetDouble() ?? 1e-6,
            PureBf16 = _golden.Maybe("dtype")?.GetString() == "bfloat16",
        };
    }

    public void Dispose()
    {
        _adapter?.Dispose();
        _model.Dispose();
        Directory.Delete(_work, recursive: true);
    }

    private sealed class Recorder(List<StepEvent> steps, List<EvaluationEvent> evaluations) : IRunObserver
    {
        public void OnStep(StepEvent step) => steps.Add(step);

        public void OnEvaluate(EvaluationEvent evaluation) => evaluations.Add(evaluation);
    }
}
