using Tunesmith.Runs;

namespace Tunesmith.Models;

/// <summary>Every message of this room.</summary>
internal static class Errors
{
    private const string ReCopy = "Copy the file again from where it came from.";

    // Checkpoints: files
    public static UsageException AdapterAsModel(string folder) =>
        new($"model_name_or_path: got {folder}, the folder of an adapter; expected the model that it belongs to. Name that one, and this folder in adapter_name_or_path.");

    public static UsageException FileMissing(string path) => new($"{path}: got no such file; expected a readable file. Check the path.");

    public static UsageException FolderMissing(string path) => new($"model_name_or_path: got '{path}', which is no folder; expected a folder with config.json and model.safetensors. Nothing is downloaded: put the model there or correct the path.");

    public static UsageException NoWeights(string folder) => new($"{folder}: got no weights; expected model.safetensors, or model.safetensors.index.json with its shards. Copy them into the folder.");

    public static UsageException LegacyWeights(string path) => new($"{path}: got weights in a pickle format; expected safetensors, because unpickling runs code from the file. Convert them once where they came from: load the model with transformers and call save_pretrained(folder, safe_serialization=True).");

    public static UsageException SafeTensorsTooShort(string path, long length) => new($"{path}: got a file of {length} bytes; expected a whole safetensors file. {ReCopy}");

    public static UsageException SafeTensorsHeaderLength(string path, ulong length, long fileLength) => new($"{path}: got a header length of {length} bytes in a file of {fileLength}; expected at most {Checkpoints.SafeTensorsHeader.MaxHeaderBytes} and no more than the file has. This is not a safetensors file, or it is damaged: {ReCopy}");

    public static UsageException SafeTensorsBadHeader(string path, string what) => new($"{path}: got a safetensors header in which {what}; expected a valid header. {ReCopy}");

    public static UsageException SafeTensorsDType(string path, string name, string dtype, string supported) => new($"{path}: got dtype {dtype} for '{name}'; expected one of {supported}. Convert the checkpoint to one of these.");

    public static UsageException SafeTensorsLength(string path, long expected, long actual) => new($"{path}: got {actual} bytes; expected {expected} by its header. The file is cut off or something was appended: {ReCopy}");

    public static RunException SafeTensorsShrunk(string path, long offset) => new($"{path}: got the end of the file at byte {offset} while reading; expected the length it had when it was opened. Another program changed it: {ReCopy}");

    public static UsageException TensorMissing(string path, string name) => new($"{path}: got no tensor '{name}'; expected one. Check that the file belongs to this model.");

    public static UsageException TensorInTwoShards(string name, string first, string second) => new($"{second}: got tensor '{name}', which {first} has too; expected each tensor in one shard. Copy the checkpoint again.");

    public static UsageException BadIndex(string path, string what) => new($"{path}: got an index in which {what}; expected weight_map with a file name for every tensor. Copy the checkpoint again.");

    public static UsageException ShardsMissing(string path, IReadOnlyList<string> missing) => new($"{path}: got an index whose files {string.Join(", ", missing)} are not there; expected all shards in the folder. Copy them into it.");

    public static UsageException BadJson(string path, string what) => new($"{path}: got invalid JSON ({what}); expected one JSON object. Correct or copy the file again.");

    public static UsageException BadLabels(string path) => new($"{path}: got no labels; expected a list of texts, the names of the classes. Copy the adapter's folder again.");

    public static UsageException JsonTooLarge(string path, long bytes, long limit) => new($"{path}: got {bytes} bytes; expected at most {limit} for a JSON file of a model folder. Check that this is the right file.");

    // Checkpoints: config.json and tensors
    public static UsageException NoModelType(string path) => new($"{path}: got no model_type; expected the name of the model's family. Add \"model_type\", for example \"llama\".");

    public static UsageException UnknownFamily(string path, string modelType, IEnumerable<string> known) => new($"{path}: got model_type '{modelType}'; expected one of {string.Join(", ", known)}. This family is not implemented.");

    public static UsageException ConfigField(string path, string what) => new($"{path}: got {what}. Correct the field.");

    public static UsageException HeadNotAvailable(string family, string kind, IEnumerable<string> known) => new($"model '{family}': got a request for {kind}; expected one of {string.Join(", ", known)}. Choose another stage or another model.");

    public static UsageException TensorsDoNotFit(string folder, IReadOnlyList<string> missing, IReadOnlyList<string> unexpected, IReadOnlyList<string> misshapen)
    {
        var parts = new List<string>();
        AddPart(parts, "missing", missing);
        AddPart(parts, "unexpected", unexpected);
        AddPart(parts, "of another shape", misshapen);
        return new($"{folder}: got weights that do not fit config.json; expected the tensors of this family. {string.Join(" ", parts)} Check that config.json and the weights belong together.");
    }

    public static UsageException RopeKind(string kind, IEnumerable<string> known) => new($"rope_scaling: got rope_type '{kind}'; expected one of {string.Join(", ", known)}. This kind of position scaling is not implemented.");

    public static UsageException NoRope(string family) => new($"rope_scaling: got a model of family '{family}'; expected one with rotary positions. Leave the key out.");

    public static UsageException PartialRotary(string kind, double factor) => new($"rope_scaling: got {kind} with partial_rotary_factor {factor}; expected 1, since this family turns whole heads. Take the field out of config.json, or the scaling.");

    public static UsageException RopeFactors(string field, int expected, int? given) => new($"rope_scaling: got {(given is int count ? $"{count} numbers" : "no usable list")} as {field}; expected {expected}, one for each pair of rotated dimensions, none 0. Correct config.json.");

    public static UsageException RopeField(string kind, string field) => new($"rope_scaling: got {kind} without {field}; expected the field. Add it to config.json.");

    public static UsageException Activation(string name, IEnumerable<string> known) => new($"config.json: got activation '{name}'; expected one of {string.Join(", ", known)}. This activation is not implemented.");

    public static UsageException TooLong(long length, long limit) => new($"input: got {length} positions; expected at most {limit}, the length of the model's position table. Shorten the text or set cutoff_len to {limit}.");

    public static UsageException NoPadId() => new("pad_token_id: got none for a batch of several rows; expected the id, because the last token that is not padding is scored. Add pad_token_id to config.json.");

    public static UsageException NoGenerator(string name) => new($"{name}: got no weights in the checkpoint and no generator to draw them; expected one of both. Give LoadOptions a Generator.");

    // Adapters
    public static UsageException PeftType(string path, string type) => new($"{path}: got peft_type '{type}'; expected LORA. This kind of adapter is not implemented.");

    public static UsageException PeftField(string path, string field, string value) => new($"{path}: got {field} {value}; expected a value that is implemented. Train the adapter without it.");

    public static UsageException PeftPattern(string field, string pattern, string what) => new($"{field}: got '{pattern}' ({what.TrimEnd('.')}); expected a regular expression. Correct it in adapter_config.json.");

    public static UsageException LoraStart(string start) => new($"init_lora_weights: got '{start}'; expected true, false, gaussian, pissa, pissa_niter_N or olora. Choose one of these.");

    public static UsageException NotAdaptable(string module) => new($"lora_target: got module '{module}'; expected a linear layer or an embedding. Name only such modules, or all.");

    public static UsageException NoTargets(IReadOnlyList<string> targets, IReadOnlyList<string> known) => new($"lora_target: got {string.Join(", ", targets)}, which no module of this model is called; expected some of {string.Join(", ", known)}, or all. Correct the names.");

    public static UsageException RankTooLarge(string module, int rank, long limit) => new($"lora_rank: got {rank} for '{module}'; expected at most {limit}, since its weight has no more singular values. Lower lora_rank.");

    public static UsageException AdapterDoesNotFit(string path, IReadOnlyList<string> missing, IReadOnlyList<string> unexpected, IReadOnlyList<string> misshapen)
    {
        var parts = new List<string>();
        AddPart(parts, "missing", missing);
        AddPart(parts, "unexpected", unexpected);
        AddPart(parts, "of another shape", misshapen);
        return new($"{path}: got an adapter that does not fit the model; expected one made for this base. {string.Join(" ", parts)} Check adapter_config.json and model_name_or_path.");
    }

    public static UsageException NoInitial(string folder, string start) => new($"{folder}: got an adapter with init_lora_weights {start} and no initial.safetensors; expected its first values, which were taken out of the base. Copy them beside it, or convert the adapter to an ordinary LoRA where it was trained.");

    public static UsageException NothingToConvert(string start) => new($"pissa_convert: got an adapter with init_lora_weights {start}; expected one whose start changed the base, such as pissa. Leave pissa_convert out.");

    public static UsageException CannotMergeBias(IReadOnlyList<string> modules) => new($"adapter: got a bias of its own (lora_bias) on {string.Join(", ", modules)}, which have no bias; expected layers with one. Such an adapter cannot be merged: use it unmerged.");

    public static RunException AdapterMerged() => new("adapter: got a merged adapter; expected an unmerged one. Call Unmerge first.");

    public static RunException AdapterPresent() => new("adapter: got a second adapter on the same layers; expected one at a time. Merge and detach the first, or combine them.");

    public static RunException UnmergedAdapter() => new("model: got an adapter that is not merged; expected plain weights to save. Merge it, or save the adapter instead.");

    public static RunException AdapterNotMerged() => new("adapter: got an adapter that is not merged; expected a merged one. Call Merge first.");

    public static UsageException TiedAdapter(IReadOnlyList<string> modules) => new($"adapter: got ensure_weight_tying: true and an adapter on {string.Join(", ", modules)} of a model whose output matrix is its embedding; expected the embedding alone, under modules_to_save, which is all that peft 0.18 ties. Set ensure_weight_tying to false if the two were trained apart.");

    public static UsageException FreezeModule(string key, string module, IEnumerable<string> known) => new($"{key}: got '{module}'; expected some of {string.Join(", ", known)}. Correct the name.");

    public static UsageException Combination(string type, int adapters, int weights, IEnumerable<string> known) => new($"adapter combination: got '{type}' of {adapters} adapters with {weights} weights; expected one of {string.Join(", ", known)} and one weight an adapter. Correct the request.");

    public static UsageException CombinationSigns(string signs) => new($"adapter combination: got the sign method '{signs}'; expected total or frequency. Correct the request.");

    public static UsageException CombinationRanks(string type, string module) => new($"adapter combination: got '{type}' over different ranks at '{module}'; expected equal ranks. Use cat or svd.");

    public static UsageException CombinationDensity(string type) => new($"adapter combination: got '{type}' without a density; expected the share of values to keep, 0 to 1. Give it.");

    // Generation
    public static UsageException EmptyPrompt() => new("prompt: got no tokens; expected at least one. Give a text, or a template that begins with a token.");

    public static UsageException TokenOutside(int id, int vocabulary) => new($"prompt: got token id {id}; expected ids below {vocabulary}, the model's vocabulary. Check that tokenizer and model belong together, or set resize_vocab: true.");

    // Export
    public static RunException ExportDiffers(string folder, string what, double difference, double tolerance) => new($"{folder}: got {what} that differ by {difference:G4} from those before saving; expected at most {tolerance:G4}. The export is wrong and was not accepted: report this with the model's config.json.");

    /// <summary>How many tensors a message names.</summary>
    private const int Named = 4;

    private static void AddPart(List<string> parts, string what, IReadOnlyList<string> names)
    {
        if (names.Count > 0)
        {
            parts.Add($"{names.Count} {what}: {string.Join(", ", names.Take(Named))}{(names.Count > Named ? ", ..." : "")}.");
        }
    }
}
