using System.Text.Json.Nodes;
using Tunesmith.Models.Checkpoints;

namespace Tunesmith.Models.Families;

/// <summary>One architecture: how its config.json is read and which heads it has.</summary>
/// <param name="ModelType">config.json's model_type.</param>
/// <param name="ReadConfig">Path (for errors) and content to the family's record.</param>
/// <param name="Heads">What can be built over it.</param>
public sealed record Family(string ModelType, Func<string, JsonObject, ModelConfig> ReadConfig, IReadOnlyDictionary<ModelKind, FamilyHead> Heads)
{
    /// <summary>The kind that config.json's architectures name; null where they name none of this family's.</summary>
    public ModelKind? KindOf(IReadOnlyList<string>? architectures)
    {
        foreach (var (kind, head) in Heads)
        {
            if (architectures?.Contains(head.Architecture) == true)
            {
                return kind;
            }
        }

        return null;
    }
}

/// <summary>A reference class and how it is built.</summary>
public sealed record FamilyHead(string Architecture, Func<ModelConfig, Model> Build);

/// <summary>The plate of this folder: every family by its model_type.</summary>
public static class FamilyPlate
{
    public static readonly IReadOnlyDictionary<string, Family> All = new SortedDictionary<string, Family>(StringComparer.Ordinal)
    {
        ["bert"] = BertHeads.Family,
        ["gpt2"] = Gpt2.Family,
        ["llama"] = Llama.Family,
    };

    public static Family Get(string path, string modelType) => All.TryGetValue(modelType, out Family? family) ? family : throw Errors.UnknownFamily(path, modelType, All.Keys);
}
