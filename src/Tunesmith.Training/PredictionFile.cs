using System.Text;
using System.Text.Json;
using Tunesmith.Data;
using Tunesmith.Runs.Files;
using Tunesmith.Training.Phases;
using Tunesmith.Training.Results;
using Tunesmith.Training.Stages;

namespace Tunesmith.Training;

/// <summary>What a model says of every evaluation example, one JSON object a line.</summary>
internal static class PredictionFile
{
    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>One label: the label said, its probability, the true one. Many labels: those said, every probability, the true ones. Values: said and true.</summary>
    /// <param name="texts">The examples as they were written.</param>
    public static void WriteClasses(string path, EvaluationResult result, LabelSet labels, IReadOnlyList<string> texts)
    {
        if (result.Sums is not ClassMetrics classes) return;
        var text = new StringBuilder();
        void Line(object row) => text.Append(JsonSerializer.Serialize(row, Relaxed)).Append('\n');
        switch (classes.Problem)
        {
            case ProblemType.OneLabel:
                foreach (var (row, label, probability, expected) in classes.Answers)
                    Line(new { row, text = texts[row], predict = labels.Names[label], probability, label = labels.Names[expected] });
                break;
            case ProblemType.ManyLabels:
                for (var row = 0; row < classes.Rows.Count; row++)
                {
                    var (scores, targets) = classes.Rows[row];
                    var probabilities = labels.Names.Select((name, i) => KeyValuePair.Create(name, 1 / (1 + Math.Exp(-scores[i])))).ToDictionary();
                    Line(new { row, text = texts[row], predict = labels.Names.Where((_, i) => scores[i] > 0), probabilities, label = labels.Names.Where((_, i) => targets[i] > 0.5f) });
                }
                break;
            default:
                for (var row = 0; row < classes.Rows.Count; row++)
                    Line(new { row, text = texts[row], predict = classes.Rows[row].Scores[0], label = classes.Rows[row].Targets[0] });
                break;
        }
        AtomicFile.WriteAllText(path, text.ToString());
    }

    /// <summary>generated_predictions.jsonl as LLaMA-Factory writes it.</summary>
    public static void WriteAnswers(string path, IReadOnlyList<WrittenAnswer> answers)
    {
        var text = new StringBuilder();
        foreach (var answer in answers)
            text.Append(PythonJson.Write(new Dictionary<string, object?> { ["prompt"] = answer.Prompt, ["predict"] = answer.Written, ["label"] = answer.Wanted }, ascii: false)).Append('\n');
        AtomicFile.WriteAllText(path, text.ToString());
    }
}
