using Tunesmith.Data;

namespace Tunesmith.Training.Phases;

/// <summary>Examples that are measured together.</summary>
/// <param name="Name">Of the data set, where each is measured by itself; else empty.</param>
public sealed record EvaluationSet(string Name, IReadOnlyList<TokenizedExample> Examples)
{
    /// <summary>What the names of its metrics begin with.</summary>
    /// <param name="split">eval or predict.</param>
    public string Prefix(string split) => Name.Length == 0 ? split : $"{split}_{Name}";

    /// <summary>The sets of a run; none where there is nothing to measure.</summary>
    public static IReadOnlyList<EvaluationSet> Of(IReadOnlyList<TokenizedExample>? all, IReadOnlyDictionary<string, IReadOnlyList<TokenizedExample>>? byName)
    {
        if (byName is not null) return [.. byName.Where(set => set.Value.Count > 0).Select(set => new EvaluationSet(set.Key, set.Value))];
        return all is { Count: > 0 } ? [new EvaluationSet("", all)] : [];
    }
}
