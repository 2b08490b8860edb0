using System.Text;
using System.Text.Json;
using Tunesmith.Data;
using Tunesmith.Runs.Files;
using Tunesmith.Training.Stages;

namespace Tunesmith.Training;

/// <summary>What a classifier says of every evaluation example, one JSON object a line.</summary>
internal static class PredictionFile
{
    public static void WriteClasses(string path, EvaluationResult result, LabelSet labels)
    {
        if (result.Sums is not ClassMetrics classes) return;
        var text = new StringBuilder();
        foreach (var (row, label, probability, expected) in classes.Answers)
            text.Append(JsonSerializer.Serialize(new { row, predict = labels.Names[label], probability, label = labels.Names[expected] })).Append('\n');
        AtomicFile.WriteAllText(path, text.ToString());
    }
}
