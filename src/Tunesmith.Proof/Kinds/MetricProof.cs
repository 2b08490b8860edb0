using System.Text.Json;
using System.Text.Json.Nodes;
using Tunesmith.Evaluation.Metrics;

namespace Tunesmith.Proof.Kinds;

/// <summary>Rows of <c>{id, metric, input, options, output}</c>: computes each metric and compares everything the row recorded.</summary>
internal static class MetricProof
{
    private const double Relative = 1e-10, Absolute = 1e-12;

    /// <summary>P-values and rank correlations come from other series than the reference's.</summary>
    private const double Loose = 1e-8;

    private static readonly IReadOnlyDictionary<string, Func<JsonElement, JsonElement, JsonObject>> Known =
        new Dictionary<string, Func<JsonElement, JsonElement, JsonObject>>
        {
            ["binary_scores"] = (input, _) => MetricRows.BinaryScores(input),
            ["classification"] = MetricRows.Classification,
            ["error_rate"] = MetricRows.ErrorRate,
            ["lf_accuracy"] = (input, _) => MetricRows.TokenAccuracy(input),
            ["lf_similarity"] = MetricRows.SimilarityOfPair,
            ["multiclass_scores"] = (input, _) => MetricRows.MultiClassScores(input),
            ["multilabel"] = MetricRows.MultiLabels,
            ["nltk_bleu"] = (input, _) => MetricRows.NltkBleu(input),
            ["pass_at_k"] = MetricRows.PassAtK,
            ["perplexity"] = (input, _) => MetricRows.Perplexity(input),
            ["ranking"] = (input, _) => MetricRows.RankingOf(input),
            ["regression"] = (input, _) => MetricRows.RegressionOf(input),
        };

    public static bool Recognises(FolderMarks marks)
    {
        if (marks.GoldenKind is not null) return false;
        foreach (var file in marks.JsonLines)
        {
            try
            {
                var first = GoldenFile.JsonLines(Path.Combine(marks.Folder, file)).FirstOrDefault();
                if (first.Maybe("metric") is not null && first.Maybe("output") is not null) return true;
            }
            catch (Runs.UsageException) { } // an unreadable first row only means that this file does not decide; Verify names the fault
        }
        return false;
    }

    public static IEnumerable<CaseResult> Verify(string folder) =>
        Directory.EnumerateFiles(folder, "*.jsonl").Order(StringComparer.Ordinal).SelectMany(VerifyFile);

    private static IEnumerable<CaseResult> VerifyFile(string file)
    {
        int number = 0;
        foreach (var row in GoldenFile.JsonLines(file))
        {
            number++;
            var name = row.Maybe("id")?.GetString() ?? $"{Path.GetFileName(file)}:{number}";
            yield return ProofRunner.Guarded("metrics", name, () => Row(name, row));
        }
    }

    private static CaseResult Row(string name, JsonElement row)
    {
        var metric = row.Need("metric", name).GetString()!;
        if (!Known.TryGetValue(metric, out var compute)) return new CaseResult("metrics", name, false, $"the metric '{metric}' is not implemented");
        var output = row.Need("output", name);
        var compare = new Compare();
        if (output.Maybe("error") is { } refused)
        {
            bool refuses = false;
            try { compute(row.Need("input", name), row.Maybe("options") ?? default); }
            catch (Runs.UsageException) { refuses = true; }
            compare.That("refusal", refuses, $"computed a value; expected a refusal ({refused})");
            return compare.Result("metrics", name);
        }
        var computed = JsonSerializer.SerializeToElement(compute(row.Need("input", name), row.Maybe("options") ?? default));
        CompareTree(compare, "", computed, output, loose: false);
        return compare.Result("metrics", name);
    }

    /// <summary>Everything that is recorded must be computed and equal; more may be computed.</summary>
    private static void CompareTree(Compare compare, string path, JsonElement computed, JsonElement expected, bool loose)
    {
        string name = path.Length == 0 ? "value" : path;
        switch (expected.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var property in expected.EnumerateObject())
                {
                    var inner = path.Length == 0 ? property.Name : $"{path}.{property.Name}";
                    if (computed.ValueKind == JsonValueKind.Object && computed.TryGetProperty(property.Name, out var value))
                        CompareTree(compare, inner, value, property.Value, loose || property.Name is "pvalue" or "spearman" or "kendall");
                    else compare.That(inner, false, "not computed");
                }
                break;
            case JsonValueKind.Array:
                if (computed.ValueKind != JsonValueKind.Array || computed.GetArrayLength() != expected.GetArrayLength())
                {
                    compare.That(name, false, $"got {(computed.ValueKind == JsonValueKind.Array ? computed.GetArrayLength() : 0)} entries, expected {expected.GetArrayLength()}");
                    break;
                }
                for (var i = 0; i < expected.GetArrayLength(); i++) CompareTree(compare, $"{path}[{i}]", computed[i], expected[i], loose);
                break;
            case JsonValueKind.String when expected.GetString() is not ("nan" or "inf" or "-inf"):
                compare.Text(name, computed.ValueKind == JsonValueKind.String ? computed.GetString() : computed.ToString(), expected.GetString());
                break;
            case JsonValueKind.Null:
                compare.That(name, computed.ValueKind == JsonValueKind.Null, $"got {computed}, expected nothing");
                break;
            default:
                compare.Value(name, computed.Number(name), expected.Number(name), loose ? Loose : Absolute, loose ? Loose : Relative);
                break;
        }
    }
}
