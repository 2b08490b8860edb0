namespace Tunesmith.Evaluation.Metrics;

/// <summary>The distribution functions behind p-values.</summary>
internal static class Distributions
{
    /// <summary>Regularised incomplete beta function, by Lentz's continued fraction (Numerical Recipes, 6.4).</summary>
    public static double BetaCdf(double x, double a, double b)
    {
        if (x <= 0) return 0;
        if (x >= 1) return 1;
        double front = Math.Exp(LogGamma(a + b) - LogGamma(a) - LogGamma(b) + a * Math.Log(x) + b * Math.Log(1 - x));
        return x < (a + 1) / (a + b + 2) ? front * BetaFraction(x, a, b) / a : 1 - front * BetaFraction(1 - x, b, a) / b;
    }

    /// <summary>Probability that a t-distributed value lies further from 0 than <paramref name="t"/>.</summary>
    public static double StudentTwoSided(double t, double freedom) =>
        double.IsInfinity(t) ? 0 : BetaCdf(freedom / (freedom + t * t), freedom / 2, 0.5);

    /// <summary>Probability that a standard normal value lies further from 0 than <paramref name="z"/>: erfc(|z| / sqrt 2).</summary>
    public static double NormalTwoSided(double z) => UpperGamma(0.5, z * z / 2);

    /// <summary>
    /// Two-sided p-value of Kendall's tau without ties: the share of permutations of n with at most <paramref name="inversions"/>
    /// inversions, doubled. Counts follow the Mahonian recurrence.
    /// </summary>
    public static double KendallExact(int n, long inversions)
    {
        if (n < 1) return double.NaN;
        if (n <= 2) return 1;
        if (2 * inversions == (long)n * (n - 1) / 2) return 1;
        var shares = new double[inversions + 1];
        shares[0] = 1;
        for (var size = 2; size <= n; size++)
        {
            var next = new double[shares.Length];
            for (var k = 0; k < shares.Length; k++)
                for (int back = Math.Max(0, k - size + 1); back <= k; back++) next[k] += shares[back] / size;
            shares = next;
        }
        return Math.Clamp(2 * shares.Sum(), 0, 1);
    }

    private static double BetaFraction(double x, double a, double b)
    {
        const double tiny = 1e-300;
        double c = 1, d = Guard(1 - (a + b) * x / (a + 1));
        d = 1 / d;
        double result = d;
        for (var m = 1; m <= 10_000; m++)
        {
            double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
            (d, c) = (1 / Guard(1 + even * d), Guard(1 + even / c));
            result *= d * c;
            double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
            (d, c) = (1 / Guard(1 + odd * d), Guard(1 + odd / c));
            result *= d * c;
            if (Math.Abs(d * c - 1) < 1e-16) break;
        }
        return result;

        static double Guard(double value) => Math.Abs(value) < tiny ? tiny : value;
    }

    /// <summary>Regularised upper incomplete gamma function: series below a + 1, continued fraction above.</summary>
    private static double UpperGamma(double a, double x)
    {
        if (x <= 0) return 1;
        double front = Math.Exp(a * Math.Log(x) - x - LogGamma(a));
        if (x < a + 1)
        {
            double term = 1 / a, sum = term;
            for (var k = 1; k < 10_000 && Math.Abs(term) > Math.Abs(sum) * 1e-17; k++) sum += term *= x / (a + k);
            return 1 - front * sum;
        }
        double b = x + 1 - a, c = 1e300, d = 1 / b, result = d;
        for (var i = 1; i < 10_000; i++)
        {
            double an = -i * (i - a);
            b += 2;
            d = 1 / (an * d + b);
            c = b + an / c;
            result *= d * c;
            if (Math.Abs(d * c - 1) < 1e-16) break;
        }
        return front * result;
    }

    /// <summary>Lanczos' approximation (g = 7, nine terms), about 15 digits.</summary>
    private static double LogGamma(double x)
    {
        if (x < 0.5) return Math.Log(Math.PI / Math.Sin(Math.PI * x)) - LogGamma(1 - x);
        x -= 1;
        double sum = Lanczos[0];
        for (var i = 1; i < Lanczos.Length; i++) sum += Lanczos[i] / (x + i);
        double t = x + 7.5;
        return 0.5 * Math.Log(2 * Math.PI) + (x + 0.5) * Math.Log(t) - t + Math.Log(sum);
    }

    private static readonly double[] Lanczos =
    [
        0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
        12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
    ];
}
