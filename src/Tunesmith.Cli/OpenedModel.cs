using Tunesmith.Data;
using Tunesmith.Models;
using Tunesmith.Models.Adapters;
using Tunesmith.Models.Checkpoints;
using Tunesmith.Models.Generation;
using Tunesmith.Runs.Recipes;
using Tunesmith.Text.Templates;
using Tunesmith.Text.Tokenizers;
using Tunesmith.Torch;

namespace Tunesmith.Cli;

/// <summary>A model with its tokenizer, ready for use: the base, its adapters merged in memory, the template it was trained with.</summary>
internal sealed class OpenedModel : IDisposable
{
    private OpenedModel(ModelOptions options, DataOptions data, GenerationOptions generation, Tokenizer tokenizer, Model model) =>
        (Options, Data, Generation, Tokenizer, Model) = (options, data, generation, tokenizer, model);

    /// <summary>What answers are drawn from.</summary>
    public ulong Seed { get; private init; }

    public ModelOptions Options { get; }

    public DataOptions Data { get; }

    public GenerationOptions Generation { get; }

    public Tokenizer Tokenizer { get; }

    public Model Model { get; }

    /// <summary>Opens what a path names; the kind of head is the stored one unless given, the weights' type infer_dtype's.</summary>
    public static OpenedModel Open(string path, IReadOnlyList<string> overrides, ModelKind? kind = null, bool mergeAdapters = true, DType? dtype = null)
    {
        var recipe = ModelPlace.Recipe(path, overrides);
        var options = recipe.Bind<ModelOptions>();
        var data = recipe.Bind<DataOptions>();
        var generation = recipe.Bind<GenerationOptions>();
        var seed = SeedOf(recipe);
        recipe.ThrowIfProblems();
        var folder = options.ModelNameOrPath ?? throw Errors.NoBase(path);
        var adapters = options.AdapterNameOrPath ?? [];
        var tokenizer = options.LoadTokenizer();
        kind ??= adapters.Count > 0 && LoraConfig.Load(adapters[^1]).TaskType == "SEQ_CLS" ? ModelKind.SequenceClassification : null;
        var head = ClassHead.Of(adapters);
        var generator = new Generator(0);
        var model = ModelLoader.Load(folder, new LoadOptions
        {
            Kind = kind, DType = dtype ?? TypeOf(options.InferDtype), Generator = generator, Labels = head?.Labels, ProblemType = head?.ProblemType,
            // A model that was trained on stretched positions is used with the same ones; a recipe that says nothing of lengths means LLaMA-Factory's factor for use.
            RopeScaling = options.RopeScaling, TextLength = recipe.Peek("cutoff_len") is not null ? data.CutoffLen : null,
        }).Model;
        if (options.GrowsVocabulary && model is CausalModel causal) VocabResize.Run(causal, tokenizer.Count, generator);
        if (model is SequenceClassifier classifier) classifier.PadWith(tokenizer.PadId, tokenizer.EosId);
        Adapter? last = null;
        foreach (var adapter in adapters)
        {
            if (last is not null) Fold(last);
            last = Adapter.Load(model, adapter);
        }
        if (mergeAdapters && last is not null) Fold(last);
        model.Eval();
        return new OpenedModel(options, data, generation, tokenizer, model) { Seed = seed, _unmerged = mergeAdapters ? null : last };
    }

    /// <summary>What export stores: infer_dtype, where auto is what the base's config.json says of its own files.</summary>
    public DType ExportDType => (Options.InferDtype == "auto" ? Model.Config.StoredDType : Options.InferDtype) switch
    {
        "bfloat16" => DType.BFloat16,
        "float16" => DType.Float16,
        _ => DType.Float32,
    };

    /// <summary>Writes the last adapter into the weights, where it was kept apart.</summary>
    public void Merge()
    {
        if (_unmerged is not { } adapter) return;
        _unmerged = null;
        Fold(adapter);
    }

    private Adapter? _unmerged;

    /// <summary>The causal model, or an error that says what this one is.</summary>
    public CausalModel Causal(string command) =>
        Model as CausalModel ?? throw Errors.WrongKindOfModel(command, Options.ModelNameOrPath!, $"a {Model.Architecture}", "a model that continues text");

    /// <summary>The template of the recipe, or the checkpoint's own.</summary>
    public Template Template() => ConversationTemplate.For(Data, Tokenizer);

    public void Dispose() => Model.Dispose();

    private static void Fold(Adapter adapter)
    {
        adapter.Merge();
        adapter.Detach();
        adapter.Dispose();
    }

    // A recipe written for training may be used as it is: all of its training keys are known, and only the seed means something.
    private static ulong SeedOf(Recipe recipe)
    {
        _ = recipe.Bind<AdapterOptions>();
        return (ulong)recipe.Bind<Training.TrainingOptions>().Seed;
    }

    private static DType TypeOf(string name) => name switch
    {
        "bfloat16" => DType.BFloat16,
        _ => DType.Float32, // float16 too: it has no fast products on a CPU
    };
}
