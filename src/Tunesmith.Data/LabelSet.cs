using System.Globalization;

namespace Tunesmith.Data;

/// <summary>The classes of a classification data set, in the order of the model's outputs.</summary>
/// <param name="Names">Sorted: by value where all are whole numbers, else by code point. Empty for a regression.</param>
/// <param name="ProblemType">single_label_classification, multi_label_classification or regression.</param>
public sealed record LabelSet(IReadOnlyList<string> Names, string ProblemType)
{
    public const string Single = "single_label_classification";
    public const string Multi = "multi_label_classification";
    public const string Regression = "regression";

    /// <summary>Outputs of the model: one for each class, or a single value.</summary>
    public int NumLabels => ProblemType == Regression ? 1 : Names.Count;

    /// <summary>The names in their order.</summary>
    public static IReadOnlyList<string> Sort(IEnumerable<string> names)
    {
        var distinct = names.Distinct(StringComparer.Ordinal).ToList();
        bool whole = distinct.TrueForAll(n => long.TryParse(n, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _));
        return whole
            ? [.. distinct.OrderBy(n => long.Parse(n, CultureInfo.InvariantCulture)).ThenBy(n => n, StringComparer.Ordinal)]
            : [.. distinct.OrderBy(n => n, StringComparer.Ordinal)];
    }
}
