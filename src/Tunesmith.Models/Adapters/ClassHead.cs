using System.Text.Json.Nodes;
using Tunesmith.Models.Checkpoints;

namespace Tunesmith.Models.Adapters;

/// <summary>What an adapter's folder keeps of the classification head that it was trained with, since the base's config.json knows nothing of it.</summary>
/// <param name="Labels">The names of the classes, in the order of the scores.</param>
/// <param name="ProblemType">One of config.json's words; null where the count of labels decides.</param>
public sealed record ClassHead(IReadOnlyList<string> Labels, string? ProblemType)
{
    public const string FileName = "labels.json";

    /// <summary>What the last of these adapters' folders keeps; null where it keeps nothing.</summary>
    public static ClassHead? Of(IReadOnlyList<string> adapters)
    {
        if (adapters.Count == 0 || !File.Exists(Path.Combine(adapters[^1], FileName))) return null;
        string path = Path.Combine(adapters[^1], FileName);
        JsonObject root = JsonFile.ReadObject(path);
        string[]? labels = (root["labels"] as JsonArray)?.Select(Text).OfType<string>().ToArray();
        if (labels is not { Length: > 0 } || labels.Length != ((JsonArray)root["labels"]!).Count) throw Errors.BadLabels(path);
        return new ClassHead(labels, Text(root["problem_type"]));
    }

    public static void Write(string folder, SequenceClassifier model) =>
        JsonFile.Write(Path.Combine(folder, FileName), new JsonObject { ["labels"] = new JsonArray([.. model.Id2Label.Select(label => JsonValue.Create(label))]), ["problem_type"] = model.ProblemType });

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue(out string? text) ? text : null;
}
