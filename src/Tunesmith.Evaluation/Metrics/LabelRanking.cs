namespace Tunesmith.Evaluation.Metrics;

/// <summary>How well scores order the labels of each example, as scikit-learn 1.9 defines it. Ties count against the scores.</summary>
public static class LabelRanking
{
    /// <summary>Mean over examples of the mean precision at each true label; an example with no or only true labels counts 1.</summary>
    public static double AveragePrecision(IReadOnlyList<bool[]> truth, IReadOnlyList<double[]> scores) =>
        truth.Zip(scores).Average(pair =>
        {
            var (labels, values) = pair;
            int count = labels.Count(label => label);
            if (count == 0 || count == labels.Length) return 1.0;
            return Enumerable.Range(0, labels.Length).Where(k => labels[k]).Average(k =>
                (double)Enumerable.Range(0, labels.Length).Count(j => labels[j] && values[j] >= values[k]) / values.Count(value => value >= values[k]));
        });

    /// <summary>Mean number of best-scored labels one must take to have every true one.</summary>
    public static double CoverageError(IReadOnlyList<bool[]> truth, IReadOnlyList<double[]> scores) =>
        truth.Zip(scores).Average(pair =>
        {
            var (labels, values) = pair;
            var relevant = Enumerable.Range(0, labels.Length).Where(k => labels[k]).ToArray();
            return relevant.Length == 0 ? 0.0 : values.Count(value => value >= relevant.Min(k => values[k]));
        });

    /// <summary>Mean share of (true, false) label pairs in the wrong order; ties are wrong.</summary>
    public static double RankingLoss(IReadOnlyList<bool[]> truth, IReadOnlyList<double[]> scores) =>
        truth.Zip(scores).Average(pair =>
        {
            var (labels, values) = pair;
            int right = labels.Count(label => label), wrong = labels.Length - right;
            if (right == 0 || wrong == 0) return 0.0;
            int bad = 0;
            for (var i = 0; i < labels.Length; i++)
                for (var j = 0; j < labels.Length; j++) if (labels[i] && !labels[j] && values[i] <= values[j]) bad++;
            return (double)bad / (right * wrong);
        });
}
