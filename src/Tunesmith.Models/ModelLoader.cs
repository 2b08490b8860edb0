using System.Text.Json.Nodes;
using Tunesmith.Models.Checkpoints;
using Tunesmith.Models.Families;
using Tunesmith.Torch;
using Tunesmith.Torch.Nn;

namespace Tunesmith.Models;

/// <summary>How a model folder is loaded.</summary>
public sealed record LoadOptions
{
    /// <summary>In which dtype parameters are kept; files of any other are converted.</summary>
    public DType DType { get; init; } = DType.Float32;

    /// <summary>Which head; null takes the one config.json names.</summary>
    public ModelKind? Kind { get; init; }

    /// <summary>Labels of a new classification head; null keeps config.json's.</summary>
    public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>"single_label_classification", "multi_label_classification" or "regression"; null keeps config.json's.</summary>
    public string? ProblemType { get; init; }

    /// <summary>Draws the values of a head that the file does not have.</summary>
    public Generator? Generator { get; init; }

    /// <summary>Stretches rotary positions: linear, dynamic, yarn or llama3 (LLaMA-Factory's rope_scaling).</summary>
    public string? RopeScaling { get; init; }

    /// <summary>Longest text of the training; the stretch follows from it. null stretches by 2, as LLaMA-Factory does for using a model.</summary>
    public long? TextLength { get; init; }

    /// <summary>Draws all weights instead of reading them (train_from_scratch).</summary>
    public bool FromScratch { get; init; }
}

/// <summary>A model and what loading it met.</summary>
/// <param name="Model">The model, in evaluation mode.</param>
/// <param name="NewParameters">Parameters of the head that started anew.</param>
/// <param name="UnusedTensors">Tensors of other heads in the file.</param>
/// <param name="Sources">Parameter name to the name its tensor has in the file.</param>
public sealed record LoadedModel(Model Model, IReadOnlyList<string> NewParameters, IReadOnlyList<string> UnusedTensors, IReadOnlyDictionary<string, string> Sources);

/// <summary>Reads and writes model folders as Hugging Face lays them out.</summary>
public static class ModelLoader
{
    /// <summary>config.json as its family's record; needs no libtorch.</summary>
    public static (Family Family, ModelConfig Config) ReadConfig(string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw Errors.FolderMissing(folder);
        }

        string path = Path.Combine(folder, ModelConfig.FileName);
        if (!File.Exists(path) && File.Exists(Path.Combine(folder, Adapters.LoraConfig.FileName)))
        {
            throw Errors.AdapterAsModel(folder);
        }

        JsonObject raw = JsonFile.ReadObject(path);
        Family family = FamilyPlate.Get(path, ModelConfig.ReadModelType(path, raw));
        return (family, family.ReadConfig(path, raw));
    }

    /// <summary>The model of a folder without its weights: names and shapes, which must fit those of the file. Needs no libtorch.</summary>
    /// <returns>The model, and how many bytes its file has.</returns>
    public static (Model Model, long Bytes) Outline(string folder, LoadOptions? options = null)
    {
        options ??= new LoadOptions();
        (Family family, ModelConfig config) = ReadConfig(folder);
        Model model = Head(family, config, options).Build(Changed(family, Path.Combine(folder, ModelConfig.FileName), config, options));
        if (options.FromScratch)
        {
            return (model, 0);
        }

        using CheckpointFiles files = CheckpointFiles.Open(folder);
        Match(files, model);
        return (model, files.ByteCount);
    }

    public static LoadedModel Load(string folder, LoadOptions? options = null)
    {
        options ??= new LoadOptions();
        (Family family, ModelConfig config) = ReadConfig(folder);
        FamilyHead head = Head(family, config, options);
        config = Changed(family, Path.Combine(folder, ModelConfig.FileName), config, options);
        if (!options.FromScratch && config.TiesHead && TiedHead.IsContradicted(folder))
        {
            config = family.ReadConfig(Path.Combine(folder, ModelConfig.FileName), TiedHead.Untied(config.Raw));
        }

        Model model = head.Build(config);
        try
        {
            LoadedModel loaded = Fill(folder, model, options);
            model.Eval();
            return loaded;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    private static FamilyHead Head(Family family, ModelConfig config, LoadOptions options)
    {
        ModelKind kind = options.Kind ?? family.KindOf(config.Architectures) ?? family.Heads.Keys.First();
        return family.Heads.TryGetValue(kind, out FamilyHead? head)
            ? head
            : throw Errors.HeadNotAvailable(family.ModelType, kind.ToString(), family.Heads.Keys.Select(known => known.ToString()));
    }

    private static TensorMatch Match(CheckpointFiles files, Model model) =>
        TensorMatch.Find(files.Folder, files.Tensors.ToList(), model.NamedParameters().Select(pair => (pair.Name, pair.Parameter.Shape)).ToList(), model);

    private static LoadedModel Fill(string folder, Model model, LoadOptions options)
    {
        var parameters = model.NamedParameters().ToList();
        double range = (model.Config.Raw["initializer_range"] as JsonValue)?.TryGetValue(out double given) == true ? given : 0.02;
        if (options.FromScratch)
        {
            foreach ((string name, Parameter parameter) in parameters)
            {
                Initialize(name, parameter, range, options);
            }

            return new LoadedModel(model, parameters.Select(pair => pair.Name).ToList(), [], new Dictionary<string, string>());
        }

        using CheckpointFiles files = CheckpointFiles.Open(folder);
        TensorMatch match = Match(files, model);
        foreach ((string name, Parameter parameter) in parameters)
        {
            using var scope = Scope.Open();
            if (match.SourceOf.TryGetValue(name, out string? source))
            {
                files.ReadInto(source, parameter.Allocate(options.DType));
            }
            else
            {
                Initialize(name, parameter, range, options);
            }
        }

        return new LoadedModel(model, match.Fresh, match.Unused, match.SourceOf);
    }

    /// <summary>As transformers starts new weights: normal with the config's range, norms 1, biases 0.</summary>
    private static void Initialize(string name, Parameter parameter, double range, LoadOptions options)
    {
        using var scope = Scope.Open();
        long[] shape = parameter.Value.Shape;
        // The zeros that a new module has are taken where they fit: a large table is never there twice.
        Tensor value = parameter.Value.DType == DType.Float32 ? parameter.Value.Detach() : Tensor.Zeros(shape);
        value.ZeroInPlace();
        if (name.EndsWith(".weight", StringComparison.Ordinal) && shape.Length == 1)
        {
            value.FillInPlace(1);
        }
        else if (shape.Length > 1)
        {
            value.NormalInPlace(0, range, options.Generator ?? throw Errors.NoGenerator(name));
        }

        if (options.DType != parameter.Value.DType)
        {
            parameter.Replace(value.To(options.DType));
        }
    }

    private static ModelConfig Changed(Family family, string path, ModelConfig config, LoadOptions options)
    {
        var raw = (JsonObject)config.Raw.DeepClone();
        if (options.RopeScaling is not null)
        {
            StretchRope(raw, config, options);
        }

        if (options.Labels is not null)
        {
            var names = new JsonObject();
            var numbers = new JsonObject();
            for (int i = 0; i < options.Labels.Count; i++)
            {
                names[i.ToString(System.Globalization.CultureInfo.InvariantCulture)] = options.Labels[i];
                numbers[options.Labels[i]] = i;
            }

            raw["id2label"] = names;
            raw["label2id"] = numbers;
            raw.Remove("num_labels");
        }

        if (options.ProblemType is not null)
        {
            raw["problem_type"] = options.ProblemType;
        }

        return family.ReadConfig(path, raw);
    }

    /// <summary>LLaMA-Factory's configure_rope (model/model_utils/rope.py): nothing changes while the text fits.</summary>
    private static void StretchRope(JsonObject raw, ModelConfig config, LoadOptions options)
    {
        long oldLength = config.MaxLength;
        if (!config.HasRotaryPositions)
        {
            throw Errors.NoRope(config.ModelType);
        }

        double factor = 2;
        if (options.TextLength is long length)
        {
            if (length <= oldLength)
            {
                return;
            }

            raw["max_position_embeddings"] = length;
            factor = Math.Ceiling((double)length / oldLength);
        }

        string kind = options.RopeScaling!;
        var scaling = new JsonObject { ["rope_type"] = kind, ["factor"] = factor };
        if (kind is "dynamic" or "yarn" or "llama3")
        {
            scaling["original_max_position_embeddings"] = oldLength;
        }

        if (kind == "llama3")
        {
            scaling["low_freq_factor"] = 1.0;
            scaling["high_freq_factor"] = 4.0;
        }

        if (raw["rope_parameters"] is JsonObject old)
        {
            scaling["rope_theta"] = old["rope_theta"]?.DeepClone();
            raw["rope_parameters"] = scaling;
        }
        else
        {
            raw["rope_scaling"] = scaling;
        }
    }
}
