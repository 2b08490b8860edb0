using System.Text.RegularExpressions;

namespace Tunesmith.Evaluation.Metrics;

/// <summary>ROUGE of one kind: recall, precision and their harmonic mean.</summary>
public readonly record struct Rouge(double Recall, double Precision, double F);

/// <summary>What LLaMA-Factory's <c>predict</c> says of one generated text, each in percent with 4 decimals.</summary>
public readonly record struct SimilarityScores(double Rouge1, double Rouge2, double RougeL, double Bleu4)
{
    /// <summary>Under LLaMA-Factory's names, in its order of writing.</summary>
    public IEnumerable<(string Name, double Value)> Named => [("rouge-1", Rouge1), ("rouge-2", Rouge2), ("rouge-l", RougeL), ("bleu-4", Bleu4)];
}

/// <summary>
/// The text similarity of LLaMA-Factory 0.9.5 (train/sft/metric.py): ROUGE of the package rouge_chinese 1.0.3 on words,
/// BLEU-4 of NLTK on characters. Not comparable with word-level BLEU or rouge-score.
/// </summary>
public static partial class Similarity
{
    public static SimilarityScores Compare(string prediction, string reference) =>
        Compare(ChineseWords.Cut(prediction), ChineseWords.Cut(reference), prediction, reference);

    /// <summary>The mean of each score over many pairs, under LLaMA-Factory's names.</summary>
    public static IReadOnlyDictionary<string, double> Mean(IReadOnlyList<(string Prediction, string Reference)> pairs)
    {
        var scores = pairs.Select(pair => Compare(pair.Prediction, pair.Reference).Named.ToArray()).ToArray();
        if (scores.Length == 0) return new Dictionary<string, double>();
        return Enumerable.Range(0, scores[0].Length).ToDictionary(at => scores[0][at].Name, at => PairwiseSum([.. scores.Select(score => score[at].Value)]) / scores.Length);
    }

    /// <summary>A sum in numpy's order of additions, so that means agree to the last digit.</summary>
    internal static double PairwiseSum(ReadOnlySpan<double> values)
    {
        const int Lanes = 8, Block = 128;
        double sum = 0;
        if (values.Length < Lanes)
        {
            foreach (double value in values) sum += value;
            return sum;
        }
        if (values.Length > Block)
        {
            int half = values.Length / 2;
            half -= half % Lanes;
            return PairwiseSum(values[..half]) + PairwiseSum(values[half..]);
        }
        double[] lanes = values[..Lanes].ToArray();
        int at = Lanes;
        for (; at + Lanes <= values.Length; at += Lanes)
            for (var lane = 0; lane < Lanes; lane++) lanes[lane] += values[at + lane];
        sum = ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
        for (; at < values.Length; at++) sum += values[at];
        return sum;
    }

    public static SimilarityScores Compare(IReadOnlyList<string> predicted, IReadOnlyList<string> referenced, string prediction, string reference)
    {
        var (one, two, longest) = RougeScores(predicted, referenced);
        double bleu = SentenceBleu(Characters(prediction), [Characters(reference)], 3);
        return new(Percent(one.F), Percent(two.F), Percent(longest.F), Percent(bleu));
    }

    /// <summary>ROUGE-1, ROUGE-2 (sets of n-grams) and ROUGE-L (longest common subsequence); all 0 where a side has no words.</summary>
    public static (Rouge One, Rouge Two, Rouge Longest) RougeScores(IReadOnlyList<string> prediction, IReadOnlyList<string> reference)
    {
        if (prediction.All(string.IsNullOrWhiteSpace) || reference.All(string.IsNullOrWhiteSpace)) return default;
        string[] left = Flat(prediction), right = Flat(reference);
        return (Overlap(NGrams(left, 1), NGrams(right, 1)), Overlap(NGrams(left, 2), NGrams(right, 2)),
            Score(LongestCommon(left, right), left.Length, right.Length));
    }

    /// <summary>
    /// NLTK's sentence BLEU up to 4-grams, equal weights. Smoothing 0: zero counts become the smallest double; 1: 0.1 is added to
    /// zero counts; 2: one is added to both sides from bigrams on; 3: the k-th zero count becomes 1 / 2^k.
    /// </summary>
    public static double SentenceBleu(IReadOnlyList<string> hypothesis, IReadOnlyList<IReadOnlyList<string>> references, int smoothing)
    {
        double log = 0;
        int zeros = 0;
        for (var n = 1; n <= 4; n++)
        {
            var (matches, total) = Clipped(hypothesis, references, n);
            if (n == 1 && matches == 0) return 0;
            double precision = (double)matches / total;
            if (smoothing == 2 && n > 1) precision = (matches + 1.0) / (total + 1.0);
            else if (matches == 0)
                precision = smoothing switch { 0 => 2.2250738585072014e-308, 1 => 0.1 / total, 3 => 1 / (Math.Pow(2, ++zeros) * total), _ => precision };
            log += Math.Log(precision) / 4;
        }
        int length = hypothesis.Count;
        int closest = references.Select(reference => reference.Count).OrderBy(count => Math.Abs(count - length)).ThenBy(count => count).First();
        double brevity = length > closest ? 1 : length == 0 ? 0 : Math.Exp(1 - (double)closest / length);
        return brevity * Math.Exp(log);
    }

    /// <summary>The characters of a text as code points.</summary>
    public static string[] Characters(string text) => [.. text.EnumerateRunes().Select(rune => rune.ToString())];

    private static (int Matches, int Total) Clipped(IReadOnlyList<string> hypothesis, IReadOnlyList<IReadOnlyList<string>> references, int n)
    {
        var counts = Count(hypothesis, n);
        var most = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var reference in references)
            foreach (var (gram, count) in Count(reference, n)) most[gram] = Math.Max(count, most.GetValueOrDefault(gram));
        return (counts.Sum(pair => Math.Min(pair.Value, most.GetValueOrDefault(pair.Key))), Math.Max(1, counts.Values.Sum()));
    }

    internal static Dictionary<string, int> Count(IReadOnlyList<string> words, int n)
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i + n <= words.Count; i++)
        {
            var gram = string.Join('\u0001', Enumerable.Range(i, n).Select(k => words[k]));
            counts[gram] = counts.GetValueOrDefault(gram) + 1;
        }
        return counts;
    }

    private static HashSet<string> NGrams(string[] words, int n) => [.. Count(words, n).Keys];

    private static Rouge Overlap(HashSet<string> prediction, HashSet<string> reference) =>
        Score(prediction.Count(reference.Contains), prediction.Count, reference.Count);

    /// <summary>The package keeps its divisor off zero with 1e-8, which shows in the ninth digit.</summary>
    private static Rouge Score(int common, int predicted, int referenced)
    {
        double precision = predicted == 0 ? 0 : (double)common / predicted, recall = referenced == 0 ? 0 : (double)common / referenced;
        return new(recall, precision, 2 * (precision * recall / (precision + recall + 1e-8)));
    }

    internal static int LongestCommon(IReadOnlyList<string> left, IReadOnlyList<string> right)
    {
        var row = new int[right.Count + 1];
        foreach (var word in left)
        {
            int diagonal = 0;
            for (var j = 1; j <= right.Count; j++)
            {
                int above = row[j];
                row[j] = word == right[j - 1] ? diagonal + 1 : Math.Max(above, row[j - 1]);
                diagonal = above;
            }
        }
        return row[^1];
    }

    /// <summary>
    /// Words as the package sees them: the text joined by blanks is cut into sentences and these at blanks, so that whitespace
    /// words vanish, except that a sentence of nothing but blanks counts as one empty word.
    /// </summary>
    private static string[] Flat(IReadOnlyList<string> words)
    {
        var text = string.Join(' ', words);
        text = SentenceEnd().Replace(text, "$1\n$2");
        text = SixDots().Replace(text, "$1\n$2");
        text = Ellipsis().Replace(text, "$1\n$2");
        text = QuotedEnd().Replace(text, "$1\n$2");
        return [.. text.TrimEnd().Split('\n').Where(sentence => sentence.Length > 0)
            .SelectMany(sentence => string.Join(' ', sentence.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).Split(' '))];
    }

    [GeneratedRegex("([。！？?])([^”’])")] private static partial Regex SentenceEnd();

    [GeneratedRegex(@"(\.{6})([^”’])")] private static partial Regex SixDots();

    [GeneratedRegex("(…{2})([^”’])")] private static partial Regex Ellipsis();

    [GeneratedRegex("([。！？?][”’])([^，。！？?])")] private static partial Regex QuotedEnd();

    private static double Percent(double value) => Math.Round(value * 100, 4);
}
