using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tunesmith.Runs.Files;

namespace Tunesmith.Models.Checkpoints;

/// <summary>Small JSON files of a checkpoint folder: bounded reading, and writing in transformers' style.</summary>
internal static class JsonFile
{
    private const long MaxBytes = 64 << 20;

    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        IndentSize = 2,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static JsonObject ReadObject(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists)
        {
            throw Errors.FileMissing(path);
        }

        if (file.Length > MaxBytes)
        {
            throw Errors.JsonTooLarge(path, file.Length, MaxBytes);
        }

        try
        {
            string text = File.ReadAllText(path, Encoding.UTF8);
            CheckStrings(Encoding.UTF8.GetBytes(text));
            var options = new JsonDocumentOptions { MaxDepth = 64, AllowDuplicateProperties = false };
            return JsonNode.Parse(text, documentOptions: options) as JsonObject ?? throw Errors.BadJson(path, "the file is not one object");
        }
        catch (Exception e) when (e is JsonException or ArgumentException or InvalidOperationException)
        {
            // The parser counts lines from 0 and names the place in its own way.
            var reason = e.Message.Split(" LineNumber:")[0].TrimEnd('.', ' ');
            throw Errors.BadJson(path, e is JsonException { LineNumber: { } line } ? $"line {line + 1}: {reason}" : reason);
        }
    }

    // An escaped half of a surrogate pair is only found by who asks for the string; here it is found at once.
    private static void CheckStrings(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 64 });
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped) reader.GetString();
        }
    }

    /// <summary>Two spaces, keys sorted, a newline at the end: as transformers writes config.json.</summary>
    public static void Write(string path, JsonObject root, bool endNewline = true, bool sorted = true)
    {
        JsonNode value = sorted ? Sorted(root) : root;
        AtomicFile.WriteAllText(path, value.ToJsonString(Indented) + (endNewline ? "\n" : ""));
    }

    private static JsonNode Sorted(JsonObject root)
    {
        var result = new JsonObject();
        foreach (var (key, node) in root.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            result[key] = node is JsonObject inner ? Sorted(inner) : node?.DeepClone();
        }

        return result;
    }
}
