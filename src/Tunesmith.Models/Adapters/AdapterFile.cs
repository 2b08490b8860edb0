using Tunesmith.Models.Blocks;
using Tunesmith.Models.Checkpoints;
using Tunesmith.Torch;
using Tunesmith.Torch.Nn;

namespace Tunesmith.Models.Adapters;

/// <summary>Reads and writes adapter folders in peft's layout.</summary>
internal static class AdapterFile
{
    public const string WeightsName = "adapter_model.safetensors";

    /// <summary>First values of a start that changes the base: without them such an adapter cannot be put on again.</summary>
    public const string InitialName = "initial.safetensors";

    private const string LegacyName = "adapter_model.bin";
    private static readonly string[] EmbeddingNames = ["embed_tokens", "lm_head"];

    /// <summary>What the reference's get_input_embeddings and get_output_embeddings return, by name.</summary>
    private static readonly string[] TableNames = ["embed_tokens", "wte", "word_embeddings", "lm_head"];

    public static void Save(Adapter adapter, string folder)
    {
        var adapted = adapter.AdaptedModules.ToHashSet(StringComparer.Ordinal);
        bool embeddings = StoresEmbeddings(adapter);
        var tensors = new List<(string, Tensor)>();
        foreach ((string name, Parameter parameter) in adapter.Model.NamedParameters())
        {
            if (AdapterNames.IsLora(name) || adapter.Replaced.Contains(name) || (embeddings && IsAdaptedEmbedding(adapted, name)))
            {
                bool inFull = adapter.IsSavedInFull(name);
                tensors.Add((AdapterNames.InFile(name, module => !inFull && adapted.Contains(module)), parameter.Value));
            }
        }

        if (adapter.Initial.Count > 0)
        {
            SafeTensorsWriter.Write(Path.Combine(folder, InitialName), adapter.Initial.Select(pair => (AdapterNames.Prefix + pair.Key, pair.Value)));
        }

        SafeTensorsWriter.Write(Path.Combine(folder, WeightsName), tensors);
        adapter.Config.Save(folder);
    }

    /// <summary>s (B A - B0 A0) = s [B, -B0] [A; A0]: what was trained, seen from the unchanged base.</summary>
    public static void SaveConverted(Adapter adapter, string folder)
    {
        if (adapter.Initial.Count == 0)
        {
            throw Errors.NothingToConvert(adapter.Config.InitLoraWeights);
        }

        using var guard = Autograd.NoGrad();
        using var scope = Scope.Open();
        var tensors = new List<(string, Tensor)>();
        foreach ((string name, Projection layer) in adapter.Layers)
        {
            LowRankUpdate update = layer.LowRank();
            tensors.Add(($"{AdapterNames.Prefix}{name}.lora_A.weight", Tensor.Cat([update.A.Weight.Value, adapter.Initial[name + ".lora_A.weight"]], 0)));
            tensors.Add(($"{AdapterNames.Prefix}{name}.lora_B.weight", Tensor.Cat([update.B.Weight.Value, -adapter.Initial[name + ".lora_B.weight"]], 1)));
        }

        foreach ((string name, Parameter parameter) in adapter.Model.NamedParameters())
        {
            if (adapter.Replaced.Contains(name))
            {
                tensors.Add((AdapterNames.Prefix + name, parameter.Value));
            }
        }

        LoraConfig config = adapter.Config;
        double grown = config.UseRslora ? Math.Sqrt(2) : 2;
        SafeTensorsWriter.Write(Path.Combine(folder, WeightsName), tensors);
        (config with
        {
            Rank = 2 * config.Rank,
            Alpha = grown * config.Alpha,
            RankPattern = config.RankPattern.ToDictionary(pair => pair.Key, pair => 2 * pair.Value),
            AlphaPattern = config.AlphaPattern.ToDictionary(pair => pair.Key, pair => grown * pair.Value),
            InitLoraWeights = "true",
        }).Save(folder);
    }

    public static Adapter Load(Model model, string folder, bool trainable)
    {
        LoraConfig config = LoraConfig.Load(folder).For(model);
        using SafeTensorsFile file = Open(folder);
        TiedTable.UntieFor(model, config);
        var reading = new AdapterReading(model, config, folder, file);
        return reading.Run(trainable);
    }

    public static void Check(string folder)
    {
        LoraConfig.Load(folder);
        Open(folder).Dispose();
    }

    public static void Remove(string folder)
    {
        foreach (string name in (string[])[LoraConfig.FileName, WeightsName, ClassHead.FileName]) File.Delete(Path.Combine(folder, name));
    }

    private static SafeTensorsFile Open(string folder)
    {
        string path = Path.Combine(folder, WeightsName);
        if (!File.Exists(path) && File.Exists(Path.Combine(folder, LegacyName)))
        {
            throw Errors.LegacyWeights(Path.Combine(folder, LegacyName));
        }

        return SafeTensorsFile.Open(path);
    }

    /// <summary>With embed_tokens or lm_head among the targets peft stores the base's weights of those that are adapted (get_peft_model_state_dict).</summary>
    private static bool StoresEmbeddings(Adapter adapter) => adapter.Config.TrainableTokens.Count == 0
        && (adapter.Config.TargetPattern is not null
            ? adapter.AdaptedModules.Any(module => EmbeddingNames.Any(name => ModuleTargets.EndsWithName(module, name)))
            : adapter.Config.TargetModules?.Any(EmbeddingNames.Contains) == true);

    private static bool IsAdaptedEmbedding(HashSet<string> adapted, string parameter) =>
        parameter.EndsWith(".weight", StringComparison.Ordinal) && parameter[..^".weight".Length] is string module
        && adapted.Contains(module) && TableNames.Any(name => ModuleTargets.EndsWithName(module, name));
}

/// <summary>One adapter file on its way onto a model.</summary>
internal sealed class AdapterReading
{
    private readonly Model _model;
    private readonly LoraConfig _config;
    private readonly string _folder;
    private readonly SafeTensorsFile _file;
    private readonly ModuleTargets _targets;
    private readonly Dictionary<string, string> _storedAs = new(StringComparer.Ordinal);
    private readonly List<string> _missing = [];
    private readonly List<string> _misshapen = [];

    public AdapterReading(Model model, LoraConfig config, string folder, SafeTensorsFile file)
    {
        _model = model;
        _config = config;
        _folder = folder;
        _file = file;
        _targets = new ModuleTargets(config);
        foreach (string name in file.Names)
        {
            _storedAs[name.StartsWith(AdapterNames.Prefix, StringComparison.Ordinal) ? name[AdapterNames.Prefix.Length..] : name] = name;
        }
    }

    public Adapter Run(bool trainable)
    {
        var adapter = new Adapter(_model, _config);
        using var guard = Autograd.NoGrad();
        using var scope = Scope.Open();
        var modules = _model.NamedModules().ToDictionary(pair => pair.Name, pair => pair.Module, StringComparer.Ordinal);
        using SafeTensorsFile? initial = _config.ChangesBase ? OpenInitial() : null;
        var plan = new List<Action>();
        foreach (var (name, module) in modules)
        {
            if (module is Projection layer && (_storedAs.ContainsKey(name + ".lora_A.weight") || IsWanted(name)))
            {
                PlanLayer(plan, adapter, name, layer, initial);
            }
            else if (module is TokenEmbedding table)
            {
                PlanTable(plan, adapter, name, table);
            }
        }

        PlanReplaced(plan, adapter);
        if (_missing.Count + _misshapen.Count + _storedAs.Count > 0)
        {
            throw Errors.AdapterDoesNotFit(_file.Path, _missing, [.. _storedAs.Values], _misshapen);
        }

        plan.ForEach(step => step());
        if (trainable)
        {
            LoraAttach.SetTrainable(adapter);
        }
        else
        {
            foreach ((string _, Parameter parameter) in _model.NamedParameters().ToList())
            {
                parameter.Trainable = false;
            }
        }

        return adapter;
    }

    private bool IsWanted(string name) => _targets.Contains(name) && !_targets.IsSavedInFull(name);

    private void PlanLayer(List<Action> plan, Adapter adapter, string name, Projection layer, SafeTensorsFile? initial)
    {
        int rank = _storedAs.TryGetValue(name + ".lora_A.weight", out string? stored) && _file.Info(stored).Shape is [long rows, _] ? (int)rows : _targets.Rank(name);
        Tensor? a = Take(name + ".lora_A.weight", [_targets.Rank(name), layer.Inputs]);
        Tensor? b = Take(name + ".lora_B.weight", [layer.Outputs, rank]);
        Tensor? bias = _config.LoraBias ? Take(name + ".lora_B.bias", [layer.Outputs]) : null;
        Tensor? magnitude = _config.UseDora ? Take(name + ".lora_magnitude_vector", [layer.Outputs]) : null;
        double scale = _targets.Scale(name);
        plan.Add(() =>
        {
            if (_config.ChangesBase)
            {
                (Tensor firstA, Tensor firstB) = First(initial, name, layer, rank, scale);
                LoraAttach.SubtractStart(adapter, name, layer, firstA, firstB, scale);
            }

            adapter.AddLayer(name, layer, LoraAttach.Update(layer, a!, b!, bias, magnitude, scale, _config.Dropout));
        });
    }

    private void PlanTable(List<Action> plan, Adapter adapter, string name, TokenEmbedding table)
    {
        string rowsName = name + ".token_adapter.trainable_tokens_delta";
        if (_storedAs.ContainsKey(name + ".lora_embedding_A") || IsWanted(name))
        {
            Tensor? a = Take(name + ".lora_embedding_A", [_targets.Rank(name), table.Rows]);
            Tensor? b = Take(name + ".lora_embedding_B", [table.Width, _targets.Rank(name)]);
            Tensor? magnitude = _config.UseDora ? Take(name + ".lora_magnitude_vector", [table.Width]) : null;
            plan.Add(() => adapter.AddTable(name, table, new EmbeddingUpdate(table, a!, b!, _targets.Scale(name), magnitude)));
        }
        else if (_storedAs.ContainsKey(rowsName))
        {
            IReadOnlyList<long> ids = _config.TrainableTokens.FirstOrDefault(pair => pair.Key.Length == 0 || ModuleTargets.EndsWithName(name, pair.Key)).Value ?? [];
            Tensor? rows = Take(rowsName, [ids.Count, table.Width]);
            plan.Add(() => adapter.AddTable(name, table, new EmbeddingUpdate(table, rows!, ids)));
        }
    }

    /// <summary>Whatever else the file holds replaces the model's parameter of that name.</summary>
    private void PlanReplaced(List<Action> plan, Adapter adapter)
    {
        DropTiedHead();
        foreach ((string name, Parameter parameter) in _model.NamedParameters())
        {
            int dot = name.LastIndexOf('.');
            string module = name[..Math.Max(dot, 0)], leaf = name[(dot + 1)..];
            string? found = new[] { name, $"{module}.base_layer.{leaf}", $"{module}.modules_to_save.{leaf}" }.FirstOrDefault(_storedAs.ContainsKey);
            if (found is null)
            {
                if (adapter.IsSavedInFull(name))
                {
                    _missing.Add(name);
                }

                continue;
            }

            Tensor? value = Take(found, parameter.Value.Shape);
            // With bias: all peft writes the saved module's bias three times; the plain name counts.
            _storedAs.Remove($"{module}.modules_to_save.{leaf}");
            _storedAs.Remove($"{module}.original_module.{leaf}");
            plan.Add(() =>
            {
                adapter.Replaces(name, parameter);
                parameter.Replace(value!.To(parameter.Value.DType));
            });
        }

        // peft 0.18 matches adapter names by their beginning, so a second adapter "x_svd" is written into "x"'s file as well.
        foreach (string name in _storedAs.Keys.Where(IsOfAnotherAdapter).ToList())
        {
            _storedAs.Remove(name);
        }
    }

    // Of a model that stays tied the file may hold the one matrix under both names.
    private void DropTiedHead()
    {
        if (_model is CausalModel { OutputLayer: null } tied
            && _storedAs.TryGetValue("lm_head.weight", out string? head)
            && _storedAs.TryGetValue(TiedTable.Table(tied) + ".weight", out string? table)
            && _file.Read(head, DType.Float32).EqualBits(_file.Read(table, DType.Float32)))
        {
            _storedAs.Remove("lm_head.weight");
        }
    }

    private static bool IsOfAnotherAdapter(string name) => name.Split('.') is [.., "lora_A" or "lora_B", _, "weight"];

    private Tensor? Take(string name, IReadOnlyList<long> shape)
    {
        if (!_storedAs.Remove(name, out string? stored))
        {
            _missing.Add(name);
            return null;
        }

        TensorInfo info = _file.Info(stored);
        if (!info.Shape.SequenceEqual(shape))
        {
            _misshapen.Add($"{name} {info.ShapeText} for [{string.Join(", ", shape)}]");
            return null;
        }

        return _file.Read(stored, DType.Float32);
    }

    private SafeTensorsFile? OpenInitial()
    {
        string[] places = [Path.Combine(_folder, AdapterFile.InitialName), Path.Combine(_folder, "pissa_init", AdapterFile.WeightsName)];
        string? path = places.FirstOrDefault(File.Exists);
        return path is not null ? SafeTensorsFile.Open(path) : _config.InitLoraWeights is "pissa" or "olora" ? null : throw Errors.NoInitial(_folder, _config.InitLoraWeights);
    }

    private (Tensor A, Tensor B) First(SafeTensorsFile? initial, string name, Projection layer, int rank, double scale)
    {
        if (initial is not null)
        {
            return (initial.Read($"{AdapterNames.Prefix}{name}.lora_A.weight", DType.Float32), initial.Read($"{AdapterNames.Prefix}{name}.lora_B.weight", DType.Float32));
        }

        // Both remaining starts follow from the weights alone; the generator only feeds draws that are thrown away.
        return LoraStart.Draw(layer.BaseWeight().Detach(), rank, scale, _config with { LoraBias = false }, new Generator(0));
    }
}
