using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Tunesmith.Runs;

namespace Tunesmith.Proof;

/// <summary>Reads the text files of recorded values; every fault names file and line.</summary>
public static class GoldenFile
{
    /// <summary>One JSON file.</summary>
    public static JsonElement Json(string path)
    {
        if (!File.Exists(path)) throw Errors.MissingFile(path);
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            return document.RootElement.Clone();
        }
        catch (JsonException error)
        {
            throw Errors.BrokenJson(path, (error.LineNumber ?? 0) + 1, error.Message);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Errors.UnreadableFile(path, error.Message);
        }
    }

    /// <summary>The rows of a JSON Lines file, plain or gzip (<c>name.jsonl.gz</c>), whichever of the two is there.</summary>
    public static IEnumerable<JsonElement> JsonLines(string path)
    {
        if (!File.Exists(path) && File.Exists(path + ".gz")) path += ".gz";
        else if (!File.Exists(path) && path.EndsWith(".gz", StringComparison.Ordinal) && File.Exists(path[..^3])) path = path[..^3];
        if (!File.Exists(path)) throw Errors.MissingFile(path);
        long line = 0;
        foreach (var text in Lines(path))
        {
            line++;
            if (string.IsNullOrWhiteSpace(text)) continue;
            JsonElement row;
            try
            {
                using var document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 256 });
                row = document.RootElement.Clone();
            }
            catch (JsonException error)
            {
                throw Errors.BrokenJson(path, line, error.Message);
            }
            yield return row;
        }
    }

    /// <summary>Whether the file is there, plain or gzip.</summary>
    public static bool Exists(string path) => File.Exists(path) || File.Exists(path + ".gz") || (path.EndsWith(".gz", StringComparison.Ordinal) && File.Exists(path[..^3]));

    private static IEnumerable<string> Lines(string path)
    {
        using var file = File.OpenRead(path);
        using Stream stream = path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file;
        using var reader = new StreamReader(stream, new UTF8Encoding(false));
        // JSON Lines end at \n only: ReadLine would also cut at a lone \r, which JSON does not allow inside a string anyway.
        while (true)
        {
            string? line;
            try { line = reader.ReadLine(); }
            catch (InvalidDataException error) { throw Errors.BrokenArchive(path, error.Message); }
            if (line is null) yield break;
            yield return line;
        }
    }

    /// <summary>The value of a key that must be there.</summary>
    public static JsonElement Need(this JsonElement element, string key, string what) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(key, out var value) ? value : throw Errors.MissingKey(what, key);

    /// <summary>The value of a key, or null where it is missing or null.</summary>
    public static JsonElement? Maybe(this JsonElement element, string key) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(key, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <summary>A number; the strings "nan", "inf" and "-inf" stand for what JSON cannot write.</summary>
    public static double Number(this JsonElement element, string what = "value") => element.ValueKind switch
    {
        JsonValueKind.Number => element.GetDouble(),
        JsonValueKind.True => 1,
        JsonValueKind.False => 0,
        JsonValueKind.String => element.GetString()!.ToLowerInvariant() switch
        {
            "nan" => double.NaN,
            "inf" or "infinity" => double.PositiveInfinity,
            "-inf" or "-infinity" => double.NegativeInfinity,
            var text => throw Errors.NotANumber(what, '"' + text + '"'),
        },
        _ => throw Errors.NotANumber(what, element.ValueKind.ToString().ToLower(CultureInfo.InvariantCulture)),
    };

    /// <summary>All numbers of an array of any depth, in row-major order.</summary>
    public static double[] Numbers(this JsonElement element, string what = "value")
    {
        var values = new List<double>();
        Collect(element);
        return [.. values];

        void Collect(JsonElement part)
        {
            if (part.ValueKind == JsonValueKind.Array) { foreach (var inner in part.EnumerateArray()) Collect(inner); }
            else values.Add(part.Number(what));
        }
    }

    /// <summary>The lengths of a nested array along its first entries: the shape of a tensor written as JSON.</summary>
    public static long[] Shape(this JsonElement element)
    {
        var shape = new List<long>();
        for (var part = element; part.ValueKind == JsonValueKind.Array; part = part[0])
        {
            shape.Add(part.GetArrayLength());
            if (part.GetArrayLength() == 0) break;
        }
        return [.. shape];
    }

    /// <summary>Whole numbers of a flat array.</summary>
    public static int[] Integers(this JsonElement element) => [.. element.EnumerateArray().Select(value => value.GetInt32())];

    /// <summary>The texts of a flat array.</summary>
    public static string[] Texts(this JsonElement element) => [.. element.EnumerateArray().Select(value => value.GetString()!)];
}
