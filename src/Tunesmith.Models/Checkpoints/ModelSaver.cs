using System.Text.Json.Nodes;
using Tunesmith.Models.Blocks;
using Tunesmith.Torch;

namespace Tunesmith.Models.Checkpoints;

/// <summary>Writes a model folder that transformers loads: config.json, generation_config.json and the weights.</summary>
public static class ModelSaver
{
    /// <summary>transformers' default for save_pretrained, in bytes.</summary>
    public const long DefaultShardBytes = 50_000_000_000;

    /// <summary>Holds what a language model's makers want it to be sampled with.</summary>
    public const string GenerationFileName = "generation_config.json";

    /// <param name="model">The model; parameters that are tied are stored once.</param>
    /// <param name="folder">Created where it is missing.</param>
    /// <param name="maxShardBytes">Weights above this are split into shards with an index.</param>
    /// <param name="dtype">Stored dtype; null stores what the model holds.</param>
    public static void Save(Model model, string folder, long maxShardBytes = DefaultShardBytes, DType? dtype = null)
    {
        var updates = model.NamedModules().Select(pair => (pair.Module as Projection)?.Update ?? (pair.Module as TokenEmbedding)?.Update).OfType<ILayerUpdate>().ToList();
        if (updates.Exists(update => update.Enabled)) throw Errors.UnmergedAdapter();
        // What an update that is switched off holds belongs to the adapter, not to the model.
        var foreign = updates.SelectMany(update => update.Parts).SelectMany(part => part.Module.NamedParameters()).Select(pair => pair.Parameter).ToHashSet();
        var tensors = model.NamedParameters().Where(pair => !foreign.Contains(pair.Parameter)).Select(pair => (pair.Name, pair.Parameter.Value)).ToList();
        SaveTensors(tensors, folder, maxShardBytes, dtype);
        SaveConfig(model, folder, dtype ?? (tensors.Count > 0 ? tensors[0].Value.DType : DType.Float32));
    }

    /// <summary>config.json and generation_config.json without weights.</summary>
    public static void SaveConfig(Model model, string folder, DType dtype)
    {
        var raw = (JsonObject)model.Config.Raw.DeepClone();
        raw["architectures"] = new JsonArray(model.Architecture);
        string field = raw.ContainsKey("torch_dtype") && !raw.ContainsKey("dtype") ? "torch_dtype" : "dtype";
        raw[field] = TorchName(dtype);
        JsonFile.Write(Path.Combine(folder, ModelConfig.FileName), raw);
        if (model is CausalModel)
        {
            JsonFile.Write(Path.Combine(folder, GenerationFileName), GenerationConfig(raw));
        }
    }

    private static JsonObject GenerationConfig(JsonObject config)
    {
        var root = new JsonObject { ["_from_model_config"] = true };
        foreach (string key in (string[])["bos_token_id", "eos_token_id", "pad_token_id", "transformers_version"])
        {
            if (config[key] is JsonNode value)
            {
                root[key] = value.DeepClone();
            }
        }

        return root;
    }

    private static void SaveTensors(List<(string Name, Tensor Value)> tensors, string folder, long maxShardBytes, DType? dtype)
    {
        List<List<(string Name, Tensor Value)>> shards = Split(tensors, maxShardBytes, dtype);
        string[] names = shards.Count == 1
            ? [CheckpointFiles.SingleName]
            : [.. Enumerable.Range(1, shards.Count).Select(i => $"model-{i:D5}-of-{shards.Count:D5}.safetensors")];
        for (int i = 0; i < shards.Count; i++)
        {
            SafeTensorsWriter.Write(Path.Combine(folder, names[i]), shards[i], dtype: dtype);
        }

        string index = Path.Combine(folder, CheckpointFiles.IndexName);
        string single = Path.Combine(folder, CheckpointFiles.SingleName);
        if (shards.Count > 1)
        {
            WriteIndex(index, shards, names, dtype);
            File.Delete(single);
        }
        else
        {
            File.Delete(index);
        }
    }

    private static void WriteIndex(string path, List<List<(string Name, Tensor Value)>> shards, string[] names, DType? dtype)
    {
        var map = new JsonObject();
        long parameters = 0, bytes = 0;
        for (int i = 0; i < shards.Count; i++)
        {
            foreach ((string name, Tensor value) in shards[i])
            {
                map[name] = names[i];
                parameters += value.Count;
                bytes += Bytes(value, dtype);
            }
        }

        var root = new JsonObject { ["metadata"] = new JsonObject { ["total_parameters"] = parameters, ["total_size"] = bytes }, ["weight_map"] = map };
        JsonFile.Write(path, root);
    }

    /// <summary>In model order, a new shard where the next tensor would not fit (transformers' split_torch_state_dict).</summary>
    private static List<List<(string Name, Tensor Value)>> Split(List<(string Name, Tensor Value)> tensors, long maxShardBytes, DType? dtype)
    {
        var shards = new List<List<(string Name, Tensor Value)>> { new() };
        long size = 0;
        foreach ((string name, Tensor value) in tensors)
        {
            long bytes = Bytes(value, dtype);
            if (shards[^1].Count > 0 && size + bytes > maxShardBytes)
            {
                shards.Add([]);
                size = 0;
            }

            shards[^1].Add((name, value));
            size += bytes;
        }

        return shards;
    }

    private static long Bytes(Tensor value, DType? dtype) => value.Count * SafeTensorsDTypes.Size(dtype ?? value.DType);

    private static string TorchName(DType dtype) => dtype switch
    {
        DType.BFloat16 => "bfloat16",
        DType.Float16 => "float16",
        DType.Float64 => "float64",
        _ => "float32",
    };
}
