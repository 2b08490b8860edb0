namespace Tunesmith.Tests;

/// <summary>Plain loops in double precision, written from the formulas: what operators and models are compared with.</summary>
internal static class Naive
{
    /// <summary>a [n, m] times b [m, p].</summary>
    public static double[] MatMul(double[] a, double[] b, int n, int m, int p)
    {
        var c = new double[n * p];
        for (int i = 0; i < n; i++)
            for (int j = 0; j < p; j++)
                for (int k = 0; k < m; k++) c[i * p + j] += a[i * m + k] * b[k * p + j];
        return c;
    }

    /// <summary>Softmax of each row of [n, m].</summary>
    public static double[] Softmax(double[] x, int m)
    {
        var y = new double[x.Length];
        for (int row = 0; row < x.Length; row += m)
        {
            double max = x.AsSpan(row, m).ToArray().Max();
            double sum = 0;
            for (int i = 0; i < m; i++) sum += y[row + i] = Math.Exp(x[row + i] - max);
            for (int i = 0; i < m; i++) y[row + i] /= sum;
        }
        return y;
    }

    public static double[] LayerNorm(double[] x, double[] weight, double[] bias, double eps)
    {
        int m = weight.Length;
        var y = new double[x.Length];
        for (int row = 0; row < x.Length; row += m)
        {
            double mean = 0, variance = 0;
            for (int i = 0; i < m; i++) mean += x[row + i] / m;
            for (int i = 0; i < m; i++) variance += (x[row + i] - mean) * (x[row + i] - mean) / m;
            for (int i = 0; i < m; i++) y[row + i] = (x[row + i] - mean) / Math.Sqrt(variance + eps) * weight[i] + bias[i];
        }
        return y;
    }

    public static double[] RmsNorm(double[] x, double[] weight, double eps)
    {
        int m = weight.Length;
        var y = new double[x.Length];
        for (int row = 0; row < x.Length; row += m)
        {
            double square = 0;
            for (int i = 0; i < m; i++) square += x[row + i] * x[row + i] / m;
            for (int i = 0; i < m; i++) y[row + i] = x[row + i] / Math.Sqrt(square + eps) * weight[i];
        }
        return y;
    }

    /// <summary>q [B, H, T, D], k and v [B, K, S, D]; a query that may see no key looks at all of them alike.</summary>
    /// <param name="sees">Whether query t of batch b sees key s.</param>
    public static double[] Attention(double[] q, double[] k, double[] v, int batch, int heads, int groups, int queries, int keys, int d, double scale, Func<int, int, int, bool> sees)
    {
        var y = new double[batch * heads * queries * d];
        for (int b = 0; b < batch; b++)
            for (int h = 0; h < heads; h++)
                for (int t = 0; t < queries; t++)
                {
                    int kv = (b * groups + h / (heads / groups)) * keys;
                    int at = ((b * heads + h) * queries + t) * d;
                    bool any = Enumerable.Range(0, keys).Any(s => sees(b, t, s));
                    var scores = new double[keys];
                    for (int s = 0; s < keys; s++)
                    {
                        for (int i = 0; i < d; i++) scores[s] += q[at + i] * k[(kv + s) * d + i] * scale;
                        if (!any) scores[s] = 0;
                        else if (!sees(b, t, s)) scores[s] = double.NegativeInfinity;
                    }
                    double[] p = Softmax(scores, keys);
                    for (int s = 0; s < keys; s++)
                        for (int i = 0; i < d; i++) y[at + i] += p[s] * v[(kv + s) * d + i];
                }
        return y;
    }

    /// <summary>Sum over the rows whose label is not −100 of −log softmax(x Wᵀ + b)[label], smoothed.</summary>
    public static double CrossEntropy(double[] x, double[] weight, double[]? bias, long[] labels, int width, double smoothing)
    {
        int pieces = weight.Length / width;
        double sum = 0;
        for (int n = 0; n < labels.Length; n++)
        {
            if (labels[n] == -100) continue;
            var logits = new double[pieces];
            for (int j = 0; j < pieces; j++)
            {
                logits[j] = bias?[j] ?? 0;
                for (int i = 0; i < width; i++) logits[j] += x[n * width + i] * weight[j * width + i];
            }
            double log = Math.Log(logits.Sum(Math.Exp));
            sum += (1 - smoothing) * (log - logits[labels[n]]) + smoothing * logits.Average(l => log - l);
        }
        return sum;
    }
}
