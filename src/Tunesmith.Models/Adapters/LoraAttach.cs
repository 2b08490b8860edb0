using Tunesmith.Models.Blocks;
using Tunesmith.Torch;
using Tunesmith.Torch.Nn;

namespace Tunesmith.Models.Adapters;

/// <summary>Puts a fresh LoRA on a model: which modules, which first values, what is trained.</summary>
internal static class LoraAttach
{
    /// <summary>Heads that lora_target: all leaves out (LLaMA-Factory's find_all_linear_modules, and classification heads).</summary>
    private static readonly string[] Heads = ["lm_head", "score", "classifier", "qa_outputs"];

    /// <summary>Heads that peft stores in full for a classification task (peft/peft_model.py, the task classes).</summary>
    private static readonly string[] ClassifierNames = ["classifier", "score"];

    public static LoraConfig ConfigFor(Model model, AdapterOptions options, string? baseModel)
    {
        bool all = options.LoraTarget is ["all"];
        IReadOnlyList<string> targets = all ? AllLinear(model) : options.LoraTarget;
        var save = new List<string>(options.AdditionalTarget ?? []);
        (string? task, string[] heads) = model.Kind switch
        {
            ModelKind.CausalLm => ("CAUSAL_LM", []),
            ModelKind.SequenceClassification => ("SEQ_CLS", ClassifierNames),
            ModelKind.TokenClassification => ("TOKEN_CLS", ClassifierNames),
            ModelKind.QuestionAnswering => ("QUESTION_ANS", ["qa_outputs"]),
            _ => ((string?)null, (string[])[]),
        };
        save.AddRange(heads.Except(save));
        return new LoraConfig
        {
            Rank = options.LoraRank,
            Alpha = options.EffectiveAlpha,
            Dropout = options.LoraDropout,
            TargetModules = targets,
            ModulesToSave = save,
            UseRslora = options.UseRslora,
            UseDora = options.UseDora,
            FanInFanOut = model.NamedModules().Any(pair => pair.Module is Projection { InputMajor: true } && targets.Any(target => ModuleTargets.EndsWithName(pair.Name, target))),
            InitLoraWeights = !options.PissaInit ? "true" : options.PissaIter < 0 ? "pissa" : $"pissa_niter_{options.PissaIter}",
            TaskType = task,
            BaseModel = baseModel,
        };
    }

    public static Adapter Run(Model model, LoraConfig config, Generator generator)
    {
        TiedTable.UntieFor(model, config);
        var adapter = new Adapter(model, config);
        var targets = new ModuleTargets(config);
        foreach ((string name, Module module) in Targets(model, config, targets))
        {
            if (module is Projection layer)
            {
                Add(adapter, targets, name, layer, generator);
            }
            else
            {
                Add(adapter, targets, name, (TokenEmbedding)module, generator);
            }
        }

        AddTokenRows(adapter);
        SetTrainable(adapter);
        return adapter;
    }

    /// <summary>What <see cref="Run"/> would refuse, from names and shapes alone.</summary>
    /// <returns>How many values would be trained.</returns>
    public static long Check(Model model, LoraConfig config)
    {
        TiedTable.UntieFor(model, config, copy: false);
        var targets = new ModuleTargets(config);
        long trained = model.NamedParameters().Where(pair => ModuleTargets.SavedRoot(config, pair.Name[..Math.Max(pair.Name.LastIndexOf('.'), 0)]) is not null).Sum(pair => pair.Parameter.Count);
        foreach ((string name, Module module) in Targets(model, config, targets))
        {
            (long inputs, long outputs) = module is Projection layer ? (layer.Inputs, layer.Outputs) : (((TokenEmbedding)module).Rows, ((TokenEmbedding)module).Width);
            trained += (targets.Rank(name) * (inputs + outputs)) + (config.UseDora ? outputs : 0);
        }

        return trained;
    }

    /// <summary>The names that the options give and no module has: peft passes them over, and a person should know.</summary>
    public static IReadOnlyList<string> Unmatched(Model model, AdapterOptions options)
    {
        IEnumerable<string> given = options.LoraTarget is ["all"] ? [] : options.LoraTarget;
        var modules = model.NamedModules().Select(pair => pair.Name).ToList();
        return [.. given.Concat(options.AdditionalTarget ?? []).Distinct().Where(name => !modules.Exists(module => ModuleTargets.EndsWithName(module, name)))];
    }

    private static List<(string Name, Module Module)> Targets(Model model, LoraConfig config, ModuleTargets targets)
    {
        var found = model.NamedModules().Where(pair => targets.Contains(pair.Name)).ToList();
        foreach ((string name, Module module) in found)
        {
            if (module is not (Projection or TokenEmbedding))
            {
                throw Errors.NotAdaptable(name);
            }

            if (module is Projection layer && config.ChangesBase && targets.Rank(name) > Math.Min(layer.Inputs, layer.Outputs))
            {
                throw Errors.RankTooLarge(name, targets.Rank(name), Math.Min(layer.Inputs, layer.Outputs));
            }
        }

        return found.Count > 0 ? found : throw Errors.NoTargets(config.TargetModules ?? [config.TargetPattern ?? ""], AllLinear(model));
    }

    /// <summary>Last parts of the names of all linear layers but the heads.</summary>
    public static IReadOnlyList<string> AllLinear(Model model)
    {
        var names = new SortedSet<string>(StringComparer.Ordinal);
        foreach ((string name, Module module) in model.NamedModules())
        {
            if (module is Projection && !Heads.Any(head => name.Contains(head, StringComparison.Ordinal)))
            {
                names.Add(name[(name.LastIndexOf('.') + 1)..]);
            }
        }

        return [.. names];
    }

    /// <summary>Only the adapter's own parameters, the biases its rule names and the modules stored in full are trained.</summary>
    public static void SetTrainable(Adapter adapter)
    {
        LoraConfig config = adapter.Config;
        var adapted = adapter.AdaptedModules.ToHashSet(StringComparer.Ordinal);
        foreach ((string name, Parameter parameter) in adapter.Model.NamedParameters().ToList())
        {
            if (AdapterNames.IsLora(name))
            {
                parameter.Trainable = true;
                continue;
            }

            bool bias = name.EndsWith(".bias", StringComparison.Ordinal);
            bool trained = adapter.IsSavedInFull(name)
                || (bias && config.Bias == "all")
                || (bias && config.Bias == "lora_only" && adapted.Contains(name[..name.LastIndexOf('.')]));
            parameter.Trainable = trained;
            if (trained)
            {
                adapter.Replaces(name, parameter);
            }
        }
    }

    private static void Add(Adapter adapter, ModuleTargets targets, string name, Projection layer, Generator generator)
    {
        using var guard = Autograd.NoGrad();
        using var scope = Scope.Open();
        LoraConfig config = adapter.Config;
        int rank = targets.Rank(name);
        double scale = targets.Scale(name);
        Tensor weight = layer.BaseWeight().Detach(); // [out, in]
        (Tensor a, Tensor b) = LoraStart.Draw(weight, rank, scale, config, generator);
        if (config.ChangesBase)
        {
            SubtractStart(adapter, name, layer, a, b, scale);
            weight = layer.BaseWeight().Detach();
        }

        Tensor? bias = config.LoraBias ? Tensor.Zeros([layer.Outputs]) : null;
        Tensor? magnitude = config.UseDora ? LowRankUpdate.RowNorms(weight + (b.MatMul(a) * scale)) : null;
        adapter.AddLayer(name, layer, Update(layer, a, b, bias, magnitude, scale, config.Dropout));
    }

    private static void Add(Adapter adapter, ModuleTargets targets, string name, TokenEmbedding table, Generator generator)
    {
        using var guard = Autograd.NoGrad();
        using var scope = Scope.Open();
        // Starts that change the base leave embeddings alone, as in peft.
        (Tensor a, Tensor b) = LoraStart.DrawEmbedding(table.Rows, table.Width, targets.Rank(name), generator);
        double scale = targets.Scale(name);
        Tensor? magnitude = adapter.Config.UseDora ? EmbeddingUpdate.ColumnNorms(table.Weight.Value.Detach() + (b.MatMul(a).Transpose(0, 1) * scale)) : null;
        adapter.AddTable(name, table, new EmbeddingUpdate(table, a, b, scale, magnitude));
    }

    internal static LowRankUpdate Update(Projection layer, Tensor a, Tensor b, Tensor? bias, Tensor? magnitude, double scale, double dropout) =>
        new(layer, new LowRankFactor(a.Contiguous()), new LowRankFactor(b.Contiguous(), bias), magnitude is null ? null : new LowRankFactor(magnitude), scale, dropout);

    /// <summary>Takes the first update out of the base, so that base and update together are the given weights.</summary>
    internal static void SubtractStart(Adapter adapter, string name, Projection layer, Tensor a, Tensor b, double scale)
    {
        adapter.KeepInitial(name + ".lora_A.weight", a);
        adapter.KeepInitial(name + ".lora_B.weight", b);
        Tensor weight = layer.BaseWeight().Detach();
        Tensor rest = weight.To(DType.Float32) - (b.MatMul(a) * scale);
        layer.Weight.Replace((layer.InputMajor ? rest.Transpose(0, 1) : rest).Contiguous().To(weight.DType));
    }

    private static void AddTokenRows(Adapter adapter)
    {
        using var scope = Scope.Open();
        foreach (var (target, rows) in adapter.Config.TrainableTokens)
        {
            (string name, TokenEmbedding table) = FindTable(adapter.Model, target);
            using var guard = Autograd.NoGrad();
            Tensor index = Tensor.From(rows.ToArray(), rows.Count);
            adapter.AddTable(name, table, new EmbeddingUpdate(table, table.Weight.Value.Detach().IndexSelect(0, index), rows));
        }
    }

    /// <summary>The embedding of this name; "" is the token embedding.</summary>
    internal static (string Name, TokenEmbedding Table) FindTable(Model model, string target)
    {
        foreach ((string name, Module module) in model.NamedModules())
        {
            if (module is TokenEmbedding table && (target.Length == 0 || ModuleTargets.EndsWithName(name, target)))
            {
                return (name, table);
            }
        }

        throw Errors.NotAdaptable(target);
    }
}
