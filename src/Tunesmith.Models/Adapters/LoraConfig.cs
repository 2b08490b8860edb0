using System.Text.Json;
using System.Text.Json.Nodes;
using Tunesmith.Models.Checkpoints;

namespace Tunesmith.Models.Adapters;

/// <summary>PEFT's adapter_config.json for peft_type LORA (field names and defaults as peft 0.18's LoraConfig).</summary>
public sealed record LoraConfig
{
    public const string FileName = "adapter_config.json";

    /// <summary>peft's word for every linear layer but the head.</summary>
    private const string AllLinear = "all-linear";

    public int Rank { get; init; } = 8;

    public double Alpha { get; init; } = 8;

    public double Dropout { get; init; }

    /// <summary>Ends of module names, or null where <see cref="TargetPattern"/> is given.</summary>
    public IReadOnlyList<string>? TargetModules { get; init; }

    /// <summary>A regular expression for whole module names.</summary>
    public string? TargetPattern { get; init; }

    /// <summary>Ends of names of modules that are left out, or none where <see cref="ExcludePattern"/> is given.</summary>
    public IReadOnlyList<string> ExcludeModules { get; init; } = [];

    /// <summary>A regular expression for whole names of modules that are left out.</summary>
    public string? ExcludePattern { get; init; }

    public IReadOnlyList<string> ModulesToSave { get; init; } = [];

    /// <summary>"none", "all" or "lora_only".</summary>
    public string Bias { get; init; } = "none";

    /// <summary>An embedding among <see cref="ModulesToSave"/> stays the output matrix of a tied model.</summary>
    public bool EnsureWeightTying { get; init; }

    public bool LoraBias { get; init; }

    public bool UseRslora { get; init; }

    public bool UseDora { get; init; }

    public bool FanInFanOut { get; init; }

    /// <summary>"true", "false", "gaussian", "pissa", "pissa_niter_16", "olora".</summary>
    public string InitLoraWeights { get; init; } = "true";

    public IReadOnlyDictionary<string, double> RankPattern { get; init; } = new Dictionary<string, double>();

    public IReadOnlyDictionary<string, double> AlphaPattern { get; init; } = new Dictionary<string, double>();

    public IReadOnlyList<int>? LayersToTransform { get; init; }

    public IReadOnlyList<string> LayersPattern { get; init; } = [];

    /// <summary>Rows of an embedding that are trained, by the embedding's name.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<long>> TrainableTokens { get; init; } = new Dictionary<string, IReadOnlyList<long>>();

    /// <summary>"CAUSAL_LM", "SEQ_CLS" ...; null where the file has none.</summary>
    public string? TaskType { get; init; }

    public string? BaseModel { get; init; }

    /// <summary>Adapters of this start need the base without its first update.</summary>
    public bool ChangesBase => InitLoraWeights.StartsWith("pissa", StringComparison.Ordinal) || InitLoraWeights is "olora" or "corda";

    public static LoraConfig Load(string folder)
    {
        string path = Path.Combine(folder, FileName);
        JsonObject root = JsonFile.ReadObject(path);
        string type = new AdapterFields(path, root).Text("peft_type") ?? "";
        if (type != "LORA")
        {
            throw Errors.PeftType(path, type);
        }

        foreach (string field in (string[])["layer_replication", "alora_invocation_tokens", "target_parameters", "arrow_config"])
        {
            if (root[field] is JsonNode node and not JsonArray { Count: 0 })
            {
                throw Errors.PeftField(path, field, node.ToJsonString());
            }
        }

        if (root["use_qalora"] is JsonValue qalora && qalora.TryGetValue(out bool used) && used)
        {
            throw Errors.PeftField(path, "use_qalora", "true");
        }

        var fields = new AdapterFields(path, root);
        return new LoraConfig
        {
            Rank = (int)(fields.Number("r", least: 1, most: 1_000_000) ?? 8),
            Alpha = fields.Number("lora_alpha") ?? 8,
            Dropout = fields.Number("lora_dropout", least: 0, most: 1) ?? 0,
            TargetModules = root["target_modules"] is JsonArray ? fields.Texts("target_modules") : null,
            TargetPattern = root["target_modules"] is JsonArray ? null : fields.Text("target_modules"),
            ExcludeModules = root["exclude_modules"] is JsonArray ? fields.Texts("exclude_modules") : [],
            ExcludePattern = root["exclude_modules"] is JsonArray ? null : fields.Text("exclude_modules"),
            ModulesToSave = fields.Texts("modules_to_save"),
            Bias = fields.Text("bias") ?? "none",
            EnsureWeightTying = fields.Flag("ensure_weight_tying"),
            LoraBias = fields.Flag("lora_bias"),
            UseRslora = fields.Flag("use_rslora"),
            UseDora = fields.Flag("use_dora"),
            FanInFanOut = fields.Flag("fan_in_fan_out"),
            InitLoraWeights = root["init_lora_weights"] is JsonValue init ? init.GetValueKind() switch { JsonValueKind.True => "true", JsonValueKind.False => "false", _ => init.ToString() } : "true",
            RankPattern = fields.Numbers("rank_pattern", least: 1, most: 1_000_000),
            AlphaPattern = fields.Numbers("alpha_pattern"),
            LayersToTransform = fields.Rows("layers_to_transform") is { } layers ? [.. layers.Select(layer => (int)layer)] : null,
            LayersPattern = fields.Texts("layers_pattern"),
            TrainableTokens = fields.RowsByName("trainable_token_indices"),
            TaskType = fields.Text("task_type"),
            BaseModel = fields.Text("base_model_name_or_path"),
        };
    }

    /// <summary>The config with its target word "all-linear" spelt out for one model.</summary>
    internal LoraConfig For(Model model) =>
        AllLinear.Equals(TargetPattern, StringComparison.OrdinalIgnoreCase) ? this with { TargetPattern = null, TargetModules = LoraAttach.AllLinear(model) } : this;

    /// <summary>The file as PEFT 0.18.1 writes it: every field, sorted, two spaces, no newline at the end.</summary>
    public void Save(string folder)
    {
        var root = new JsonObject
        {
            ["alora_invocation_tokens"] = null,
            ["alpha_pattern"] = Object(AlphaPattern),
            ["arrow_config"] = null,
            ["auto_mapping"] = null,
            ["base_model_name_or_path"] = BaseModel,
            ["bias"] = Bias,
            ["corda_config"] = null,
            ["ensure_weight_tying"] = EnsureWeightTying,
            ["eva_config"] = null,
            ["exclude_modules"] = ExcludePattern is not null ? ExcludePattern : ListOrNull(ExcludeModules),
            ["fan_in_fan_out"] = FanInFanOut,
            ["inference_mode"] = true,
            ["init_lora_weights"] = InitLoraWeights switch { "true" => JsonValue.Create(true), "false" => JsonValue.Create(false), _ => JsonValue.Create(InitLoraWeights) },
            ["layer_replication"] = null,
            ["layers_pattern"] = LayersPattern.Count == 1 ? LayersPattern[0] : ListOrNull(LayersPattern),
            ["layers_to_transform"] = LayersToTransform is null ? null : new JsonArray([.. LayersToTransform.Select(i => (JsonNode)i)]),
            ["loftq_config"] = new JsonObject(),
            ["lora_alpha"] = Json(Alpha),
            ["lora_bias"] = LoraBias,
            ["lora_dropout"] = PythonFloat(Dropout),
            ["megatron_config"] = null,
            ["megatron_core"] = "megatron.core",
            ["modules_to_save"] = ListOrNull(ModulesToSave),
            ["peft_type"] = "LORA",
            ["peft_version"] = "0.18.1",
            ["qalora_group_size"] = 16,
            ["r"] = Rank,
            ["rank_pattern"] = Object(RankPattern),
            ["revision"] = null,
            ["target_modules"] = TargetPattern is not null ? TargetPattern : new JsonArray([.. (TargetModules ?? []).Order(StringComparer.Ordinal).Select(name => (JsonNode)name)]),
            ["target_parameters"] = null,
            ["task_type"] = TaskType,
            ["trainable_token_indices"] = TokensJson(),
            ["use_dora"] = UseDora,
            ["use_qalora"] = false,
            ["use_rslora"] = UseRslora,
        };
        JsonFile.Write(Path.Combine(folder, FileName), root, endNewline: false);
    }

    private JsonNode? TokensJson()
    {
        if (TrainableTokens.Count == 0)
        {
            return null;
        }

        if (TrainableTokens.Count == 1 && TrainableTokens.TryGetValue("", out IReadOnlyList<long>? rows))
        {
            return new JsonArray([.. rows.Select(row => (JsonNode)row)]);
        }

        var root = new JsonObject();
        foreach (var (name, indices) in TrainableTokens)
        {
            root[name] = new JsonArray([.. indices.Select(row => (JsonNode)row)]);
        }

        return root;
    }

    private static JsonNode? ListOrNull(IReadOnlyList<string> names) => names.Count == 0 ? null : new JsonArray([.. names.Select(name => (JsonNode)name)]);

    private static JsonObject Object(IReadOnlyDictionary<string, double> values)
    {
        var root = new JsonObject();
        foreach (var (key, value) in values)
        {
            root[key] = Json(value);
        }

        return root;
    }

    private static JsonNode Json(double value) => value == Math.Floor(value) && Math.Abs(value) < 1e15 ? JsonValue.Create((long)value) : JsonValue.Create(value);

    /// <summary>Python writes a whole float with ".0", which a .NET number would lose.</summary>
    private static JsonNode PythonFloat(double value) => value == Math.Floor(value) ? JsonNode.Parse(value.ToString("F1", System.Globalization.CultureInfo.InvariantCulture))! : JsonValue.Create(value);
}
