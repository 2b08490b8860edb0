using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Tunesmith.Models.Checkpoints;
using Tunesmith.Torch;

namespace Tunesmith.Proof.Kinds;

/// <summary>Every number that a run left: losses of micro-batches, numbers of result files by their names in order, tensors of weight files.</summary>
internal sealed partial class RunNumbers
{
    public IReadOnlyList<float> Losses { get; private init; } = [];

    /// <summary>Losses of evaluations during training, as they were measured.</summary>
    public IReadOnlyList<(string Name, double Loss)> Measured { get; private init; } = [];

    /// <summary>Numbers of one file and name, in the order of the file: `trainer_log.jsonl loss`.</summary>
    public Dictionary<string, double[]> Values { get; } = new(StringComparer.Ordinal);

    /// <summary>`adapter_model.safetensors base_model....weight`.</summary>
    public Dictionary<string, float[]> Tensors { get; } = new(StringComparer.Ordinal);

    /// <summary>Reads an output folder.</summary>
    public static RunNumbers Read(string folder, RunWatch watch)
    {
        var numbers = new RunNumbers { Losses = watch.Losses, Measured = watch.Measured };
        foreach (string path in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            string name = Path.GetRelativePath(folder, path);
            if (name.EndsWith(".safetensors", StringComparison.Ordinal)) numbers.ReadTensors(name, path);
            else if (name.EndsWith(".jsonl", StringComparison.Ordinal) && !name.EndsWith("events.jsonl", StringComparison.Ordinal))
                numbers.Take(name, File.ReadLines(path).Where(line => line.Length > 0).SelectMany(line => Numbers("", JsonDocument.Parse(line).RootElement)));
            else if (name.EndsWith("_results.json", StringComparison.Ordinal) || name.EndsWith("trainer_state.json", StringComparison.Ordinal))
                numbers.Take(name, Numbers("", JsonDocument.Parse(File.ReadAllText(path)).RootElement));
            else if (Path.GetFileName(name) == "README.md") numbers.Values[name] = CardDecimals(File.ReadAllText(path));
        }
        return numbers;
    }

    /// <summary>The numbers of 4 decimals in a model card.</summary>
    public static double[] CardDecimals(string text) => [.. Decimals().Matches(text).Select(match => double.Parse(match.Value, CultureInfo.InvariantCulture))];

    /// <summary>The card without them.</summary>
    public static string WithoutDecimals(string text) => Decimals().Replace(text, "");

    private void ReadTensors(string name, string path)
    {
        using SafeTensorsFile file = SafeTensorsFile.Open(path);
        foreach (string tensor in file.Names)
        {
            using var scope = Scope.Open();
            Tensors[$"{name} {tensor}"] = file.Read(tensor).ToFloats();
        }
    }

    private void Take(string file, IEnumerable<(string Name, double Value)> numbers)
    {
        foreach (var group in numbers.GroupBy(number => number.Name)) Values[$"{file} {group.Key}"] = [.. group.Select(number => number.Value)];
    }

    private static IEnumerable<(string Name, double Value)> Numbers(string name, JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(entry => Numbers(entry.Name, entry.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(entry => Numbers(name, entry)),
        JsonValueKind.Number => [(name, element.GetDouble())],
        _ => [],
    };

    [GeneratedRegex(@"\b\d+\.\d{4}\b")]
    private static partial Regex Decimals();
}
