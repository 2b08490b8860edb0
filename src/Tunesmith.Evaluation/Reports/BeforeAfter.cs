using System.Globalization;

namespace Tunesmith.Evaluation.Reports;

/// <summary>What a model measured before its training and after it, on the same examples.</summary>
public sealed record BeforeAfter(IReadOnlyDictionary<string, double> Before, IReadOnlyDictionary<string, double> After)
{
    /// <summary>How long the training took; null leaves the line out.</summary>
    public TimeSpan? Runtime { get; init; }

    /// <summary>The most memory that the process held; null leaves the line out.</summary>
    public long? PeakBytes { get; init; }

    private static readonly string[] FirstNames = ["loss", "accuracy", "precision", "recall", "f1"];

    /// <summary>The measures in the order of the table: loss, accuracy, precision, recall, f1, then the others by name.</summary>
    public IReadOnlyList<string> Names =>
        [.. Before.Keys.Union(After.Keys).OrderBy(name => Array.IndexOf(FirstNames, name) is var at && at < 0 ? FirstNames.Length : at).ThenBy(name => name, StringComparer.Ordinal)];

    /// <summary>The table, a line each: name, before, after, change; what was not measured is a dash.</summary>
    public IReadOnlyList<string> Lines()
    {
        int width = Math.Max("peak memory".Length, Names.Select(name => name.Length).DefaultIfEmpty(0).Max());
        var lines = new List<string> { $"{"".PadRight(width)}  {"before",9}  {"after",9}  {"change",9}" };
        foreach (var name in Names)
        {
            double? before = Value(Before, name), after = Value(After, name);
            lines.Add($"{name.PadRight(width)}  {Number(before),9}  {Number(after),9}  {(after - before is { } change && double.IsFinite(change) ? change.ToString("+0.0000;-0.0000;0.0000", CultureInfo.InvariantCulture) : "-"),9}");
        }
        if (Runtime is { } runtime) lines.Add($"{"seconds".PadRight(width)}  {"",9}  {runtime.TotalSeconds.ToString("F1", CultureInfo.InvariantCulture),9}");
        if (PeakBytes is { } bytes) lines.Add($"{"peak memory".PadRight(width)}  {"",9}  {(bytes / (1024.0 * 1024)).ToString("F0", CultureInfo.InvariantCulture) + " MiB",9}");
        return lines;
    }

    private static double? Value(IReadOnlyDictionary<string, double> values, string name) => values.TryGetValue(name, out var value) ? value : null;

    private static string Number(double? value) => value is { } number ? number.ToString("F4", CultureInfo.InvariantCulture) : "-";
}
