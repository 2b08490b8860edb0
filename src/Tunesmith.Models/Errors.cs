using Tunesmith.Runs;

namespace Tunesmith.Models;

/// <summary>Every message of this room.</summary>
internal static class Errors
{
    private const string ReCopy = "Copy the file again from where it came from.";

    // Checkpoints: files
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

    public static UsageException RopeField(string kind, string field) => new($"rope_scaling: got {kind} without {field}; expected the field. Add it to config.json.");

    public static UsageException Activation(string name, IEnumerable<string> known) => new($"config.json: got activation '{name}'; expected one of {string.Join(", ", known)}. This activation is not implemented.");

    public static UsageException TooLong(long length, long limit) => new($"input: got {length} positions; expected at most {limit}, the length of the model's position table. Shorten the text or set cutoff_len to {limit}.");

    private static void AddPart(List<string> parts, string what, IReadOnlyList<string> names)
    {
        if (names.Count > 0)
        {
            parts.Add($"{names.Count} {what}: {string.Join(", ", names)}.");
        }
    }
}
