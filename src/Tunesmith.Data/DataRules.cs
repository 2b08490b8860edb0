using System.Globalization;

namespace Tunesmith.Data;

/// <summary>What the keys may not say together; checked before a file is opened.</summary>
internal static class DataRules
{
    public static void Check(DataOptions options, string stage)
    {
        if (options.Streaming) throw Errors.NoStreaming();
        if (options.TokenizedPath is { } path) throw Errors.NoTokenizedPath(path);
        if (options.Dataset.Count > 0 && options.TrainFile.Count > 0) throw Errors.Both("train_file", "dataset");
        if (options.EvalDataset.Count > 0 && options.EvalFile.Count > 0) throw Errors.Both("eval_file", "eval_dataset");
        if (options.HoldsOut && options.EvalDataset.Count > 0) throw Errors.Both("val_size", "eval_dataset");
        if (options.HoldsOut && options.EvalFile.Count > 0) throw Errors.Both("val_size", "eval_file");
        if (options.HoldsOut && options.Dataset.Count == 0 && options.TrainFile.Count == 0) throw Errors.NothingToSplit();
        if (options.MaskHistory && options.TrainOnPrompt) throw Errors.Both("mask_history", "train_on_prompt");
        if (stage != "sft")
        {
            if (options.MaskHistory) throw Errors.OnlySft("mask_history", stage);
            if (options.TrainOnPrompt) throw Errors.OnlySft("train_on_prompt", stage);
            if (options.NeatPacking) throw Errors.OnlySft("neat_packing", stage);
        }
        if (options.MixStrategy == "interleave_once") throw Errors.InterleaveOnce();
        if (options.InterleaveProbs.Count > 0) CheckProbabilities(options);
        ValSize(options.ValSize);
    }

    /// <summary>Reads val_size: how many, or which fraction.</summary>
    public static (int? Count, double Fraction) ValSize(string text)
    {
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int count)) return (count, 0);
        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double size) || !double.IsFinite(size) || size < 0) throw Errors.ValSize(text);
        if (size > 1) return size == Math.Floor(size) && size < int.MaxValue ? ((int)size, 0) : throw Errors.ValSize(text);
        return size == 1 ? throw Errors.ValSize(text) : (null, size);
    }

    private static void CheckProbabilities(DataOptions options)
    {
        var weights = options.InterleaveProbs;
        if (options.MixStrategy == "concat") throw Errors.ProbabilitiesWithConcat();
        foreach (var (key, count) in new[] { ("dataset", options.Dataset.Count + options.TrainFile.Count), ("eval_dataset", options.EvalDataset.Count + options.EvalFile.Count) })
        {
            if (count > 0 && count != weights.Count) throw Errors.ProbabilityCount(key, weights.Count, count);
        }
        if (weights.Any(w => w < 0) || Math.Abs(weights.Sum() - 1) > 1e-8) throw Errors.ProbabilitySum(weights.Sum());
    }
}
