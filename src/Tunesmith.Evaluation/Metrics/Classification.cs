namespace Tunesmith.Evaluation.Metrics;

/// <summary>Precision, recall and F1 of a class or of an average over classes.</summary>
public readonly record struct PrecisionRecall(double Precision, double Recall, double F1);

/// <summary>
/// Counts of (true class, predicted class) and what follows from them, as scikit-learn 1.9 defines it. An undefined ratio
/// (nothing predicted, or nothing there) is <c>zeroDivision</c>.
/// </summary>
public sealed class ConfusionMatrix
{
    private readonly double _zeroDivision;
    private readonly long[] _predicted;
    private readonly long[] _support;

    /// <param name="truth">Class of every example, 0 to classes - 1.</param>
    /// <param name="prediction">Predicted class of every example.</param>
    /// <param name="reported">The classes that per-class values, averages and <see cref="Counts"/> speak of; null = all.</param>
    public ConfusionMatrix(ReadOnlySpan<int> truth, ReadOnlySpan<int> prediction, int classes, double zeroDivision = 0, IReadOnlyList<int>? reported = null)
    {
        if (truth.Length != prediction.Length) throw Errors.LengthsDiffer("predictions", prediction.Length, truth.Length);
        _zeroDivision = zeroDivision;
        Reported = reported ?? [.. Enumerable.Range(0, classes)];
        All = new long[classes, classes];
        _predicted = new long[classes];
        _support = new long[classes];
        for (var i = 0; i < truth.Length; i++)
        {
            All[truth[i], prediction[i]]++;
            _support[truth[i]]++;
            _predicted[prediction[i]]++;
        }
        Examples = truth.Length;
    }

    public int Examples { get; }

    public IReadOnlyList<int> Reported { get; }

    /// <summary>All counts: row = true class, column = predicted class.</summary>
    public long[,] All { get; }

    private int Classes => _support.Length;

    /// <summary>Counts among the reported classes.</summary>
    public long[][] Counts => [.. Reported.Select(row => Reported.Select(column => All[row, column]).ToArray())];

    public double Accuracy => Ratio(Enumerable.Range(0, Classes).Sum(k => All[k, k]), Examples, double.NaN);

    /// <summary>Mean recall of the classes that occur.</summary>
    public double BalancedAccuracy =>
        Enumerable.Range(0, Classes).Where(k => _support[k] > 0).Select(k => (double)All[k, k] / _support[k]).DefaultIfEmpty(double.NaN).Average();

    public IReadOnlyList<long> Support => [.. Reported.Select(k => _support[k])];

    public IReadOnlyList<PrecisionRecall> PerClass => [.. Reported.Select(k => Of(All[k, k], _predicted[k], _support[k]))];

    public PrecisionRecall Micro => Of(Reported.Sum(k => All[k, k]), Reported.Sum(k => _predicted[k]), Reported.Sum(k => _support[k]));

    public PrecisionRecall Macro => Average(PerClass, null);

    public PrecisionRecall Weighted => Average(PerClass, Support);

    /// <summary>F with recall weighing <paramref name="beta"/> times as much as precision, of every reported class.</summary>
    public IReadOnlyList<double> FBeta(double beta) =>
        [.. Reported.Select(k => Ratio((1 + beta * beta) * All[k, k], beta * beta * _support[k] + _predicted[k], _zeroDivision))];

    /// <summary>Matthews' correlation coefficient for any number of classes; 0 where one side has a single class.</summary>
    public double Matthews
    {
        get
        {
            double n = Examples, correct = Enumerable.Range(0, Classes).Sum(k => All[k, k]);
            double both = 0, truth = 0, predicted = 0;
            for (var k = 0; k < Classes; k++)
            {
                both += (double)_support[k] * _predicted[k];
                truth += (double)_support[k] * _support[k];
                predicted += (double)_predicted[k] * _predicted[k];
            }
            double spread = (n * n - truth) * (n * n - predicted);
            return spread == 0 ? 0 : (correct * n - both) / Math.Sqrt(spread);
        }
    }

    /// <summary>Cohen's kappa; <paramref name="power"/> 0 counts every error alike, 1 by distance, 2 by squared distance of the classes.</summary>
    public double CohenKappa(int power = 0)
    {
        double seen = 0, expected = 0;
        for (var i = 0; i < Classes; i++)
            for (var j = 0; j < Classes; j++)
            {
                double weight = power == 0 ? (i == j ? 0 : 1) : Math.Pow(Math.Abs(i - j), power);
                seen += weight * All[i, j];
                expected += weight * _support[i] * _predicted[j] / Examples;
            }
        return 1 - seen / expected;
    }

    private PrecisionRecall Of(long correct, long predicted, long support) => new(
        Ratio(correct, predicted, _zeroDivision), Ratio(correct, support, _zeroDivision), Ratio(2.0 * correct, predicted + support, _zeroDivision));

    private PrecisionRecall Average(IReadOnlyList<PrecisionRecall> values, IReadOnlyList<long>? weights)
    {
        if (values.Count == 0 || (weights is not null && weights.Sum() == 0)) return new(_zeroDivision, _zeroDivision, _zeroDivision);
        double p = 0, r = 0, f = 0, total = 0;
        for (var i = 0; i < values.Count; i++)
        {
            double weight = weights?[i] ?? 1;
            (p, r, f, total) = (p + weight * values[i].Precision, r + weight * values[i].Recall, f + weight * values[i].F1, total + weight);
        }
        return new(p / total, r / total, f / total);
    }

    internal static double Ratio(double part, double whole, double otherwise) => whole == 0 ? otherwise : part / whole;
}
