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

    /// <summary>The texts of classification rows as they were written, read again from where they stand; only tokens are kept of a row.</summary>
    public static IReadOnlyList<string> Texts(DataOptions options, IReadOnlyList<Place> places)
    {
        var texts = new string[places.Count];
        var loader = new DatasetLoader(options with { OnBadRow = "skip" }, 0, null);
        foreach (var file in places.Select((place, at) => (place, at)).GroupBy(p => p.place.File))
        {
            var wanted = file.ToLookup(p => p.place.Record, p => p.at);
            long last = file.Max(p => p.place.Record);
            ClassRows? rows = null;
            foreach (var row in loader.Rows(file.Key))
            {
                rows ??= new ClassRows(file.Key, row, options);
                foreach (int at in wanted[row.Place.Record])
                {
                    var read = rows.Read(row);
                    texts[at] = read.Pair is null ? read.Text : $"{read.Text} | {read.Pair}";
                }
                if (row.Place.Record >= last) break;
            }
        }
        return texts;
    }

    /// <summary>The bytes of all data files of a recipe; packed ones count as they lie on the disk. What is not there counts nothing.</summary>
    public static long FileBytes(DataOptions options)
    {
        var info = options.Dataset.Concat(options.EvalDataset).Any() ? DatasetInfo.Load(options.DatasetDir) : null;
        var paths = options.Dataset.Concat(options.EvalDataset).SelectMany(name => info![name].Files.Select(file => Path.Combine(info[name].Folder, file))).Concat(options.TrainFile).Concat(options.EvalFile);
        return paths.Sum(path => Directory.Exists(path) ? new DirectoryInfo(path).EnumerateFiles().Sum(file => file.Length) : File.Exists(path) ? new FileInfo(path).Length : 0);
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
