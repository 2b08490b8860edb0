namespace Tunesmith.Evaluation.Metrics;

/// <summary>Precision, recall, F1 and Jaccard index.</summary>
public readonly record struct LabelScores(double Precision, double Recall, double F1, double Jaccard);

/// <summary>Measures where an example has any number of labels, as scikit-learn 1.9 defines them.</summary>
public sealed class MultiLabel
{
    private readonly IReadOnlyList<bool[]> _truth;
    private readonly IReadOnlyList<bool[]> _prediction;
    private readonly double _zeroDivision;
    private readonly (long Both, long Predicted, long True)[] _labels;

    public MultiLabel(IReadOnlyList<bool[]> truth, IReadOnlyList<bool[]> prediction, double zeroDivision = 0)
    {
        if (truth.Count != prediction.Count) throw Errors.LengthsDiffer("predictions", prediction.Count, truth.Count);
        (_truth, _prediction, _zeroDivision) = (truth, prediction, zeroDivision);
        int labels = truth.Count == 0 ? 0 : truth[0].Length;
        _labels = [.. Enumerable.Range(0, labels).Select(k => Count(Enumerable.Range(0, truth.Count).Select(i => (truth[i][k], prediction[i][k]))))];
    }

    /// <summary>Share of examples with exactly the right labels.</summary>
    public double SubsetAccuracy => _truth.Zip(_prediction).Average(pair => pair.First.AsSpan().SequenceEqual(pair.Second) ? 1.0 : 0.0);

    /// <summary>Share of wrong single decisions.</summary>
    public double HammingLoss => _truth.Zip(_prediction).Average(pair => pair.First.Zip(pair.Second).Average(label => label.First == label.Second ? 0.0 : 1.0));

    public IReadOnlyList<LabelScores> PerLabel => [.. _labels.Select(Of)];

    public LabelScores Micro => Of((_labels.Sum(l => l.Both), _labels.Sum(l => l.Predicted), _labels.Sum(l => l.True)));

    public LabelScores Macro => Mean(PerLabel, null);

    /// <summary>Averaged by how often each label is true.</summary>
    public LabelScores Weighted => Mean(PerLabel, [.. _labels.Select(l => (double)l.True)]);

    /// <summary>Averaged over examples.</summary>
    public LabelScores Samples => Mean([.. _truth.Zip(_prediction).Select(pair => Of(Count(pair.First.Zip(pair.Second))))], null);

    private static (long Both, long Predicted, long True) Count(IEnumerable<(bool Truth, bool Prediction)> pairs)
    {
        long both = 0, predicted = 0, truth = 0;
        foreach (var (isTrue, isPredicted) in pairs)
        {
            if (isTrue && isPredicted) both++;
            if (isPredicted) predicted++;
            if (isTrue) truth++;
        }
        return (both, predicted, truth);
    }

    private LabelScores Of((long Both, long Predicted, long True) count) => new(
        ConfusionMatrix.Ratio(count.Both, count.Predicted, _zeroDivision),
        ConfusionMatrix.Ratio(count.Both, count.True, _zeroDivision),
        ConfusionMatrix.Ratio(2.0 * count.Both, count.Predicted + count.True, _zeroDivision),
        ConfusionMatrix.Ratio(count.Both, count.Predicted + count.True - count.Both, _zeroDivision));

    private LabelScores Mean(IReadOnlyList<LabelScores> values, double[]? weights)
    {
        if (values.Count == 0) return new(_zeroDivision, _zeroDivision, _zeroDivision, _zeroDivision);
        // Without any true label the weights say nothing: the reference then gives zero_division, but a plain mean for Jaccard.
        bool empty = weights is not null && weights.Sum() == 0;
        double Of(Func<LabelScores, double> part) => empty ? _zeroDivision : Plain(part, weights);
        double Plain(Func<LabelScores, double> part, double[]? by)
        {
            double sum = 0, total = 0;
            for (var i = 0; i < values.Count; i++) (sum, total) = (sum + (by?[i] ?? 1) * part(values[i]), total + (by?[i] ?? 1));
            return sum / total;
        }
        return new(Of(v => v.Precision), Of(v => v.Recall), Of(v => v.F1), Plain(v => v.Jaccard, empty ? null : weights));
    }
}
