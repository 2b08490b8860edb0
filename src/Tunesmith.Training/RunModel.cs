using Tunesmith.Data;
using Tunesmith.Models;
using Tunesmith.Models.Adapters;
using Tunesmith.Models.Checkpoints;
using Tunesmith.Runs.Files;
using Tunesmith.Runs.Reports;
using Tunesmith.Text.Templates;
using Tunesmith.Text.Tokenizers;
using Tunesmith.Torch;
using Tunesmith.Training.Results;

namespace Tunesmith.Training;

/// <summary>What is known of a run's model without its weights.</summary>
/// <param name="Parameters">Values in all parameters of the base, with its head.</param>
/// <param name="Trained">Values that are trained; 0 where an adapter that is there goes on being trained.</param>
/// <param name="Bytes">Size of its weights on the disk; 0 where they are drawn.</param>
/// <param name="Unmatched">Modules that the recipe names and the model does not have.</param>
public sealed record ModelOutline(ModelConfig Config, long Parameters, long Trained, long Bytes, IReadOnlyList<string> Unmatched);

/// <summary>The model of a run: loaded, adapted, and saved with all that belongs to it.</summary>
internal sealed class RunModel : IDisposable
{
    private readonly RunOptions _options;
    private readonly Tokenizer _tokenizer;
    private readonly Template? _template;

    private RunModel(RunOptions options, Tokenizer tokenizer, Template? template, Model model, Adapter? adapter) =>
        (_options, _tokenizer, _template, Model, Adapter) = (options, tokenizer, template, model, adapter);

    public Model Model { get; }

    public Adapter? Adapter { get; }

    /// <summary>What loading would refuse, found from names and shapes alone: reads no weights and needs no libtorch.</summary>
    public static ModelOutline Check(RunOptions options)
    {
        var (model, bytes) = ModelLoader.Outline(options.Model.ModelNameOrPath!, Wanted(options));
        using var _ = model;
        var onTop = options.Model.AdapterNameOrPath is { Count: > 0 } && !options.Adapter.CreateNewAdapter;
        long all = model.ParameterCount();
        long trained = !options.Training.DoTrain ? 0 : options.Adapter.FinetuningType switch
        {
            // An adapter that goes on being trained has its own targets; it is checked with its file.
            "lora" => onTop ? 0 : Adapter.CheckTargets(model, options.Adapter),
            "freeze" => FreezeTuning.Check(model, options.Adapter),
            _ => all,
        };
        var attaches = options.Training.DoTrain && options.Adapter.FinetuningType == "lora" && !onTop;
        return new ModelOutline(model.Config, all, trained, bytes, attaches ? Adapter.Unmatched(model, options.Adapter) : []);
    }

    private static LoadOptions Wanted(RunOptions options) => new()
    {
        Kind = options.Training.Stage == "cls" ? ModelKind.SequenceClassification : ModelKind.CausalLm,
        FromScratch = options.Model.TrainFromScratch,
        RopeScaling = options.Model.RopeScaling,
        TextLength = options.Data.CutoffLen,
    };

    /// <summary>Loads the base and puts the tuning on it. Draws come from torch's default generator, in the reference's order.</summary>
    public static RunModel Load(RunOptions options, Tokenizer tokenizer, Template? template, LabelSet? labels, bool resumes, IRunObserver observer)
    {
        var training = options.Training;
        var lora = options.Adapter.FinetuningType == "lora" || !training.DoTrain;
        // LLaMA-Factory loads in the compute type and keeps what is trained in float32 (model/adapter.py); a frozen base stays in bf16.
        // What is not trained may be asked for in another type (infer_dtype); float16 has no fast products on a CPU and is computed in float32.
        var stored = (!training.DoTrain && options.Model.InferDtype == "bfloat16") || training.PureBf16 || (training.Bf16 && lora) ? DType.BFloat16 : DType.Float32;
        var loaded = ModelLoader.Load(options.Model.ModelNameOrPath!, Wanted(options) with
        {
            DType = stored,
            Labels = labels is null ? null : labels.ProblemType == LabelSet.Regression ? ["value"] : labels.Names,
            ProblemType = labels?.ProblemType,
            Generator = Generator.Default,
        });
        var model = loaded.Model;
        var resized = Resize(model, options, tokenizer, observer);
        if (loaded.NewParameters.Count > 0 && !resumes) observer.OnMessage($"new weights: {string.Join(", ", loaded.NewParameters)} (the checkpoint has none; they start at random)");
        if (model is SequenceClassifier classifier)
        {
            var known = model.Config.PadTokenId;
            var pad = classifier.PadWith(tokenizer.PadId, tokenizer.EosId);
            if (pad != (known ?? 0)) observer.OnMessage($"pad_token_id: {pad} ({tokenizer.IdToToken((int)pad)}) fills up batches; config.json has {(known is null ? "none" : known)}");
        }
        Adapter? adapter = null;
        if (!training.DoTrain)
        {
            MergeAll(model, options);
            if (training.Bf16) model.Precision.Compute = DType.BFloat16;
            return new RunModel(options, tokenizer, template, model, null);
        }
        switch (options.Adapter.FinetuningType)
        {
            case "lora":
                adapter = Attach(model, options, resized);
                break;
            case "freeze":
                FreezeTuning.Apply(model, options.Adapter);
                break;
        }
        if (!training.PureBf16 && stored == DType.BFloat16)
        {
            using var scope = Scope.Open();
            foreach (var (_, parameter) in model.NamedParameters())
                if (parameter.Trainable) parameter.Replace(parameter.Value.To(DType.Float32));
        }
        if (training.Bf16) model.Precision.Compute = DType.BFloat16;
        return new RunModel(options, tokenizer, template, model, adapter);
    }

    /// <summary>Writes the weights that training changed, the tokenizer and the chat template.</summary>
    public void Save(string folder)
    {
        if (Adapter is not null) Adapter.Save(folder);
        else ModelSaver.Save(Model, folder);
        if (Adapter is null) Models.Adapters.Adapter.Remove(folder);
        if (Model is SequenceClassifier classifier && Adapter is not null)
            ClassHead.Write(folder, classifier);
        if (_template is { Own: null }) _tokenizer.ChatTemplate ??= _template.ToJinja(_tokenizer);
        if (_template is { Own: null, ReplaceJinjaTemplate: true }) _tokenizer.ChatTemplate = _template.ToJinja(_tokenizer);
        _tokenizer.Save(folder);
        if (Model is CausalModel && Adapter is null) SavedConfigs.Align(folder, _options.Model.ModelNameOrPath!, _tokenizer);
        SavedConfigs.Tokenizer(folder, _template is null ? [] : _template.StopWords.Skip(_template.ReplaceEos ? 1 : 0));
    }

    /// <summary>Where the recipe asks for it (pissa_convert): the adapter as it starts, under LLaMA-Factory's name.</summary>
    public void SaveStart(string folder)
    {
        if (Adapter is not null && _options.Adapter.PissaConvert && _options.Adapter.PissaInit) SaveAsLora(Path.Combine(folder, "pissa_init"), training: true);
    }

    /// <summary>Where the recipe asks for it: the trained adapter over the changed base, and the ordinary LoRA over the unchanged one.</summary>
    public void SaveConverted(string folder)
    {
        if (Adapter is null || !_options.Adapter.PissaConvert || !_options.Adapter.PissaInit) return;
        SaveAsLora(Path.Combine(folder, "pissa_backup"), training: false);
        Adapter.SaveConverted(Path.Combine(folder, "pissa_converted"));
        if (Model is SequenceClassifier classifier) ClassHead.Write(Path.Combine(folder, "pissa_converted"), classifier);
        SaveAdapterCard(Path.Combine(folder, "pissa_converted"));
    }

    private void SaveAsLora(string folder, bool training)
    {
        Adapter!.Save(folder);
        SavedConfigs.WithoutStart(folder, training);
        SaveAdapterCard(folder);
    }

    /// <summary>As <see cref="Save"/>, with the card that a checkpoint of an adapter has.</summary>
    public void SaveCheckpoint(string folder)
    {
        Save(folder);
        if (Adapter is not null) SaveAdapterCard(folder);
    }

    private void SaveAdapterCard(string folder) =>
        AtomicFile.WriteAllText(Path.Combine(folder, "README.md"), ModelCard.RenderAdapter(_options.Model.ModelNameOrPath!, TrainingRun.Versions));

    public void Dispose()
    {
        Adapter?.Dispose();
        Model.Dispose();
    }

    // Without training every adapter becomes part of the weights, and nothing is trained.
    private static void MergeAll(Model model, RunOptions options)
    {
        foreach (var folder in options.Model.AdapterNameOrPath ?? [])
        {
            var adapter = Adapter.Load(model, folder);
            Fold(adapter);
        }
        foreach (var (_, parameter) in model.NamedParameters()) parameter.Trainable = false;
    }

    // Several adapters: all but the last are merged; the last one goes on training, or is merged too where a new one is asked for.
    private static Adapter Attach(Model model, RunOptions options, IReadOnlyList<string> resized)
    {
        var adapterOptions = resized.Count == 0 || options.Adapter.AdditionalTarget is not null ? options.Adapter : options.Adapter with { AdditionalTarget = resized };
        Adapter? last = null;
        foreach (var folder in options.Model.AdapterNameOrPath ?? [])
        {
            if (last is not null)
            {
                Draw(last);
                Fold(last);
            }
            last = Adapter.Load(model, folder, trainable: true);
        }
        if (last is not null && !options.Adapter.CreateNewAdapter) return last;
        if (last is not null)
        {
            Draw(last);
            Fold(last);
        }
        return Adapter.Attach(model, adapterOptions, Generator.Default, options.Model.ModelNameOrPath);
    }

    // New tokens need rows in the embeddings, drawn before anything else; these are then trained and saved whole (LLaMA-Factory model/model_utils/embedding.py).
    private static IReadOnlyList<string> Resize(Model model, RunOptions options, Tokenizer tokenizer, IRunObserver observer)
    {
        if (!options.Model.GrowsVocabulary || model is not CausalModel causal) return [];
        var names = VocabResize.Run(causal, tokenizer.Count, Generator.Default);
        if (names.Count > 0) observer.OnMessage($"embeddings resized for {tokenizer.Count:N0} tokens; trained whole: {string.Join(", ", names)}");
        return names;
    }

    // Before the reference reads an adapter it makes one, which draws A, B and A again of every module: a new adapter on top starts from what the generator is then.
    private static void Draw(Adapter adapter)
    {
        using var scope = Scope.Open();
        var draws = adapter.TrainedParameters().Sum(entry => entry.Name.Contains("lora_A", StringComparison.Ordinal) ? 2 * entry.Parameter.Value.Count
            : entry.Name.Contains("lora_B", StringComparison.Ordinal) ? entry.Parameter.Value.Count : 0);
        if (draws > 0) Tensor.Empty([draws]).UniformInPlace(0, 1, Generator.Default);
    }

    private static void Fold(Adapter adapter)
    {
        adapter.Merge();
        adapter.Detach();
        adapter.Dispose();
    }
}
