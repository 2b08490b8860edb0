using Tunesmith.Data.Formats;
using Tunesmith.Data.Readers;

namespace Tunesmith.Data;

/// <summary>One of the first records of the data, before any token.</summary>
/// <param name="Place">Where it stands.</param>
/// <param name="Parts">What it consists of: (user, text), (assistant, text), (text, ...), (label, ...).</param>
public sealed record PreviewRecord(Place Place, IReadOnlyList<KeyValuePair<string, string>> Parts);

/// <summary>The first records of each data set of a recipe: enough to see whether the columns are the right ones.</summary>
public static class DataPreview
{
    /// <summary>Reads only as far as needed; everything that is wrong with the keys or with these records is an error.</summary>
    public static IReadOnlyList<PreviewRecord> First(DataOptions options, string stage, int count)
    {
        DataRules.Check(options, stage);
        if (options.Dataset.Count + options.TrainFile.Count + options.EvalDataset.Count + options.EvalFile.Count == 0) throw Errors.NoData();
        var loader = new DatasetLoader(options with { MaxSamples = Math.Min(count, options.MaxSamples ?? count) }, 0, null);
        var entries = loader.Entries(options.Dataset, options.TrainFile, stage).Concat(loader.Entries(options.EvalDataset, options.EvalFile, stage)).DistinctBy(e => e.Name);
        var records = new List<PreviewRecord>();
        foreach (var entry in entries.Select(e => e with { NumSamples = null, Split = "train" }))
            records.AddRange(stage == "cls" ? loader.LoadClasses(entry, Show) : loader.Load(entry, Show));
        return records;
    }

    private static PreviewRecord Show(ClassRow row)
    {
        var parts = new List<KeyValuePair<string, string>> { new("text", row.Text) };
        if (row.Pair is { } pair) parts.Add(new("pair", pair));
        parts.Add(new(row.ManyLabels ? "labels" : "label", string.Join(", ", row.Labels)));
        return new PreviewRecord(row.Place, parts);
    }

    private static PreviewRecord Show(AlignedExample example)
    {
        var parts = new List<KeyValuePair<string, string>>();
        if (!string.IsNullOrEmpty(example.System)) parts.Add(new("system", example.System));
        if (!string.IsNullOrEmpty(example.Tools)) parts.Add(new("tools", example.Tools));
        parts.AddRange(example.Prompt.Concat(example.Response).Select(m => KeyValuePair.Create(m.Role, m.Content)));
        return new PreviewRecord(example.Place, parts);
    }
}
