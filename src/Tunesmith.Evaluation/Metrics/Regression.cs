namespace Tunesmith.Evaluation.Metrics;

/// <summary>A correlation and the probability of one at least as large where there is none.</summary>
public readonly record struct Correlation(double Statistic, double PValue)
{
    public static Correlation Undefined => new(double.NaN, double.NaN);
}

/// <summary>Errors and correlations of predicted numbers, as scikit-learn 1.9 and scipy 1.17 define them.</summary>
public static class Regression
{
    public static double MeanSquaredError(ReadOnlySpan<double> truth, ReadOnlySpan<double> prediction) =>
        Mean(truth, prediction, (t, p) => (t - p) * (t - p));

    public static double MeanAbsoluteError(ReadOnlySpan<double> truth, ReadOnlySpan<double> prediction) =>
        Mean(truth, prediction, (t, p) => Math.Abs(t - p));

    /// <summary>Mean of |error| / |truth|, the divisor never below the double's epsilon.</summary>
    public static double MeanAbsolutePercentageError(ReadOnlySpan<double> truth, ReadOnlySpan<double> prediction) =>
        Mean(truth, prediction, (t, p) => Math.Abs(t - p) / Math.Max(Math.Abs(t), Math.Pow(2, -52)));

    public static double MedianAbsoluteError(ReadOnlySpan<double> truth, ReadOnlySpan<double> prediction)
    {
        var errors = AbsoluteErrors(truth, prediction);
        Array.Sort(errors);
        int half = errors.Length / 2;
        return errors.Length == 0 ? double.NaN : errors.Length % 2 == 1 ? errors[half] : (errors[half - 1] + errors[half]) / 2;
    }

    public static double MaxError(ReadOnlySpan<double> truth, ReadOnlySpan<double> prediction) =>
        AbsoluteErrors(truth, prediction).DefaultIfEmpty(double.NaN).Max();

    /// <summary>1 - squared errors / squared deviations of the truth from its mean; undefined for fewer than two values.</summary>
    public static double R2(ReadOnlySpan<double> truth, ReadOnlySpan<double> prediction)
    {
        if (truth.Length < 2) return double.NaN;
        return Share(MeanSquaredError(truth, prediction), Variance(truth));
    }

    /// <summary>As <see cref="R2"/>, a constant error forgiven.</summary>
    public static double ExplainedVariance(ReadOnlySpan<double> truth, ReadOnlySpan<double> prediction)
    {
        var errors = new double[Same(truth, prediction)];
        for (var i = 0; i < errors.Length; i++) errors[i] = truth[i] - prediction[i];
        return Share(Variance(errors), Variance(truth));
    }

    /// <summary>Linear correlation; undefined where one side is constant.</summary>
    public static Correlation Pearson(ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        int n = Same(x, y);
        if (n < 2) throw Errors.TooFewValues("a correlation", n, 2);
        double statistic = Linear(x, y);
        if (double.IsNaN(statistic)) return Correlation.Undefined;
        if (n == 2) return new(Math.Round(statistic), 1);
        // Under independence (r + 1) / 2 follows Beta(n/2 - 1, n/2 - 1).
        double half = n / 2.0 - 1;
        return new(statistic, Math.Min(1, 2 * Distributions.BetaCdf((1 - Math.Abs(statistic)) / 2, half, half)));
    }

    /// <summary>Correlation of ranks (ties share their mean rank).</summary>
    public static Correlation Spearman(ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        int n = Same(x, y);
        if (n < 2) throw Errors.TooFewValues("a correlation", n, 2);
        double statistic = Linear(Ranks(x), Ranks(y), joint: true);
        if (double.IsNaN(statistic)) return Correlation.Undefined;
        int freedom = n - 2;
        if (freedom == 0) return new(statistic, double.NaN);
        double t = statistic * Math.Sqrt(Math.Max(0, freedom / ((statistic + 1) * (1 - statistic))));
        return new(statistic, Distributions.StudentTwoSided(t, freedom));
    }

    /// <summary>Kendall's tau-b; exact p-value without ties up to 33 values, else normal.</summary>
    public static Correlation Kendall(ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        int n = Same(x, y);
        long concordant = 0, discordant = 0;
        for (var i = 0; i < n; i++)
            for (int j = i + 1; j < n; j++)
            {
                int sign = x[i].CompareTo(x[j]) * y[i].CompareTo(y[j]);
                if (sign > 0) concordant++; else if (sign < 0) discordant++;
            }
        long pairs = (long)n * (n - 1) / 2;
        var (tiesX, x0, x1) = Ties(x);
        var (tiesY, y0, y1) = Ties(y);
        if (tiesX == pairs || tiesY == pairs) return Correlation.Undefined;
        double difference = concordant - discordant;
        double statistic = Math.Clamp(difference / Math.Sqrt(pairs - tiesX) / Math.Sqrt(pairs - tiesY), -1, 1);
        if (tiesX == 0 && tiesY == 0 && (n <= 33 || Math.Min(discordant, pairs - discordant) <= 1))
            return new(statistic, Distributions.KendallExact(n, Math.Min(discordant, pairs - discordant)));
        double m = (double)n * (n - 1);
        double variance = (m * (2 * n + 5) - x1 - y1) / 18 + 2.0 * tiesX * tiesY / m + x0 * y0 / (9 * m * (n - 2));
        return new(statistic, Distributions.NormalTwoSided(difference / Math.Sqrt(variance)));
    }

    /// <summary>Ranks from 1; equal values share the mean of their places.</summary>
    public static double[] Ranks(ReadOnlySpan<double> values)
    {
        var copy = values.ToArray();
        var order = Enumerable.Range(0, copy.Length).ToArray();
        Array.Sort((double[])copy.Clone(), order);
        var ranks = new double[copy.Length];
        for (int from = 0, to; from < order.Length; from = to)
        {
            to = from + 1;
            while (to < order.Length && copy[order[to]] == copy[order[from]]) to++;
            for (int i = from; i < to; i++) ranks[order[i]] = (from + 1 + to) / 2.0;
        }
        return ranks;
    }

    /// <param name="joint">One root over the product, so that equal ranks give exactly 1; else a root for each side, as scipy's Pearson.</param>
    private static double Linear(ReadOnlySpan<double> x, ReadOnlySpan<double> y, bool joint = false)
    {
        double meanX = Average(x), meanY = Average(y), xx = 0, yy = 0, xy = 0;
        for (var i = 0; i < x.Length; i++)
        {
            double a = x[i] - meanX, b = y[i] - meanY;
            (xx, yy, xy) = (xx + a * a, yy + b * b, xy + a * b);
        }
        return xx == 0 || yy == 0 ? double.NaN : Math.Clamp(xy / (joint ? Math.Sqrt(xx * yy) : Math.Sqrt(xx) * Math.Sqrt(yy)), -1, 1);
    }

    /// <summary>Tied pairs, and the two sums over groups of ties that the variance of Kendall's statistic needs.</summary>
    private static (long Pairs, double Cubic, double Linear) Ties(ReadOnlySpan<double> values)
    {
        long pairs = 0;
        double cubic = 0, linear = 0;
        foreach (var group in values.ToArray().GroupBy(value => value))
        {
            double count = group.Count();
            pairs += (long)(count * (count - 1) / 2);
            cubic += count * (count - 1) * (count - 2);
            linear += count * (count - 1) * (2 * count + 5);
        }
        return (pairs, cubic, linear);
    }

    private static double Share(double left, double whole) => whole != 0 ? 1 - left / whole : left == 0 ? 1 : 0;

    private static double Variance(ReadOnlySpan<double> values)
    {
        double mean = Average(values), sum = 0;
        foreach (var value in values) sum += (value - mean) * (value - mean);
        return sum / values.Length;
    }

    private static double Average(ReadOnlySpan<double> values)
    {
        double sum = 0;
        foreach (var value in values) sum += value;
        return sum / values.Length;
    }

    private static double Mean(ReadOnlySpan<double> truth, ReadOnlySpan<double> prediction, Func<double, double, double> of)
    {
        double sum = 0;
        for (var i = 0; i < Same(truth, prediction); i++) sum += of(truth[i], prediction[i]);
        return sum / truth.Length;
    }

    private static double[] AbsoluteErrors(ReadOnlySpan<double> truth, ReadOnlySpan<double> prediction)
    {
        var errors = new double[Same(truth, prediction)];
        for (var i = 0; i < errors.Length; i++) errors[i] = Math.Abs(truth[i] - prediction[i]);
        return errors;
    }

    private static int Same(ReadOnlySpan<double> truth, ReadOnlySpan<double> prediction) =>
        truth.Length == prediction.Length ? truth.Length : throw Errors.LengthsDiffer("predictions", prediction.Length, truth.Length);
}
