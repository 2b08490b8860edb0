namespace Tunesmith.Training.Stages;

/// <summary>The plate: every value of `stage`.</summary>
public static class Stages
{
    private static readonly SortedDictionary<string, Func<TrainingOptions, int, Stage>> s_entries = new(StringComparer.Ordinal)
    {
        ["cls"] = Classification.Cls,
        ["pt"] = CausalStage.Pretrain,
        ["sft"] = CausalStage.Sft,
    };

    /// <summary>Names that a recipe may use.</summary>
    public static IReadOnlyCollection<string> Names => s_entries.Keys;

    /// <summary>Makes the stage that the recipe names.</summary>
    /// <param name="padId">The piece that fills short rows.</param>
    public static Stage Create(TrainingOptions options, int padId) =>
        s_entries.TryGetValue(options.Stage, out var build) ? build(options, padId) : throw Errors.UnknownStage(options.Stage, s_entries.Keys);
}
