namespace Tunesmith.Training.Stages;

/// <summary>
/// Accuracy, precision, recall and F1 of a classifier. With two classes precision, recall and F1 are those of the second one (the class that is
/// looked for, as in spam or not); with more classes, or many labels, the mean over the classes (macro). Values: mean squared and mean absolute error and
/// Pearson's correlation.
/// </summary>
public sealed class ClassMetrics(ProblemType problem, int labels) : MetricSums
{
    private readonly long[] _right = new long[labels], _said = new long[labels], _there = new long[labels];
    private readonly List<(float Said, float There)> _values = [];
    private readonly List<(int Row, int Label, double Probability, int Expected)> _answers = [];
    private readonly List<(float[] Scores, float[] Targets)> _all = [];
    private long _rows, _exact;

    /// <summary>The logits and targets of every row so far.</summary>
    public IReadOnlyList<(float[] Scores, float[] Targets)> Rows => _all;

    public ProblemType Problem => problem;

    /// <summary>The answer for every row so far, where there is one label a row.</summary>
    public IReadOnlyList<(int Row, int Label, double Probability, int Expected)> Answers => _answers;

    /// <summary>Adds the rows of a batch.</summary>
    /// <param name="logits">[B, K].</param>
    /// <param name="targets">[B] classes, [B, K] truth values, or [B, K] values.</param>
    public void Add(float[] logits, float[] targets, int rows)
    {
        for (var row = 0; row < rows; row++)
        {
            var scores = logits.AsSpan(row * labels, labels);
            var width = problem == ProblemType.OneLabel ? 1 : labels;
            _all.Add((scores.ToArray(), targets.AsSpan(row * width, width).ToArray()));
            switch (problem)
            {
                case ProblemType.OneLabel: AddClass(scores, (int)targets[row]); break;
                case ProblemType.ManyLabels: AddLabels(scores, targets.AsSpan(row * labels, labels)); break;
                default:
                    for (var label = 0; label < labels; label++) _values.Add((scores[label], targets[row * labels + label]));
                    break;
            }
            _rows++;
        }
    }

    public override IReadOnlyDictionary<string, double> Result() => problem == ProblemType.Regression ? Values() : Classes();

    private void AddClass(ReadOnlySpan<float> scores, int expected)
    {
        var best = 0;
        for (var label = 1; label < scores.Length; label++)
            if (scores[label] > scores[best]) best = label;
        double sum = 0;
        foreach (var score in scores) sum += Math.Exp(score - scores[best]);
        _answers.Add(((int)_rows, best, 1 / sum, expected));
        _said[best]++;
        _there[expected]++;
        if (best != expected) return;
        _right[best]++;
        _exact++;
    }

    private void AddLabels(ReadOnlySpan<float> scores, ReadOnlySpan<float> targets)
    {
        var exact = true;
        for (var label = 0; label < scores.Length; label++)
        {
            bool said = scores[label] > 0, there = targets[label] > 0.5f; // a logit above 0 is a probability above one half
            if (said) _said[label]++;
            if (there) _there[label]++;
            if (said && there) _right[label]++;
            exact &= said == there;
        }
        if (exact) _exact++;
    }

    private Dictionary<string, double> Classes()
    {
        var looked = labels == 2 && problem == ProblemType.OneLabel ? [1] : Enumerable.Range(0, labels).ToArray();
        double precision = 0, recall = 0, f1 = 0;
        foreach (var label in looked)
        {
            var p = Share(_right[label], _said[label]);
            var r = Share(_right[label], _there[label]);
            precision += p;
            recall += r;
            f1 += p + r == 0 ? 0 : 2 * p * r / (p + r);
        }
        return new Dictionary<string, double>
        {
            ["accuracy"] = Share(_exact, _rows),
            ["precision"] = precision / looked.Length,
            ["recall"] = recall / looked.Length,
            ["f1"] = f1 / looked.Length,
        };
    }

    private Dictionary<string, double> Values()
    {
        var count = Math.Max(1, _values.Count);
        double meanSaid = _values.Sum(pair => (double)pair.Said) / count, meanThere = _values.Sum(pair => (double)pair.There) / count;
        double both = 0, said = 0, there = 0, squared = 0, absolute = 0;
        foreach (var (s, t) in _values)
        {
            both += (s - meanSaid) * (t - meanThere);
            said += (s - meanSaid) * (s - meanSaid);
            there += (t - meanThere) * (t - meanThere);
            squared += ((double)s - t) * ((double)s - t);
            absolute += Math.Abs((double)s - t);
        }
        return new Dictionary<string, double>
        {
            ["mse"] = squared / count,
            ["mae"] = absolute / count,
            ["pearson"] = said == 0 || there == 0 ? 0 : both / Math.Sqrt(said * there),
        };
    }

    private static double Share(long part, long whole) => whole == 0 ? 0 : (double)part / whole;
}
