namespace Tunesmith.Evaluation.Metrics;

/// <summary>Perplexity, token accuracy, edit rates and pass@k.</summary>
public static class Language
{
    /// <summary>exp(sum of negative log-probabilities / number of tokens).</summary>
    public static double Perplexity(double negativeLogProbability, long tokens) => Math.Exp(negativeLogProbability / tokens);

    /// <summary>
    /// Share of labels that the position before predicted; labels of -100 are left out. LLaMA-Factory's compute_accuracy means
    /// this over examples.
    /// </summary>
    /// <param name="predictions">Most probable token at every position.</param>
    public static double TokenAccuracy(ReadOnlySpan<int> predictions, ReadOnlySpan<int> labels)
    {
        int right = 0, count = 0;
        for (var i = 1; i < labels.Length; i++)
        {
            if (labels[i] == -100) continue;
            count++;
            if (predictions[i - 1] == labels[i]) right++;
        }
        return (double)right / count;
    }

    /// <summary>Insertions, deletions and substitutions between two sequences (Levenshtein).</summary>
    public static int EditDistance<T>(IReadOnlyList<T> left, IReadOnlyList<T> right) where T : notnull
    {
        var row = Enumerable.Range(0, right.Count + 1).ToArray();
        for (var i = 1; i <= left.Count; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= right.Count; j++)
            {
                int above = row[j];
                row[j] = Math.Min(Math.Min(above, row[j - 1]) + 1, diagonal + (left[i - 1].Equals(right[j - 1]) ? 0 : 1));
                diagonal = above;
            }
        }
        return row[^1];
    }

    /// <summary>Edits over reference length, over all pairs; with empty references the number of edits.</summary>
    public static double ErrorRate(IEnumerable<(int Edits, int ReferenceLength)> pairs)
    {
        var all = pairs.ToArray();
        double length = all.Sum(pair => pair.ReferenceLength), edits = all.Sum(pair => pair.Edits);
        return length == 0 ? edits : edits / length;
    }

    /// <summary>Chance that one of k samples drawn from n is right when c of them are: 1 - C(n-c, k) / C(n, k).</summary>
    public static double PassAtK(int samples, int correct, int k)
    {
        if (samples - correct < k) return 1;
        double none = 1;
        for (int i = samples - correct + 1; i <= samples; i++) none *= 1 - (double)k / i;
        return 1 - none;
    }
}
