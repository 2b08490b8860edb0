namespace Tunesmith.Evaluation.Metrics;

/// <summary>A measure of generated text against its reference, by name.</summary>
/// <param name="Name">As it stands in predict_results.json after <c>predict_</c>.</param>
/// <param name="Summary">One sentence for <c>list</c>.</param>
/// <param name="Of">Its value for a pair of (prediction, reference).</param>
public sealed record TextMetric(string Name, string Summary, Func<string, string, double> Of);

/// <summary>The plate of the measures of generated text, sorted by name.</summary>
public static class TextMetrics
{
    public static IReadOnlyList<TextMetric> All { get; } =
    [
        new("bleu-4", "Sentence BLEU up to 4-grams on characters, in percent.", (prediction, reference) => Similarity.Compare(prediction, reference).Bleu4),
        new("rouge-1", "Common words, F1 in percent.", (prediction, reference) => Similarity.Compare(prediction, reference).Rouge1),
        new("rouge-2", "Common pairs of words, F1 in percent.", (prediction, reference) => Similarity.Compare(prediction, reference).Rouge2),
        new("rouge-l", "Longest common subsequence of words, F1 in percent.", (prediction, reference) => Similarity.Compare(prediction, reference).RougeL),
    ];

    /// <summary>LLaMA-Factory's predict metrics: each rounded to 4 decimals for a pair, averaged without rounding; keys as in predict_results.json.</summary>
    public static IReadOnlyDictionary<string, double> Predict(IReadOnlyList<(string Prediction, string Reference)> pairs)
    {
        if (pairs.Count == 0) throw Errors.TooFewValues("text similarity", 0, 1);
        var scores = pairs.Select(pair => Similarity.Compare(pair.Prediction, pair.Reference)).ToList();
        return new Dictionary<string, double>
        {
            ["predict_bleu-4"] = scores.Average(score => score.Bleu4), ["predict_rouge-1"] = scores.Average(score => score.Rouge1),
            ["predict_rouge-2"] = scores.Average(score => score.Rouge2), ["predict_rouge-l"] = scores.Average(score => score.RougeL),
        };
    }
}
