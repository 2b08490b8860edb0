using System.Globalization;
using Tunesmith.Training;

namespace Tunesmith.Cli;

/// <summary>What a run has brought: metrics before and after, time and memory, and a few examples with what the model says of them now.</summary>
internal static class OutcomeTable
{
    private const int NameColumns = 22, NumberColumns = 12, MostLabelColumns = 16;

    public static void Write(TextWriter output, RunOutcome outcome, ConsoleObserver observer, TimeSpan total, int width)
    {
        var compares = outcome.Before is not null;
        void Row(string name, string before, string after) =>
            output.WriteLine((name.PadRight(NameColumns) + (compares ? before.PadLeft(NumberColumns) : "") + after.PadLeft(NumberColumns)).TrimEnd());
        output.WriteLine();
        if (outcome.After is { } measured)
        {
            Row("", "before", outcome.Trained ? "after" : "value");
            foreach (var name in measured.Keys.OrderBy(Rank).ThenBy(n => n, StringComparer.Ordinal))
                Row(name, outcome.Before is { } earlier && earlier.TryGetValue(name, out var value) ? Text(value, "F4") : "", Text(measured[name], "F4"));
        }
        if (outcome.Trained) Row("seconds of training", "", Text(observer.TrainingTime.TotalSeconds, "F1"));
        Row("seconds in all", "", Text(total.TotalSeconds, "F1"));
        Row("peak memory, MiB", "", Text(Machine.PeakMebibytes(), "F0"));
        if (observer.Predictions.Count > 0) Examples(output, observer.Predictions, width);
        output.WriteLine();
    }

    private static void Examples(TextWriter output, IReadOnlyList<ExamplePrediction> predictions, int width)
    {
        var wide = Math.Min(MostLabelColumns, predictions.Max(p => Math.Max(p.Predicted.Length, p.Expected.Length)));
        wide = Math.Max(wide, "says".Length);
        output.WriteLine();
        output.WriteLine("Examples that were held out, and what the model says of them now:");
        output.WriteLine($"         {"says".PadRight(wide)}    sure  {"is".PadRight(wide)}  text");
        foreach (var p in predictions)
        {
            var sure = p.Probability.ToString("P1", CultureInfo.InvariantCulture);
            var line = $"  {(p.Predicted == p.Expected ? "right" : "WRONG")}  {Clip(p.Predicted, wide).PadRight(wide)} {sure,7}  {Clip(p.Expected, wide).PadRight(wide)}  ";
            output.WriteLine(line + Clip(p.Text.ReplaceLineEndings(" ").Trim(), Math.Max(20, width - line.Length)));
        }
    }

    // Never between the halves of a surrogate pair.
    private static string Clip(string text, int columns) =>
        text.Length <= columns ? text : columns <= 3 ? text[..columns] : text[..(char.IsHighSurrogate(text[columns - 4]) ? columns - 4 : columns - 3)] + "...";

    private static int Rank(string metric) => Array.IndexOf(["loss", "accuracy", "precision", "recall", "f1"], metric) is >= 0 and var at ? at : 99;

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
