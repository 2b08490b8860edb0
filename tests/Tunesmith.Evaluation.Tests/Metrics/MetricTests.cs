using Tunesmith.Evaluation.Metrics;
using Tunesmith.Runs;

namespace Tunesmith.Tests.Evaluation.Metrics;

public sealed class MetricTests
{
    [Fact]
    public void A_confusion_matrix_gives_the_counted_ratios()
    {
        // Truth 0 0 1 1 1, said 0 1 1 1 0: for class 1 two of three said are right, two of three are found.
        var matrix = new ConfusionMatrix([0, 0, 1, 1, 1], [0, 1, 1, 1, 0], 2);
        Assert.Equal(0.6, matrix.Accuracy, 12);
        Assert.Equal(2.0 / 3, matrix.PerClass[1].Precision, 12);
        Assert.Equal(2.0 / 3, matrix.PerClass[1].Recall, 12);
        Assert.Equal((2 * 2 - 1 * 1) / 6.0 / 3 * 1, matrix.Matthews, 12);
    }

    [Fact]
    public void A_class_that_nobody_says_has_the_precision_of_zero_division()
    {
        Assert.Equal(0, new ConfusionMatrix([0, 1], [0, 0], 2).PerClass[1].Precision);
        Assert.Equal(1, new ConfusionMatrix([0, 1], [0, 0], 2, zeroDivision: 1).PerClass[1].Precision);
    }

    [Fact]
    public void Metrics_do_not_depend_on_the_order_of_examples()
    {
        var one = new ConfusionMatrix([0, 1, 2, 1], [0, 2, 2, 1], 3);
        var other = new ConfusionMatrix([1, 2, 1, 0], [1, 2, 2, 0], 3);
        Assert.Equal((one.Accuracy, one.Macro, one.Matthews), (other.Accuracy, other.Macro, other.Matthews));
    }

    [Fact]
    public void Predictions_of_another_number_than_the_examples_are_refused()
    {
        var error = Assert.Throws<UsageException>(() => new ConfusionMatrix([0, 1], [0], 2)); // LengthsDiffer
        Assert.Equal("predictions: got 1; expected 2, one for each example. Check that no example was left out.", error.Message);
    }

    [Fact]
    public void A_correlation_of_one_value_is_refused()
    {
        var error = Assert.Throws<UsageException>(() => Regression.Pearson([1.0], [2.0])); // TooFewValues
        Assert.Contains("got 1 value; expected at least 2", error.Message, StringComparison.Ordinal);
        Assert.Throws<UsageException>(() => TextMetrics.Predict([]));
    }

    [Fact]
    public void Equal_texts_reach_100_and_texts_without_a_common_word_0()
    {
        var same = TextMetrics.Predict([("a small cat sleeps", "a small cat sleeps")]);
        Assert.All(same.Values, value => Assert.Equal(100, value, 4));
        Assert.Equal(0, Similarity.Compare("abc", "xyz").Rouge1);
        Assert.Equal(0, Similarity.Compare("", "xyz").Rouge1);
    }

    [Fact]
    public void The_plate_is_sorted_and_agrees_with_the_averages_of_predict()
    {
        Assert.Equal(TextMetrics.All.Select(metric => metric.Name).Order(StringComparer.Ordinal), TextMetrics.All.Select(metric => metric.Name));
        var predict = TextMetrics.Predict([("one two three", "one three two")]);
        Assert.All(TextMetrics.All, metric => Assert.Equal(predict["predict_" + metric.Name], metric.Of("one two three", "one three two"), 12));
    }

    [Fact]
    public void Words_are_cut_as_the_reference_cuts_outside_chinese()
    {
        Assert.Equal(["It", "'", "s", " ", "3.5%", " ", "U", ".", "S", ".", " ", "..."], ChineseWords.Cut("It's 3.5% U.S. ..."));
        Assert.True(ChineseWords.NeedsDictionary("我"));
        Assert.False(ChineseWords.NeedsDictionary("I"));
    }

    [Fact]
    public void Means_of_similarity_add_in_the_order_of_numpy()
    {
        var mean = Similarity.Mean([("a b", "a b"), ("a b", "c d")]);
        Assert.Equal(["rouge-1", "rouge-2", "rouge-l", "bleu-4"], mean.Keys);
        Assert.Equal(Similarity.Compare("a b", "a b").Rouge1 / 2, mean["rouge-1"]);
        // 1e16 swallows every 1 that is added to it alone, but not what the other seven lanes have summed before.
        double[] values = [1e16, .. Enumerable.Repeat(1.0, 16)];
        Assert.Equal(1e16 + 16, Similarity.PairwiseSum(values));
        Assert.Equal(0, Similarity.PairwiseSum([]));
    }
}
