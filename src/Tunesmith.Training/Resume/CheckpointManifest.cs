using System.Security.Cryptography;
using System.Text.Json;
using Tunesmith.Runs.Files;
using Tunesmith.Training.Results;

namespace Tunesmith.Training.Resume;

/// <summary>
/// The list of a checkpoint's files with sizes and SHA-256, written last. A checkpoint folder appears under its name only when all of it is on the disk; the
/// list also finds what happened to it later: a file cut off, changed or deleted.
/// </summary>
internal static class CheckpointManifest
{
    public const string FileName = "tunesmith_checkpoint.json";

    /// <summary>Writes the list of what is in the folder.</summary>
    public static void Write(string folder, long step)
    {
        var files = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(folder, path))
            .Where(name => name != FileName)
            .Order(StringComparer.Ordinal)
            .Select(name => (object?)new Dictionary<string, object?>
            {
                ["file"] = name.Replace('\\', '/'),
                ["bytes"] = new FileInfo(Path.Combine(folder, name)).Length,
                ["sha256"] = Hash(Path.Combine(folder, name)),
            })
            .ToList();
        var manifest = new Dictionary<string, object?> { ["version"] = 1, ["step"] = step, ["files"] = files };
        AtomicFile.WriteAllText(Path.Combine(folder, FileName), PythonJson.Write(manifest, indent: 2) + "\n");
    }

    /// <summary>Why the folder is not a whole checkpoint, or null where it is one.</summary>
    public static string? Fault(string folder, bool hashes = true)
    {
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path)) return $"has no {FileName}";
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllText(path));
            foreach (var entry in document.RootElement.GetProperty("files").EnumerateArray())
            {
                var name = entry.GetProperty("file").GetString() ?? "";
                var file = new FileInfo(Path.Combine(folder, name));
                if (!file.Exists) return $"lacks {name}";
                var bytes = entry.GetProperty("bytes").GetInt64();
                if (file.Length != bytes) return $"has {file.Length} instead of {bytes} bytes in {name}";
                if (hashes && Hash(file.FullName) != entry.GetProperty("sha256").GetString()) return $"has other bytes in {name} than were written";
            }
            return null;
        }
        catch (Exception fault) when (fault is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return $"has an unreadable {FileName}";
        }
    }

    private static string Hash(string path)
    {
        using var stream = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }
}
