using Tunesmith.Data.Examples;
using Tunesmith.Data.Formats;
using Tunesmith.Data.Random;
using Tunesmith.Data.Readers;
using Tunesmith.Data.Splits;
using Tunesmith.Runs;

namespace Tunesmith.Data;

/// <summary>How far reading has come.</summary>
public readonly record struct DataProgress(string File, long Rows);

/// <summary>
/// Reads data sets row by row and keeps of each row only what it was turned into; then slice, num_samples and max_samples, in the
/// reference's order and from its generator.
/// </summary>
internal sealed class DatasetLoader
{
    private const int ProgressEvery = 2000;
    private readonly DataOptions _options;
    private readonly NumpyMt19937 _generator;
    private readonly Action<DataProgress>? _progress;
    private readonly ReadOptions _read;

    public DatasetLoader(DataOptions options, long seed, Action<DataProgress>? progress)
    {
        _options = options;
        _generator = new NumpyMt19937(seed);
        _progress = progress;
        BadRows = new BadRows(options.OnBadRow == "skip");
        _read = new ReadOptions(Delimiter(options.Delimiter), options.Quoting, options.ColumnNames, BadRows);
    }

    public BadRows BadRows { get; }

    /// <summary>The data sets that keys such as dataset and train_file name, in their order.</summary>
    public List<DatasetEntry> Entries(IReadOnlyList<string> names, IReadOnlyList<string> files, string stage)
    {
        if (names.Count > 0)
        {
            var info = DatasetInfo.Load(_options.DatasetDir);
            return [.. names.Select(name => info[name])];
        }
        return [.. files.Select(file => stage == "cls" ? new DatasetEntry { Name = file, Files = [file] } : FileDetection.Describe(file, First(file), stage, _options.TextColumn, _options.Formatting))];
    }

    /// <summary>The rows of one file, as they are.</summary>
    public IEnumerable<Row> Rows(string path) => RowReaders.Read(path, path, _read);

    /// <summary>What one conversation data set gives.</summary>
    public List<T> Load<T>(DatasetEntry entry, Func<AlignedExample, T> prepare)
    {
        var format = FormatPlate.Create(entry);
        bool strict = _options.OnBadRow == "strict";
        var unseen = format.Columns.ToHashSet(StringComparer.Ordinal);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        // The columns that every set has by default are not asked for; only the first says what the set is about.
        bool byDefault = entry.Columns == new ColumnNames();
        return Choose(entry, row =>
        {
            if (unseen.Count > 0)
            {
                seen.UnionWith(row.Columns);
                unseen.ExceptWith(row.Columns);
            }
            var example = format.Align(row);
            var prepared = prepare(example);
            if (strict && (example.Faults != TurnFault.None || prepared is Prepared { Omission: Omission.Turns })) throw Errors.BrokenTurns(row.Place, example.Faults);
            return prepared;
        }, () =>
        {
            if (byDefault && entry.Formatting == "alpaca") unseen.IntersectWith([entry.Columns.Prompt!]);
            if (unseen.Count > 0) throw Errors.NoColumn(entry.Name, unseen.Order(StringComparer.Ordinal).First(), seen.Order(StringComparer.Ordinal));
        });
    }

    /// <summary>What one classification data set gives.</summary>
    public List<T> LoadClasses<T>(DatasetEntry entry, Func<ClassRow, T> prepare)
    {
        ClassRows? rows = null;
        return Choose(entry, row => prepare((rows ??= new ClassRows(entry.Name, row, _options)).Read(row)), () => { });
    }

    private List<T> Choose<T>(DatasetEntry entry, Func<Row, T> convert, Action atEnd)
    {
        var slice = Slice.Parse(entry.Name, entry.Split);
        bool stopsEarly = slice.IsAll && entry.NumSamples is null;
        int limit = stopsEarly ? _options.MaxSamples ?? int.MaxValue : int.MaxValue;
        var all = new List<T>();
        long count = 0;
        foreach (string file in entry.Files)
        {
            string path = Path.Combine(entry.Folder, file);
            foreach (var row in RowReaders.Read(path, path, _read))
            {
                if (++count % ProgressEvery == 0) _progress?.Invoke(new DataProgress(row.Place.File, count));
                try
                {
                    all.Add(convert(row));
                }
                catch (UsageException problem) when (_options.OnBadRow == "skip")
                {
                    BadRows.Add(problem);
                }
                // Before the next row is read: what stands behind the last one that is wanted is of no interest.
                if (all.Count >= limit) break;
            }
            if (all.Count >= limit) break;
        }
        if (count == 0) throw Errors.NoRows(entry.Name);
        _progress?.Invoke(new DataProgress(entry.Name, count));
        atEnd();
        if (!slice.IsAll)
        {
            var (start, end) = slice.Of(all.Count);
            all = all[start..end];
            if (all.Count == 0) throw Errors.EmptySlice(entry.Name, entry.Split);
        }
        if (entry.NumSamples is { } wanted && all.Count > 0) all = [.. SplitOrders.Sample(_generator, all.Count, wanted).Select(i => all[i])];
        if (_options.MaxSamples is { } most && all.Count > most) all.RemoveRange(most, all.Count - most);
        return all;
    }

    /// <summary>Several sets as one.</summary>
    public static List<T> Mix<T>(IReadOnlyList<List<T>> sets, DataOptions options, long seed)
    {
        if (sets.Count == 1) return sets[0];
        var all = new List<T>(sets.Sum(s => s.Count));
        foreach (var set in sets) all.AddRange(set);
        if (options.MixStrategy == "concat") return all;
        int[] lengths = [.. sets.Select(s => s.Count)];
        if (lengths.Contains(0)) throw Errors.EmptySetInMix();
        bool over = options.MixStrategy == "interleave_over";
        int[] order = options.InterleaveProbs.Count == 0
            ? SplitOrders.TakeTurns(lengths, over)
            : SplitOrders.Draw(lengths, options.InterleaveProbs, over, seed);
        return [.. order.Select(i => all[i])];
    }

    private Row First(string file) => RowReaders.Read(file, file, _read with { BadRows = new BadRows(skip: true) }).FirstOrDefault() ?? throw Errors.NoRows(file);

    private static char? Delimiter(string? text) => text switch
    {
        null or "" => null,
        "comma" => ',',
        "semicolon" => ';',
        "tab" or "\\t" => '\t',
        "pipe" => '|',
        "space" => ' ',
        _ when text.Length == 1 && text[0] is not ('"' or '\n' or '\r') => text[0],
        _ => throw Errors.Delimiter(text),
    };
}
