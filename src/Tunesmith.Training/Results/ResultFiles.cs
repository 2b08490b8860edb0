using System.Globalization;
using System.Text.Json;
using Tunesmith.Runs.Files;

namespace Tunesmith.Training.Results;

/// <summary>train_results.json, eval_results.json, predict_results.json, our own before_results.json and their union all_results.json: four spaces, keys sorted, no newline at the end.</summary>
public static class ResultFiles
{
    /// <summary>Writes `{split}_results.json` and merges the metrics into all_results.json.</summary>
    public static void Write(string folder, string split, IReadOnlyDictionary<string, object?> metrics)
    {
        AtomicFile.WriteAllText(Path.Combine(folder, split + "_results.json"), PythonJson.Write(metrics, indent: 4, sortKeys: true));
        var allPath = Path.Combine(folder, "all_results.json");
        var all = Read(allPath);
        foreach (var (name, value) in metrics) all[name] = value;
        AtomicFile.WriteAllText(allPath, PythonJson.Write(all, indent: 4, sortKeys: true));
    }

    /// <summary>Rates as transformers' speed_metrics gives them: runtime to 4 decimals, rates to 3.</summary>
    public static void AddSpeed(IDictionary<string, object?> metrics, string split, TimeSpan runtime, double? samples, double? steps)
    {
        var seconds = runtime.TotalSeconds;
        metrics[split + "_runtime"] = Math.Round(seconds, 4);
        if (seconds <= 0) return;
        if (samples is double count) metrics[split + "_samples_per_second"] = Math.Round(count / seconds, 3);
        if (steps is double updates) metrics[split + "_steps_per_second"] = Math.Round(updates / seconds, 3);
    }

    /// <summary>The numbers of `{split}_results.json` whose names begin with `{split}_`; null where there are none.</summary>
    public static IReadOnlyDictionary<string, double>? Numbers(string folder, string split)
    {
        var numbers = new Dictionary<string, double>();
        foreach (var (name, value) in Read(Path.Combine(folder, split + "_results.json")))
            if (name.StartsWith(split + "_", StringComparison.Ordinal) && (value is double or long)) numbers[name] = Convert.ToDouble(value, CultureInfo.InvariantCulture);
        return numbers.Count == 0 ? null : numbers;
    }

    private static Dictionary<string, object?> Read(string path)
    {
        var all = new Dictionary<string, object?>();
        if (!File.Exists(path)) return all;
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllText(path));
            foreach (var entry in document.RootElement.EnumerateObject()) all[entry.Name] = Value(entry.Value);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            all.Clear(); // a file of that name that is not ours is replaced, as the reference replaces it
        }
        return all;
    }

    private static object? Value(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.String => element.GetString(),
        JsonValueKind.Number => element.GetRawText().AsSpan().IndexOfAny('.', 'e', 'E') < 0 ? element.GetInt64() : element.GetDouble(),
        JsonValueKind.Array => element.EnumerateArray().Select(Value).ToList(),
        JsonValueKind.Object => element.EnumerateObject().ToDictionary(entry => entry.Name, entry => Value(entry.Value)),
        _ => null,
    };
}
