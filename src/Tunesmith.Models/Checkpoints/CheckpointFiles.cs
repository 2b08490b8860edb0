using System.Text.Json;
using System.Text.Json.Nodes;
using Tunesmith.Torch;

namespace Tunesmith.Models.Checkpoints;

/// <summary>The weights of one checkpoint folder: one safetensors file, or shards with an index.</summary>
public sealed class CheckpointFiles : IDisposable
{
    public const string SingleName = "model.safetensors";
    public const string IndexName = "model.safetensors.index.json";

    private static readonly string[] LegacyPatterns = ["pytorch_model*.bin", "*.bin", "*.pt", "*.pth", "tf_model.h5", "flax_model.msgpack", "*.ckpt"];

    private readonly Dictionary<string, SafeTensorsFile> _fileOf;
    private readonly List<SafeTensorsFile> _files;

    private CheckpointFiles(string folder, List<SafeTensorsFile> files)
    {
        Folder = folder;
        _files = files;
        _fileOf = new Dictionary<string, SafeTensorsFile>(StringComparer.Ordinal);
        foreach (SafeTensorsFile file in files)
        {
            foreach (string name in file.Names)
            {
                if (!_fileOf.TryAdd(name, file))
                {
                    throw Errors.TensorInTwoShards(name, _fileOf[name].Path, file.Path);
                }
            }
        }
    }

    public string Folder { get; }

    public IEnumerable<TensorInfo> Tensors => _files.SelectMany(file => file.Header.Tensors);

    public long ByteCount => Tensors.Sum(info => info.ByteCount);

    public static CheckpointFiles Open(string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw Errors.FolderMissing(folder);
        }

        var files = new List<SafeTensorsFile>();
        try
        {
            foreach (string path in Paths(folder))
            {
                files.Add(SafeTensorsFile.Open(path));
            }

            return new CheckpointFiles(folder, files);
        }
        catch
        {
            files.ForEach(file => file.Dispose());
            throw;
        }
    }

    public bool Contains(string name) => _fileOf.ContainsKey(name);

    public TensorInfo Info(string name) => File(name).Info(name);

    public Tensor Read(string name, DType dtype) => File(name).Read(name, dtype);

    /// <summary>Reads one tensor over another of its shape, in that one's dtype.</summary>
    public void ReadInto(string name, Tensor target) => File(name).ReadInto(name, target);

    public void Dispose() => _files.ForEach(file => file.Dispose());

    private SafeTensorsFile File(string name) => _fileOf.TryGetValue(name, out SafeTensorsFile? file) ? file : throw Errors.TensorMissing(Folder, name);

    /// <summary>The files that hold a folder's weights.</summary>
    internal static IReadOnlyList<string> Paths(string folder)
    {
        string single = Path.Combine(folder, SingleName);
        string index = Path.Combine(folder, IndexName);
        if (System.IO.File.Exists(single))
        {
            return [single];
        }

        if (System.IO.File.Exists(index))
        {
            return ShardPaths(folder, index);
        }

        string? legacy = LegacyPatterns.SelectMany(pattern => Directory.EnumerateFiles(folder, pattern)).FirstOrDefault();
        throw legacy is null ? Errors.NoWeights(folder) : Errors.LegacyWeights(legacy);
    }

    private static List<string> ShardPaths(string folder, string index)
    {
        JsonObject root = JsonFile.ReadObject(index);
        if (root["weight_map"] is not JsonObject map || map.Count == 0)
        {
            throw Errors.BadIndex(index, "it has no weight_map");
        }

        var paths = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var (name, node) in map)
        {
            string? file = node is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;
            if (string.IsNullOrEmpty(file) || file != Path.GetFileName(file))
            {
                throw Errors.BadIndex(index, $"'{name}' does not name a file of the same folder");
            }

            paths.Add(Path.Combine(folder, file));
        }

        string[] missing = paths.Where(path => !System.IO.File.Exists(path)).Select(path => Path.GetFileName(path)).ToArray();
        if (missing.Length > 0)
        {
            throw Errors.ShardsMissing(index, missing);
        }

        return [.. paths];
    }
}
