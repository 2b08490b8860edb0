using System.Text.Json;

namespace Tunesmith.Training.Results;

/// <summary>Reads back what <see cref="TrainerState.ToJson"/> wrote.</summary>
internal static class TrainerStateReader
{
    public static void Read(JsonElement json, TrainerState state)
    {
        state.BestGlobalStep = json.GetProperty("best_global_step") is { ValueKind: JsonValueKind.Number } step ? step.GetInt64() : null;
        state.BestMetric = json.GetProperty("best_metric") is { ValueKind: JsonValueKind.Number } metric ? metric.GetDouble() : null;
        state.BestModelCheckpoint = json.GetProperty("best_model_checkpoint").GetString();
        state.Epoch = json.GetProperty("epoch").GetDouble();
        state.GlobalStep = json.GetProperty("global_step").GetInt64();
        state.NumInputTokensSeen = json.GetProperty("num_input_tokens_seen").GetInt64();
        state.TotalFlos = json.GetProperty("total_flos").GetDouble();
        state.LogHistory.Clear();
        foreach (var record in json.GetProperty("log_history").EnumerateArray())
        {
            var entry = new SortedDictionary<string, object?>(StringComparer.Ordinal);
            foreach (var field in record.EnumerateObject()) entry[field.Name] = Value(field.Value);
            state.LogHistory.Add(entry);
        }
    }

    private static object? Value(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Number when element.GetRawText().AsSpan().IndexOfAny('.', 'e', 'E') < 0 => element.GetInt64(),
        JsonValueKind.Number => element.GetDouble(),
        JsonValueKind.String => element.GetString(),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => null,
    };
}
