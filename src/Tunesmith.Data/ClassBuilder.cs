using System.Globalization;
using Tunesmith.Data.Examples;
using Tunesmith.Data.Formats;
using Tunesmith.Data.Reports;
using Tunesmith.Data.Splits;
using Tunesmith.Text.Tokenizers;

namespace Tunesmith.Data;

/// <summary>The data of stage cls: texts with one label, many labels or a value.</summary>
internal static class ClassBuilder
{
    public static DatasetSplits Build(DataOptions options, Tokenizer tokenizer, long seed, BuildSettings settings)
    {
        if (Named(settings)) options = options with { ProblemType = options.ProblemType ?? settings.KnownProblem };
        int cutoff = Math.Min(options.CutoffLen, settings.MaxLength ?? int.MaxValue);
        if (tokenizer.ModelMaxLength > 0) cutoff = Math.Min(cutoff, tokenizer.ModelMaxLength);
        var encoder = new ClassEncoder(tokenizer, cutoff);
        encoder.CheckRoom();
        var loader = new DatasetLoader(options, seed, settings.Progress);
        bool many = options.ProblemType == LabelSet.Multi;
        Prepared Encode(ClassRow row)
        {
            if (row.ManyLabels && options.ProblemType is LabelSet.Single or LabelSet.Regression) throw Errors.ManyLabelsForOne(row.Place);
            many |= row.ManyLabels;
            return encoder.Encode(row);
        }
        List<Prepared> Load(IReadOnlyList<string> names, IReadOnlyList<string> files)
        {
            var sets = loader.Entries(names, files, "cls").DistinctBy(e => e.Name).Select(entry => loader.LoadClasses(entry, Encode)).ToList();
            return sets.Count == 0 ? [] : DatasetLoader.Mix(sets, options, seed);
        }
        var trainRows = Load(options.Dataset, options.TrainFile);
        var evalRows = Load(options.EvalDataset, options.EvalFile);
        // Once more: a pair has more marks, and whether there are pairs the rows have said.
        encoder.CheckRoom();
        if (trainRows.Count + evalRows.Count == 0) throw Errors.NothingUsable("train", "every row was left out");
        var labels = Labels(options, settings, trainRows.Count > 0 ? trainRows : evalRows, many);
        if (options.HoldsOut) (trainRows, evalRows) = HoldOut(options, trainRows, labels, seed);
        var index = labels.Names.Select((name, at) => (name, at)).ToDictionary(p => p.name, p => p.at, StringComparer.Ordinal);
        List<TokenizedExample> Finish(List<Prepared> rows) => rows.ConvertAll(row => row.Example! with { Targets = Targets(row, labels, index) });
        var train = Finish(trainRows);
        var eval = evalRows.Count == 0 ? null : Finish(evalRows);
        var report = new DataReport(
            train.Count == 0 ? null : Tally.Of(trainRows, train, packed: false),
            eval is null ? null : Tally.Of(evalRows, eval, packed: false),
            loader.BadRows.Skipped, loader.BadRows.First)
        {
            Classes = [.. labels.Names.Select(name => KeyValuePair.Create(name, trainRows.Count(r => r.Labels.Contains(name))))],
            Notes = cutoff < options.CutoffLen && trainRows.Exists(r => r.Truncated) ? [string.Create(CultureInfo.InvariantCulture, $"cutoff_len is {cutoff} instead of {options.CutoffLen}: the model takes no longer input")] : [],
        };
        return new DatasetSplits(train, eval, report, labels) { EvalPlaces = evalRows.ConvertAll(row => row.Place) };
    }

    private static LabelSet Labels(DataOptions options, BuildSettings settings, List<Prepared> rows, bool many)
    {
        string problem = options.ProblemType ?? (many ? LabelSet.Multi : LooksLikeValues(rows) ? LabelSet.Regression : LabelSet.Single);
        if (problem == LabelSet.Regression) return new LabelSet([], problem);
        var found = LabelSet.Sort(rows.SelectMany(r => r.Labels));
        if (Named(settings)) return new LabelSet(settings.KnownLabels!, problem);
        if (found.Count < 2 && problem == LabelSet.Single) throw Errors.OneClass(found.Count == 0 ? "" : found[0]);
        return new LabelSet(found, problem);
    }

    // A fresh checkpoint calls its classes LABEL_0, LABEL_1, ...: those are places, not names.
    private static bool Named(BuildSettings settings) => settings.KnownLabels is { } known && !known.All(label => label.StartsWith("LABEL_", StringComparison.Ordinal));

    // Values, not classes: every label is a number and at least one has a fraction.
    private static bool LooksLikeValues(List<Prepared> rows) =>
        rows.TrueForAll(r => Number(r.Labels[0]) is not null) && rows.Exists(r => Number(r.Labels[0]) is { } value && value != Math.Floor(value));

    private static double? Number(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value) ? value : null;

    private static float[] Targets(Prepared row, LabelSet labels, Dictionary<string, int> index)
    {
        if (labels.ProblemType == LabelSet.Regression)
        {
            // Trained as float32: what is finite as it is written may be infinite there.
            float value = (float)(Number(row.Labels[0]) ?? double.NaN);
            return float.IsFinite(value) ? [value] : throw Errors.NotANumber(row.Place, row.Labels[0]);
        }
        int Index(string name) => index.TryGetValue(name, out int at) ? at : throw Errors.UnknownLabel(row.Place, name, labels.Names);
        if (labels.ProblemType == LabelSet.Single) return [Index(row.Labels[0])];
        var targets = new float[labels.Names.Count];
        foreach (string name in row.Labels) targets[Index(name)] = 1;
        return targets;
    }

    private static (List<Prepared> Train, List<Prepared> Eval) HoldOut(DataOptions options, List<Prepared> rows, LabelSet labels, long seed)
    {
        int held = DatasetBuilder.Held(options.ValSize, rows.Count);
        var names = labels.Names.Select((name, at) => (name, at)).ToDictionary(p => p.name, p => p.at, StringComparer.Ordinal);
        bool stratified = options.ValStratified && labels.ProblemType == LabelSet.Single;
        var (kept, test) = stratified
            ? SplitOrders.Stratified(rows.ConvertAll(r => names.GetValueOrDefault(r.Labels[0], -1)), held, seed)
            : SplitOrders.TrainTest(rows.Count, held, seed);
        return ([.. kept.Select(i => rows[i])], [.. test.Select(i => rows[i])]);
    }
}
