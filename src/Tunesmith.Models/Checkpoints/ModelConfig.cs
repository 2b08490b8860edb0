using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Tunesmith.Models.Checkpoints;

/// <summary>
/// What every family's config.json has. A family's own record derives from it; property names in snake case are the file's
/// field names. Fields that no record knows stay in <see cref="Raw"/> and are written back on saving.
/// </summary>
public abstract record ModelConfig
{
    public const string FileName = "config.json";

    // Far above the deepest model there is: a file that asks for more would have modules built until the memory is full.
    private const int MostLayers = 10_000;

    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        DefaultIgnoreCondition = JsonIgnoreCondition.Never,
    };

    public string ModelType { get; init; } = "";

    public IReadOnlyList<string>? Architectures { get; init; }

    [JsonInclude]
    public int VocabSize { get; internal set; }

    [JsonInclude]
    public long? PadTokenId { get; internal set; }

    [JsonInclude]
    public bool? TieWordEmbeddings { get; internal set; }

    public string? ProblemType { get; init; }

    public int? NumLabels { get; init; }

    public Dictionary<string, string>? Id2label { get; init; }

    /// <summary>The file as it was read, or as it will be written.</summary>
    [JsonIgnore]
    public JsonObject Raw { get; internal set; } = new();

    /// <summary>Layers, for gradient checkpointing, freezing and caches.</summary>
    [JsonIgnore]
    public abstract int LayerCount { get; }

    [JsonIgnore]
    public abstract int Width { get; }

    /// <summary>Longest sequence the config promises.</summary>
    [JsonIgnore]
    public abstract long MaxLength { get; }

    /// <summary>Positions are rows of a table: nothing longer than <see cref="MaxLength"/> can be computed.</summary>
    [JsonIgnore]
    public virtual bool HasPositionTable => false;

    /// <summary>The output matrix is the embedding, by the file or by the family's default.</summary>
    [JsonIgnore]
    public abstract bool TiesHead { get; }

    /// <summary>Positions are rotations, which rope_scaling can stretch.</summary>
    [JsonIgnore]
    public virtual bool HasRotaryPositions => false;

    [JsonIgnore]
    public int LabelCount => NumLabels ?? Id2label?.Count ?? 2;

    /// <summary>The ids that end an answer: config.json has one number or a list.</summary>
    [JsonIgnore]
    public IReadOnlyList<long> EosTokenIds => Integers(Raw["eos_token_id"]);

    [JsonIgnore]
    public long? BosTokenId => Integers(Raw["bos_token_id"]) is [long id, ..] ? id : null;

    /// <summary>The stored dtype's name, whichever of the two fields the file has.</summary>
    [JsonIgnore]
    public string? StoredDType => Text("dtype") ?? Text("torch_dtype");

    public static string ReadModelType(string path, JsonObject raw) =>
        raw["model_type"] is JsonValue value && value.TryGetValue(out string? name) && name.Length > 0 ? name : throw Errors.NoModelType(path);

    public static T Read<T>(string path, JsonObject raw)
        where T : ModelConfig, new()
    {
        try
        {
            // A null field means "the default", as in transformers.
            var given = new JsonObject();
            foreach (var (key, node) in raw)
            {
                if (node is not null)
                {
                    given[key] = node.DeepClone();
                }
            }

            T config = given.Deserialize<T>(Options) ?? new T();
            config.Raw = (JsonObject)raw.DeepClone();
            config.Check(path);
            Require(config.LayerCount <= MostLayers, path, $"{config.LayerCount} layers; expected at most {MostLayers}");
            return config;
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or InvalidOperationException)
        {
            throw Errors.ConfigField(path, e.Message.TrimEnd('.'));
        }
    }

    /// <summary>Labels in order of their number, "LABEL_0" where the file names none.</summary>
    public IReadOnlyList<string> LabelNames() =>
        Enumerable.Range(0, LabelCount).Select(i => Id2label is not null && Id2label.TryGetValue(i.ToString(), out string? name) ? name : $"LABEL_{i}").ToArray();

    /// <summary>A copy whose file will have another value in one field.</summary>
    internal void SetRaw(string key, JsonNode? value) => Raw[key] = value;

    /// <summary>The output matrix is a tensor of its own from here on, in the file too.</summary>
    internal void Untie()
    {
        TieWordEmbeddings = false;
        SetRaw("tie_word_embeddings", false);
    }

    protected abstract void Check(string path);

    protected static void Require(bool holds, string path, string what)
    {
        if (!holds)
        {
            throw Errors.ConfigField(path, what);
        }
    }

    private string? Text(string key) => Raw[key] is JsonValue value && value.TryGetValue(out string? text) ? text : null;

    private static IReadOnlyList<long> Integers(JsonNode? node) => node switch
    {
        JsonValue value when value.TryGetValue(out long one) => [one],
        JsonArray list => list.OfType<JsonValue>().Where(v => v.TryGetValue(out long _)).Select(v => v.GetValue<long>()).ToArray(),
        _ => [],
    };
}
