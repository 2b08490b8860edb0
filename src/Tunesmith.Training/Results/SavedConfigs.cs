using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tunesmith.Runs.Files;
using Tunesmith.Text.Tokenizers;

namespace Tunesmith.Training.Results;

/// <summary>
/// What a saved model's configuration files say after training: the special tokens are the tokenizer's (transformers 5's Trainer aligns them), and a tokenizer's file that
/// came in transformers 5's form leaves in it.
/// </summary>
internal static class SavedConfigs
{
    private static readonly JsonSerializerOptions s_layout = new() { WriteIndented = true, IndentSize = 2, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>config.json and generation_config.json of a language model.</summary>
    /// <param name="baseFolder">Where the model came from; its generation settings are kept.</param>
    public static void Align(string folder, string baseFolder, Tokenizer tokenizer)
    {
        var config = Read(Path.Combine(folder, "config.json"));
        if (tokenizer.BosId is int bos) config["bos_token_id"] = bos;
        if (tokenizer.EosId is int eos) config["eos_token_id"] = eos;
        if (tokenizer.PadId is int pad) config["pad_token_id"] = pad;
        if (config.ContainsKey("use_cache")) config["use_cache"] = false; // training switches it off
        Write(Path.Combine(folder, "config.json"), config);

        var kept = Path.Combine(baseFolder, "generation_config.json");
        var generation = Read(File.Exists(kept) ? kept : Path.Combine(folder, "generation_config.json"));
        if (tokenizer.BosId is int first) generation["bos_token_id"] = first;
        if (tokenizer.PadId is int filler) generation["pad_token_id"] = filler;
        if (tokenizer.EosId is int end)
        {
            long[] before = generation["eos_token_id"] switch
            {
                JsonArray several => [.. several.Select(id => (long)id!)],
                JsonValue one => [(long)one],
                _ => [],
            };
            generation["eos_token_id"] = new JsonArray([.. before.Where(id => id != end).Prepend(end).Select(id => (JsonNode)id)]);
        }
        Write(Path.Combine(folder, "generation_config.json"), Sorted(generation));
    }

    /// <summary>tokenizer_config.json in transformers 5's form, where it came in it.</summary>
    /// <param name="stopWords">Special tokens that the template added.</param>
    public static void Tokenizer(string folder, IEnumerable<string> stopWords)
    {
        var path = Path.Combine(folder, "tokenizer_config.json");
        var config = Read(path);
        if (!config.ContainsKey("backend")) return;
        config.Remove("added_tokens_decoder");
        config.Remove("truncation_side");
        config["is_local"] = true;
        config["local_files_only"] = true;
        config["split_special_tokens"] ??= false;
        JsonNode[] stops = [.. stopWords.Select(word => (JsonNode)word)];
        if (stops.Length > 0) config["extra_special_tokens"] = new JsonArray(stops);
        Write(path, Sorted(config));
    }

    /// <summary>adapter_config.json that says nothing of how the matrices began, as LLaMA-Factory writes it beside a PiSSA run.</summary>
    public static void WithoutStart(string folder, bool training)
    {
        var path = Path.Combine(folder, "adapter_config.json");
        var config = Read(path);
        config["init_lora_weights"] = true;
        config["inference_mode"] = !training;
        Write(path, config);
    }

    private static JsonObject Read(string path)
    {
        try
        {
            return JsonNode.Parse(File.ReadAllText(path)) as JsonObject ?? [];
        }
        catch (JsonException fault)
        {
            throw Errors.BrokenConfig(path, fault);
        }
    }

    private static JsonObject Sorted(JsonObject config) => new(config.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => KeyValuePair.Create(entry.Key, entry.Value?.DeepClone())));

    private static void Write(string path, JsonObject config) => AtomicFile.WriteAllText(path, config.ToJsonString(s_layout) + "\n");
}
