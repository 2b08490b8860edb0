using System.Text.Json.Nodes;
using Tunesmith.Torch;

namespace Tunesmith.Models.Checkpoints;

/// <summary>
/// A head that config.json ties to the embedding although the file holds both with different values: the reference then does
/// not tie them (transformers 5, tie_weights), since the file knows better.
/// </summary>
internal static class TiedHead
{
    private const string Field = "tie_word_embeddings";
    private static readonly string[] Heads = ["lm_head.weight", "cls.predictions.decoder.weight"];
    private static readonly string[] Tables = ["embed_tokens.weight", "wte.weight", "embeddings.word_embeddings.weight"];

    /// <summary>Whether the folder's weights contradict the tie.</summary>
    public static bool IsContradicted(string folder)
    {
        using CheckpointFiles files = CheckpointFiles.Open(folder);
        string[] names = [.. files.Tensors.Select(info => info.Name)];
        string? head = names.FirstOrDefault(Heads.Contains);
        string? table = names.FirstOrDefault(name => Tables.Any(end => name == end || name.EndsWith("." + end, StringComparison.Ordinal)));
        if (head is null || table is null)
        {
            return false;
        }

        using var scope = Scope.Open();
        return !files.Read(head, DType.Float32).EqualBits(files.Read(table, DType.Float32));
    }

    /// <summary>config.json without the tie.</summary>
    public static JsonObject Untied(JsonObject raw)
    {
        var changed = (JsonObject)raw.DeepClone();
        changed[Field] = false;
        return changed;
    }
}
