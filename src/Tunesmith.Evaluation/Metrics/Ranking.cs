namespace Tunesmith.Evaluation.Metrics;

/// <summary>Measures of scores instead of decisions: curves, areas, orders, calibration.</summary>
public static class Ranking
{
    /// <summary>Area under the ROC curve: the share of (positive, negative) pairs in the right order, ties half.</summary>
    public static double RocAuc(IReadOnlyList<bool> truth, IReadOnlyList<double> scores)
    {
        double positives = truth.Count(value => value), negatives = truth.Count - positives;
        if (positives == 0 || negatives == 0) return double.NaN;
        var ranks = Regression.Ranks(scores.ToArray());
        double sum = truth.Select((isPositive, i) => isPositive ? ranks[i] : 0).Sum();
        return (sum - positives * (positives + 1) / 2) / (positives * negatives);
    }

    /// <summary>Counts of true and false positives at each distinct score from the highest down.</summary>
    private static (double[] Thresholds, double[] True, double[] False) Steps(IReadOnlyList<bool> truth, IReadOnlyList<double> scores)
    {
        List<double> thresholds = [], right = [], wrong = [];
        double r = 0, w = 0;
        foreach (var group in Enumerable.Range(0, truth.Count).GroupBy(i => scores[i]).OrderByDescending(group => group.Key))
        {
            foreach (var i in group) if (truth[i]) r++; else w++;
            thresholds.Add(group.Key);
            right.Add(r);
            wrong.Add(w);
        }
        return ([.. thresholds], [.. right], [.. wrong]);
    }

    /// <summary>Sum of precision times the step in recall, from the highest score down; 0 where nothing is positive.</summary>
    public static double AveragePrecision(IReadOnlyList<bool> truth, IReadOnlyList<double> scores)
    {
        var (_, right, wrong) = Steps(truth, scores);
        double positives = truth.Count(value => value), before = 0, sum = 0;
        if (positives == 0) return 0;
        for (var i = 0; i < right.Length; i++)
        {
            sum += (right[i] - before) / positives * (right[i] / (right[i] + wrong[i]));
            before = right[i];
        }
        return sum;
    }

    /// <summary>The ROC curve without its collinear points, starting at an infinite threshold.</summary>
    public static (double[] FalsePositiveRate, double[] TruePositiveRate, double[] Thresholds) RocCurve(IReadOnlyList<bool> truth, IReadOnlyList<double> scores)
    {
        var (thresholds, right, wrong) = Steps(truth, scores);
        var keep = Enumerable.Range(0, right.Length).Where(i => i == 0 || i == right.Length - 1 || right.Length <= 2
            || right[i - 1] - 2 * right[i] + right[i + 1] != 0 || wrong[i - 1] - 2 * wrong[i] + wrong[i + 1] != 0).ToArray();
        double positives = right[^1], negatives = wrong[^1];
        return ([.. keep.Select(i => wrong[i]).Prepend(0).Select(value => negatives == 0 ? double.NaN : value / negatives)],
            [.. keep.Select(i => right[i]).Prepend(0).Select(value => positives == 0 ? double.NaN : value / positives)],
            [.. keep.Select(i => thresholds[i]).Prepend(double.PositiveInfinity)]);
    }

    /// <summary>Precision and recall from the lowest threshold up; the last point is (1, 0) without a threshold.</summary>
    public static (double[] Precision, double[] Recall, double[] Thresholds) PrecisionRecallCurve(IReadOnlyList<bool> truth, IReadOnlyList<double> scores)
    {
        var (thresholds, right, wrong) = Steps(truth, scores);
        double positives = right[^1];
        return ([.. right.Zip(wrong, (r, w) => r / (r + w)).Reverse().Append(1)],
            [.. right.Select(r => positives == 0 ? 1 : r / positives).Reverse().Append(0)],
            [.. thresholds.Reverse()]);
    }

    /// <summary>Mean -log of the true class's probability; probabilities are kept off 0 and 1 by the double's epsilon.</summary>
    public static double LogLoss(IReadOnlyList<int> truth, IReadOnlyList<double[]> probabilities)
    {
        double epsilon = Math.Pow(2, -52), sum = 0;
        for (var i = 0; i < truth.Count; i++)
            sum -= Math.Log(Math.Clamp(probabilities[i][truth[i]] / probabilities[i].Sum(), epsilon, 1 - epsilon));
        return sum / truth.Count;
    }

    /// <summary>Mean squared distance of the positive class's probability.</summary>
    public static double Brier(IReadOnlyList<bool> truth, IReadOnlyList<double> probabilities) =>
        truth.Zip(probabilities).Average(pair => Math.Pow((pair.First ? 1 : 0) - pair.Second, 2));

    /// <summary>Share of examples whose class is among the k most probable; a tie goes to the higher class number.</summary>
    public static double TopK(IReadOnlyList<int> truth, IReadOnlyList<double[]> probabilities, int k) =>
        truth.Select((label, i) => Enumerable.Range(0, probabilities[i].Length)
            .OrderByDescending(c => probabilities[i][c]).ThenByDescending(c => c).Take(k).Contains(label) ? 1.0 : 0.0).Average();

    /// <summary>One class against all others, averaged over classes, plain or by how often a class is true.</summary>
    public static double RocAucOneVersusRest(IReadOnlyList<int> truth, IReadOnlyList<double[]> probabilities, bool weighted)
    {
        int classes = probabilities[0].Length;
        double sum = 0, total = 0;
        for (var k = 0; k < classes; k++)
        {
            double count = truth.Count(label => label == k), weight = weighted ? count : 1;
            if (weight == 0) continue;
            sum += weight * RocAuc([.. truth.Select(label => label == k)], [.. probabilities.Select(row => row[k])]);
            total += weight;
        }
        return sum / total;
    }

    /// <summary>Each pair of classes on the examples of the two, both ways (Hand and Till 2001), averaged plain or by the pair's share; classes that never occur are left out.</summary>
    public static double RocAucOneVersusOne(IReadOnlyList<int> truth, IReadOnlyList<double[]> probabilities, bool weighted)
    {
        int classes = probabilities[0].Length;
        double sum = 0, total = 0;
        for (var a = 0; a < classes; a++)
            for (int b = a + 1; b < classes; b++)
            {
                if (!truth.Contains(a) || !truth.Contains(b)) continue;
                var rows = Enumerable.Range(0, truth.Count).Where(i => truth[i] == a || truth[i] == b).ToArray();
                double one = RocAuc([.. rows.Select(i => truth[i] == a)], [.. rows.Select(i => probabilities[i][a])]);
                double other = RocAuc([.. rows.Select(i => truth[i] == b)], [.. rows.Select(i => probabilities[i][b])]);
                double weight = weighted ? (double)rows.Length / truth.Count : 1;
                (sum, total) = (sum + weight * (one + other) / 2, total + weight);
            }
        return sum / total;
    }

    /// <summary>
    /// Expected calibration error: confidence is the largest probability, bins (lo, hi] of equal width, the first closed on both
    /// sides; the sum of n_b / n * |accuracy - mean confidence|.
    /// </summary>
    public static double CalibrationError(IReadOnlyList<int> truth, IReadOnlyList<double[]> probabilities, int bins)
    {
        var right = new double[bins];
        var confidence = new double[bins];
        for (var i = 0; i < truth.Count; i++)
        {
            double most = probabilities[i].Max();
            int bin = 0;
            while (bin < bins - 1 && most > (double)(bin + 1) / bins) bin++;
            confidence[bin] += most;
            if (Array.IndexOf(probabilities[i], most) == truth[i]) right[bin]++;
        }
        return Enumerable.Range(0, bins).Sum(b => Math.Abs(right[b] - confidence[b])) / truth.Count;
    }

    /// <summary>Discounted cumulative gain of the first k places (null = all); ties share their mean gain.</summary>
    public static double Dcg(IReadOnlyList<double> relevance, IReadOnlyList<double> scores, int? k = null)
    {
        double sum = 0;
        int place = 0;
        foreach (var group in Enumerable.Range(0, scores.Count).GroupBy(i => scores[i]).OrderByDescending(group => group.Key))
        {
            double gain = group.Average(i => relevance[i]);
            foreach (var _ in group) { if (k is null || place < k) sum += gain / Math.Log2(place + 2); place++; }
        }
        return sum;
    }

    /// <summary>DCG over that of the best order; 0 where nothing is relevant.</summary>
    public static double Ndcg(IReadOnlyList<double> relevance, IReadOnlyList<double> scores, int? k = null)
    {
        var best = relevance.OrderDescending().ToArray();
        double ideal = 0;
        for (var i = 0; i < best.Length && (k is null || i < k); i++) ideal += best[i] / Math.Log2(i + 2);
        return ideal == 0 ? 0 : Dcg(relevance, scores, k) / ideal;
    }

    /// <summary>Places by score from the highest, ties by position.</summary>
    private static int[] Order(IReadOnlyList<double> scores) =>
        [.. Enumerable.Range(0, scores.Count).OrderByDescending(i => scores[i]).ThenBy(i => i)];

    /// <summary>1 / place of the first relevant entry; 0 where none is.</summary>
    public static double ReciprocalRank(IReadOnlyList<double> relevance, IReadOnlyList<double> scores)
    {
        int place = Array.FindIndex(Order(scores), i => relevance[i] > 0);
        return place < 0 ? 0 : 1.0 / (place + 1);
    }

    /// <summary>Share of the relevant entries among the first k places; 0 where nothing is relevant.</summary>
    public static double RecallAt(IReadOnlyList<double> relevance, IReadOnlyList<double> scores, int k)
    {
        double relevant = relevance.Count(value => value > 0);
        return relevant == 0 ? 0 : Order(scores).Take(k).Count(i => relevance[i] > 0) / relevant;
    }

    /// <summary>Mean precision at the places of the relevant entries, ties by position; 0 where nothing is relevant.</summary>
    public static double AveragePrecisionByPlace(IReadOnlyList<double> relevance, IReadOnlyList<double> scores)
    {
        double found = 0, sum = 0;
        int place = 0;
        foreach (var i in Order(scores))
        {
            place++;
            if (relevance[i] > 0) sum += ++found / place;
        }
        return found == 0 ? 0 : sum / found;
    }
}
