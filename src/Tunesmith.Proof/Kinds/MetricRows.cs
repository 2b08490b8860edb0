using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tunesmith.Evaluation.Metrics;

namespace Tunesmith.Proof.Kinds;

/// <summary>From a recorded row's input and options to what our metrics give, under the row's names.</summary>
internal static class MetricRows
{
    public static JsonObject Classification(JsonElement input, JsonElement options)
    {
        var truth = input.Need("truth", "input").EnumerateArray().ToArray();
        var prediction = input.Need("prediction", "input").EnumerateArray().ToArray();
        var reported = options.Maybe("labels")?.EnumerateArray().ToArray();
        bool numeric = truth.Concat(prediction).All(value => value.ValueKind == JsonValueKind.Number);
        var names = truth.Concat(prediction).Concat(reported ?? []).Select(value => value.ToString()).Distinct();
        string[] classes = [.. numeric ? names.OrderBy(name => long.Parse(name, CultureInfo.InvariantCulture)) : names.Order(StringComparer.Ordinal)];
        int[] Index(IEnumerable<JsonElement> values) => [.. values.Select(value => Array.IndexOf(classes, value.ToString()))];
        var matrix = new ConfusionMatrix(Index(truth), Index(prediction), classes.Length, Zero(options), reported is null ? null : Index(reported));
        return new JsonObject
        {
            ["accuracy"] = Node(matrix.Accuracy), ["balanced_accuracy"] = Node(matrix.BalancedAccuracy), ["mcc"] = Node(matrix.Matthews),
            ["cohen_kappa"] = Node(matrix.CohenKappa()), ["cohen_kappa_linear"] = Node(matrix.CohenKappa(1)), ["cohen_kappa_quadratic"] = Node(matrix.CohenKappa(2)),
            ["confusion_matrix"] = JsonSerializer.SerializeToNode(matrix.Counts),
            ["labels"] = new JsonArray([.. matrix.Reported.Select(k => numeric ? JsonValue.Create(long.Parse(classes[k], CultureInfo.InvariantCulture)) : (JsonNode)JsonValue.Create(classes[k])!)]),
            ["micro"] = Triple(matrix.Micro), ["macro"] = Triple(matrix.Macro), ["weighted"] = Triple(matrix.Weighted),
            ["per_class"] = new JsonObject
            {
                ["precision"] = List(matrix.PerClass.Select(value => value.Precision)), ["recall"] = List(matrix.PerClass.Select(value => value.Recall)),
                ["f1"] = List(matrix.PerClass.Select(value => value.F1)), ["support"] = JsonSerializer.SerializeToNode(matrix.Support),
            },
            ["macro_f2"] = Node(matrix.FBeta(2).Average()),
        };
    }

    public static JsonObject MultiLabels(JsonElement input, JsonElement options)
    {
        bool[][] truth = Rows(input.Need("truth", "input")), prediction = Rows(input.Need("prediction", "input"));
        var measured = new MultiLabel(truth, prediction, Zero(options));
        var output = new JsonObject
        {
            ["subset_accuracy"] = Node(measured.SubsetAccuracy), ["hamming_loss"] = Node(measured.HammingLoss),
            ["micro"] = Labels(measured.Micro), ["macro"] = Labels(measured.Macro), ["weighted"] = Labels(measured.Weighted), ["samples"] = Labels(measured.Samples),
            ["f1_per_label"] = List(measured.PerLabel.Select(label => label.F1)),
        };
        if (input.Maybe("scores") is { } given)
        {
            double[][] scores = [.. given.EnumerateArray().Select(row => row.Numbers())];
            output["lrap"] = Node(LabelRanking.AveragePrecision(truth, scores));
            output["coverage_error"] = Node(LabelRanking.CoverageError(truth, scores));
            output["ranking_loss"] = Node(LabelRanking.RankingLoss(truth, scores));
            output["average_precision_macro"] = Node(Enumerable.Range(0, truth[0].Length).Average(k =>
                Ranking.AveragePrecision([.. truth.Select(row => row[k])], [.. scores.Select(row => row[k])])));
        }
        return output;

        static bool[][] Rows(JsonElement rows) => [.. rows.EnumerateArray().Select(row => row.Integers().Select(value => value != 0).ToArray())];
        static JsonObject Labels(LabelScores scores) => new()
        {
            ["precision"] = Node(scores.Precision), ["recall"] = Node(scores.Recall), ["f1"] = Node(scores.F1), ["jaccard"] = Node(scores.Jaccard),
        };
    }

    public static JsonObject RegressionOf(JsonElement input)
    {
        double[] truth = input.Need("truth", "input").Numbers(), prediction = input.Need("prediction", "input").Numbers();
        return new JsonObject
        {
            ["mse"] = Node(Regression.MeanSquaredError(truth, prediction)), ["rmse"] = Node(Math.Sqrt(Regression.MeanSquaredError(truth, prediction))),
            ["mae"] = Node(Regression.MeanAbsoluteError(truth, prediction)), ["r2"] = Node(Regression.R2(truth, prediction)),
            ["median_ae"] = Node(Regression.MedianAbsoluteError(truth, prediction)), ["max_error"] = Node(Regression.MaxError(truth, prediction)),
            ["explained_variance"] = Node(Regression.ExplainedVariance(truth, prediction)), ["mape"] = Node(Regression.MeanAbsolutePercentageError(truth, prediction)),
            ["pearson"] = Of(Regression.Pearson(truth, prediction)), ["spearman"] = Of(Regression.Spearman(truth, prediction)),
            ["kendall"] = Of(Regression.Kendall(truth, prediction)),
        };

        static JsonObject Of(Correlation value) => new() { ["statistic"] = Node(value.Statistic), ["pvalue"] = Node(value.PValue) };
    }

    public static JsonObject BinaryScores(JsonElement input)
    {
        bool[] truth = [.. input.Need("truth", "input").Integers().Select(value => value != 0)];
        double[] scores = input.Need("scores", "input").Numbers();
        var roc = Ranking.RocCurve(truth, scores);
        var curve = Ranking.PrecisionRecallCurve(truth, scores);
        return new JsonObject
        {
            ["roc_auc"] = Node(Ranking.RocAuc(truth, scores)), ["average_precision"] = Node(Ranking.AveragePrecision(truth, scores)),
            ["roc_curve"] = new JsonObject { ["fpr"] = List(roc.FalsePositiveRate), ["tpr"] = List(roc.TruePositiveRate), ["thresholds"] = List(roc.Thresholds) },
            ["precision_recall_curve"] = new JsonObject { ["precision"] = List(curve.Precision), ["recall"] = List(curve.Recall), ["thresholds"] = List(curve.Thresholds) },
            ["log_loss"] = Node(Ranking.LogLoss([.. truth.Select(value => value ? 1 : 0)], [.. scores.Select(score => new[] { 1 - score, score })])),
            ["brier"] = Node(Ranking.Brier(truth, scores)),
        };
    }

    public static JsonObject MultiClassScores(JsonElement input)
    {
        var truth = input.Need("truth", "input").Integers();
        double[][] rows = [.. input.Need("probabilities", "input").EnumerateArray().Select(row => row.Numbers())];
        int classes = rows[0].Length;
        var output = new JsonObject
        {
            ["log_loss"] = Node(Ranking.LogLoss(truth, rows)),
            ["roc_auc_ovr_macro"] = Node(Ranking.RocAucOneVersusRest(truth, rows, weighted: false)),
            ["roc_auc_ovr_weighted"] = Node(Ranking.RocAucOneVersusRest(truth, rows, weighted: true)),
            ["roc_auc_ovo_macro"] = Node(Ranking.RocAucOneVersusOne(truth, rows, weighted: false)),
            ["roc_auc_ovo_weighted"] = Node(Ranking.RocAucOneVersusOne(truth, rows, weighted: true)),
            ["macro_average_precision"] = Node(Enumerable.Range(0, classes).Average(k =>
                Ranking.AveragePrecision([.. truth.Select(label => label == k)], [.. rows.Select(row => row[k])]))),
            ["ece_10"] = Node(Ranking.CalibrationError(truth, rows, 10)), ["ece_15"] = Node(Ranking.CalibrationError(truth, rows, 15)),
        };
        for (var k = 1; k <= classes; k++) output[$"top_{k}_accuracy"] = Node(Ranking.TopK(truth, rows, k));
        return output;
    }

    public static JsonObject RankingOf(JsonElement input)
    {
        double[][] relevance = Rows("relevance"), scores = Rows("scores");
        return new JsonObject
        {
            ["ndcg"] = Each((r, s) => Ranking.Ndcg(r, s)), ["ndcg_at_3"] = Each((r, s) => Ranking.Ndcg(r, s, 3)), ["dcg"] = Each((r, s) => Ranking.Dcg(r, s)),
            ["reciprocal_rank"] = Each(Ranking.ReciprocalRank), ["recall_at_3"] = Each((r, s) => Ranking.RecallAt(r, s, 3)),
            ["average_precision"] = Each(Ranking.AveragePrecisionByPlace),
        };

        double[][] Rows(string key) => [.. input.Need(key, "input").EnumerateArray().Select(row => row.Numbers())];
        JsonArray Each(Func<double[], double[], double> of) => List(relevance.Zip(scores, of));
    }

    public static JsonObject SimilarityOfPair(JsonElement input, JsonElement options)
    {
        string prediction = input.Need("prediction", "input").GetString()!, reference = input.Need("reference", "input").GetString()!;
        bool characters = options.Maybe("words")?.GetString() == "characters";
        var left = characters ? Similarity.Characters(prediction) : ChineseWords.Cut(prediction);
        var right = characters ? Similarity.Characters(reference) : ChineseWords.Cut(reference);
        var scores = Similarity.Compare(left, right, prediction, reference);
        var (one, two, longest) = Similarity.RougeScores(left, right);
        var output = new JsonObject
        {
            ["prediction_words"] = JsonSerializer.SerializeToNode(left), ["reference_words"] = JsonSerializer.SerializeToNode(right),
            ["unrounded"] = new JsonObject { ["rouge-1"] = Of(one), ["rouge-2"] = Of(two), ["rouge-l"] = Of(longest) },
            ["bleu-4 unrounded"] = Node(Similarity.SentenceBleu(Similarity.Characters(prediction), [Similarity.Characters(reference)], 3)),
        };
        foreach (var (name, value) in scores.Named) output[name] = Node(value);
        return output;

        static JsonObject Of(Rouge rouge) => new() { ["r"] = Node(rouge.Recall), ["p"] = Node(rouge.Precision), ["f"] = Node(rouge.F) };
    }

    public static JsonObject NltkBleu(JsonElement input)
    {
        var hypothesis = input.Need("hypothesis", "input").Texts();
        IReadOnlyList<string>[] references = [.. input.Need("references", "input").EnumerateArray().Select(reference => reference.Texts())];
        var output = new JsonObject();
        for (var method = 0; method <= 3; method++) output[$"method{method}"] = Node(Similarity.SentenceBleu(hypothesis, references, method));
        return output;
    }

    public static JsonObject TokenAccuracy(JsonElement input)
    {
        double[] each = [.. input.Need("predictions", "input").EnumerateArray().Zip(input.Need("labels", "input").EnumerateArray(),
            (prediction, labels) => Language.TokenAccuracy(prediction.Integers(), labels.Integers()))];
        return new JsonObject { ["each"] = List(each), ["accuracy"] = Node(each.Average()) };
    }

    public static JsonObject ErrorRate(JsonElement input, JsonElement options)
    {
        bool words = (options.Maybe("unit")?.GetString() ?? "word") == "word";
        string[] Units(string text) => words ? text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) : Similarity.Characters(text);
        (int Edits, int Length)[] pairs = [.. input.Need("hypotheses", "input").Texts().Zip(input.Need("references", "input").Texts(),
            (hypothesis, reference) => (Language.EditDistance(Units(hypothesis), Units(reference)), Units(reference).Length))];
        return new JsonObject
        {
            ["edits"] = JsonSerializer.SerializeToNode(pairs.Select(pair => pair.Edits)), ["reference_length"] = JsonSerializer.SerializeToNode(pairs.Select(pair => pair.Length)),
            ["rate"] = Node(Language.ErrorRate(pairs)),
        };
    }

    public static JsonObject Perplexity(JsonElement input) => new()
    {
        ["perplexity"] = Node(Language.Perplexity(input.Need("nll", "input").Numbers().Sum(), (long)input.Need("tokens", "input").Numbers().Sum())),
    };

    public static JsonObject PassAtK(JsonElement input, JsonElement options)
    {
        int k = options.Need("k", "options").GetInt32();
        double[] each = [.. input.Need("samples_and_correct", "input").EnumerateArray().Select(pair => Language.PassAtK(pair[0].GetInt32(), pair[1].GetInt32(), k))];
        return new JsonObject { ["each"] = List(each), ["mean"] = Node(each.Average()) };
    }

    private static double Zero(JsonElement options) => options.Maybe("zero_division")?.GetDouble() ?? 0;

    private static JsonObject Triple(PrecisionRecall value) => new() { ["precision"] = Node(value.Precision), ["recall"] = Node(value.Recall), ["f1"] = Node(value.F1) };

    internal static JsonArray List(IEnumerable<double> values) => [.. values.Select(Node)];

    /// <summary>JSON has no NaN and no infinity; the recorded files write them as text.</summary>
    internal static JsonNode Node(double value) =>
        double.IsNaN(value) ? "nan" : double.IsPositiveInfinity(value) ? "inf" : double.IsNegativeInfinity(value) ? "-inf" : JsonValue.Create(value);
}
