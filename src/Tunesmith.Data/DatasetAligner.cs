using Tunesmith.Data.Formats;

namespace Tunesmith.Data;

/// <summary>One data set in aligned form.</summary>
public sealed record AlignedSet(DatasetEntry Entry, IReadOnlyList<AlignedExample> Examples);

/// <summary>The data of a run before they become tokens: what <c>check</c> shows and <c>verify</c> compares.</summary>
public static class DatasetAligner
{
    /// <summary>All sets that the recipe names, the training sets first, after num_samples and max_samples; not yet mixed or split.</summary>
    public static IReadOnlyList<AlignedSet> Align(DataOptions options, string stage, long seed)
    {
        DataRules.Check(options, stage);
        var loader = new DatasetLoader(options, seed, null);
        var sets = new List<AlignedSet>();
        foreach (var entry in loader.Entries(options.Dataset, options.TrainFile, stage).Concat(loader.Entries(options.EvalDataset, options.EvalFile, stage)))
        {
            if (entry.NumSamples is null && sets.Exists(s => s.Entry.Name == entry.Name)) continue;
            var examples = loader.Load(entry, example => example);
            sets.RemoveAll(s => s.Entry.Name == entry.Name);
            sets.Add(new AlignedSet(entry, examples));
        }
        return sets;
    }
}
