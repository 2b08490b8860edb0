using System.Runtime.InteropServices;
using Tunesmith.Data.Examples;
using Tunesmith.Data.Formats;
using Tunesmith.Data.Reports;
using Tunesmith.Data.Splits;
using Tunesmith.Text.Templates;
using Tunesmith.Text.Tokenizers;

namespace Tunesmith.Data;

/// <summary>From the recipe's keys to tokens: read, align, mix, split, encode, pack, in the reference's order.</summary>
public static class DatasetBuilder
{
    /// <summary>Stands where a row stood whose text has gone into a pack.</summary>
    private static readonly Prepared Packed = new(null, default);

    /// <summary>Builds the data of a run.</summary>
    /// <param name="options">The recipe's data keys.</param>
    /// <param name="stage">sft, pt or cls.</param>
    /// <param name="tokenizer">The checkpoint's tokenizer, already fixed by the template (<see cref="Template.FixTokenizer"/>).</param>
    /// <param name="template">How conversations are written; only stage sft needs it.</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="settings">What the model says.</param>
    public static DatasetSplits Build(DataOptions options, string stage, Tokenizer tokenizer, Template? template, long seed, BuildSettings? settings = null)
    {
        settings ??= new BuildSettings();
        DataRules.Check(options, stage);
        if (options.Dataset.Count + options.TrainFile.Count + options.EvalDataset.Count + options.EvalFile.Count == 0) throw Errors.NoData();
        return stage switch
        {
            "sft" => Sft(options, tokenizer, template ?? Templates.Get("empty"), seed, settings),
            "pt" => Pretrain(options, tokenizer, seed, settings),
            "cls" => ClassBuilder.Build(options, tokenizer, seed, settings),
            _ => throw Errors.UnknownStage(stage),
        };
    }

    private static DatasetSplits Sft(DataOptions options, Tokenizer tokenizer, Template template, long seed, BuildSettings settings)
    {
        if (options.TrainOnPrompt && template.EfficientEos) throw Errors.TrainOnPromptWithEfficientEos(template.Name);
        var encoder = new SftEncoder(options, tokenizer, template);
        bool packs = options.Packs("sft");
        IEnumerable<TokenizedExample> Finish(IReadOnlyList<TokenizedExample> batch) => packs
            ? encoder.Pack(batch, tokenizer.PadId ?? throw Errors.NoPad())
            : batch;
        if (!settings.EvalAsPrompts) return Build(options, "sft", seed, settings, encoder.Encode, encoder.Encode, Finish, packs);
        // Which rows are held out is known after all are read, so each is kept in both forms.
        Func<AlignedExample, Prepared> encode = options.HoldsOut ? example => encoder.Encode(example) with { AsPrompt = encoder.EncodePrompt(example) } : encoder.Encode;
        return Build(options, "sft", seed, settings, encode, encoder.EncodePrompt, Finish, packs);
    }

    private static DatasetSplits Pretrain(DataOptions options, Tokenizer tokenizer, long seed, BuildSettings settings)
    {
        var encoder = new PretrainEncoder(options, tokenizer, settings.AddsBos);
        bool packs = options.Packs("pt");
        return Build(options, "pt", seed, settings, encoder.Encode, encoder.Encode, batch => packs ? encoder.Blocks(batch) : batch, packs);
    }

    private static DatasetSplits Build(
        DataOptions options, string stage, long seed, BuildSettings settings,
        Func<AlignedExample, Prepared> encode, Func<AlignedExample, Prepared> encodeEval,
        Func<IReadOnlyList<TokenizedExample>, IEnumerable<TokenizedExample>> finish, bool packs)
    {
        var loader = new DatasetLoader(options, seed, settings.Progress);
        var (trainRows, evalRows, evalByName) = Choose(loader, options, stage, seed, encode, encodeEval);
        var trainReport = Tally.OfRows(trainRows);
        var evalReport = evalRows is null ? null : Tally.OfRows(evalRows);
        List<TokenizedExample> Batches(List<Prepared> rows)
        {
            var made = new List<TokenizedExample>();
            for (int from = 0, to; from < rows.Count; from = to)
            {
                to = Math.Min(rows.Count, from + options.PreprocessingBatchSize);
                made.AddRange(finish([.. Usable(rows.GetRange(from, to - from))]));
                // Texts whose packs are made are let go: nothing is held twice.
                if (packs) CollectionsMarshal.AsSpan(rows)[from..to].Fill(Packed);
            }
            return made;
        }
        // The answers of prompts to generate are not trained on, so only what is trained on is packed.
        List<TokenizedExample> Evaluated(List<Prepared> rows) => settings.EvalAsPrompts ? [.. Usable(rows)] : Batches(rows);
        var trainExamples = Batches(trainRows);
        Require(trainReport, trainExamples, "train", options, stage);
        var evalExamples = evalRows is null ? null : Evaluated(evalRows);
        if (evalReport is not null) Require(evalReport, evalExamples!, "eval", options, stage);
        var report = new DataReport(
            options.Dataset.Count + options.TrainFile.Count == 0 ? null : Tally.With(trainReport, trainExamples, packs),
            evalReport is null ? null : Tally.With(evalReport, evalExamples!, packs && !settings.EvalAsPrompts),
            loader.BadRows.Skipped, loader.BadRows.First);
        return new DatasetSplits(trainExamples, evalExamples, report, null)
        {
            EvalByName = evalByName?.ToDictionary(e => e.Key, e => (IReadOnlyList<TokenizedExample>)Evaluated(e.Value)),
        };
    }

    /// <summary>The rows to train on and to evaluate on; each list is its receiver's own.</summary>
    private static (List<Prepared> Train, List<Prepared>? Eval, OrderedDictionary<string, List<Prepared>>? EvalByName) Choose(
        DatasetLoader loader, DataOptions options, string stage, long seed, Func<AlignedExample, Prepared> encode, Func<AlignedExample, Prepared> encodeEval)
    {
        var train = LoadSets(loader, loader.Entries(options.Dataset, options.TrainFile, stage), stage, encode);
        var eval = LoadSets(loader, loader.Entries(options.EvalDataset, options.EvalFile, stage), stage, encodeEval);
        var trainRows = train.Count == 0 ? [] : DatasetLoader.Mix([.. train.Values], options, seed);
        List<Prepared>? evalRows = eval.Count == 0 ? null : options.EvalOnEachDataset ? [.. eval.Values.SelectMany(e => e)] : DatasetLoader.Mix([.. eval.Values], options, seed);
        if (options.HoldsOut)
        {
            var (kept, held) = SplitOrders.TrainTest(trainRows.Count, Held(options.ValSize, trainRows.Count), seed);
            evalRows = [.. held.Select(i => trainRows[i].AsPrompt ?? trainRows[i])];
            trainRows = [.. kept.Select(i => trainRows[i])];
        }
        return (trainRows, evalRows, options.EvalOnEachDataset && eval.Count > 0 ? eval : null);
    }

    /// <summary>The sets by name: named twice they count once, though num_samples draws for each.</summary>
    private static OrderedDictionary<string, List<Prepared>> LoadSets(DatasetLoader loader, List<DatasetEntry> entries, string stage, Func<AlignedExample, Prepared> encode)
    {
        var sets = new OrderedDictionary<string, List<Prepared>>();
        foreach (var entry in entries)
        {
            if (entry.Ranking) throw Errors.RankingMismatch(entry.Name, true, stage);
            if (entry.NumSamples is null && sets.ContainsKey(entry.Name)) continue;
            sets[entry.Name] = loader.Load(entry, encode);
        }
        return sets;
    }

    /// <summary>How many of n examples val_size holds out.</summary>
    internal static int Held(string valSize, int count)
    {
        var (whole, fraction) = DataRules.ValSize(valSize);
        int held = whole ?? SplitOrders.TestCount(fraction, count);
        return held > 0 && held < count ? held : throw Errors.ValTooLarge(valSize, count);
    }

    private static IEnumerable<TokenizedExample> Usable(IEnumerable<Prepared> rows) => rows.Where(r => r.Omission == Omission.None).Select(r => r.Example!);

    private static void Require(SplitReport rows, List<TokenizedExample> examples, string what, DataOptions options, string stage)
    {
        int kept = rows.Rows - rows.WithoutAnswer;
        bool trains = stage != "sft" || kept > rows.NothingToTrain;
        if ((examples.Count > 0 && trains) || (rows.Rows == 0 && what == "train" && options.Dataset.Count + options.TrainFile.Count == 0)) return;
        if (stage == "pt" && kept > 0) throw Errors.TooLittleText(options.EffectiveCutoff);
        throw Errors.NothingUsable(what, $"{rows.WithoutAnswer} of {rows.Rows} without an answer or with misplaced turns, {rows.NothingToTrain} with nothing to train on");
    }
}
