using System.Text.Json;
using System.Text.RegularExpressions;
using Tunesmith.Models.Checkpoints;
using Tunesmith.Torch;

namespace Tunesmith.Proof.Kinds;

/// <summary>The files that a recorded run left beside ours: weights and numbers within their tolerances, everything else exact; times and versions are not compared.</summary>
internal static partial class RunFiles
{
    private const double WeightTolerance = 1e-4;

    /// <param name="recorded">The recorded output folder.</param>
    /// <param name="ours">Our output folder.</param>
    /// <param name="prefix">What our paths begin with where the recorded ones are relative.</param>
    public static void Compare(string recorded, string ours, string prefix, Compare compare, double loss, bool signs)
    {
        foreach (string path in Directory.EnumerateFiles(recorded, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            string name = Path.GetRelativePath(recorded, path), mine = Path.Combine(ours, name);
            if (name.EndsWith(".summary.json", StringComparison.Ordinal)) continue;
            if (!File.Exists(mine))
            {
                compare.That(name, false, "the file is missing");
                continue;
            }
            string Text(string file) => File.ReadAllText(file).Replace(prefix, "", StringComparison.Ordinal);
            if (name.EndsWith(".safetensors", StringComparison.Ordinal)) Weights(name, mine, path, compare, loss > 5e-2 ? 3e-2 : Math.Max(loss, WeightTolerance), signs);
            else if (name.EndsWith(".jsonl", StringComparison.Ordinal)) Lines(name, Text(mine), Text(path), compare, loss);
            else if (name.EndsWith(".json", StringComparison.Ordinal)) Json(name, JsonDocument.Parse(Text(mine)).RootElement, JsonDocument.Parse(Text(path)).RootElement, compare, loss);
            else if (Path.GetFileName(name) == "README.md") compare.Text(name, Card(Text(mine), loss), Card(Text(path), loss));
            else if (!name.EndsWith(".png", StringComparison.Ordinal)) compare.Text(name, Text(mine), Text(path));
        }
    }

    private static void Weights(string name, string ours, string recorded, Compare compare, double tolerance, bool signs)
    {
        using SafeTensorsFile mine = SafeTensorsFile.Open(ours), theirs = SafeTensorsFile.Open(recorded);
        compare.Text(name + " names", string.Join('\n', mine.Names.Order(StringComparer.Ordinal)), string.Join('\n', theirs.Names.Order(StringComparer.Ordinal)));
        float[] Signed(Tensor values) => signs ? values.ToFloats() : RunWatch.Absolute(values.ToFloats());
        foreach (string tensor in theirs.Names.Where(mine.Contains))
        {
            using var scope = Scope.Open();
            Tensor wanted = theirs.Read(tensor);
            compare.Floats($"{name} {tensor}", Signed(mine.Read(tensor)), Signed(wanted), tolerance, 0, wanted.Shape);
        }
    }

    private static void Lines(string name, string ours, string recorded, Compare compare, double loss)
    {
        string[] mine = ours.TrimEnd().Split('\n'), theirs = recorded.TrimEnd().Split('\n');
        compare.Exact(name + " lines", [mine.Length], [theirs.Length]);
        for (int line = 0; line < Math.Min(mine.Length, theirs.Length); line++)
            Json($"{name} line {line + 1}", JsonDocument.Parse(mine[line]).RootElement, JsonDocument.Parse(theirs[line]).RootElement, compare, loss);
    }

    private static void Json(string name, JsonElement ours, JsonElement recorded, Compare compare, double loss)
    {
        if (recorded.ValueKind == JsonValueKind.Object && ours.ValueKind == JsonValueKind.Object)
        {
            compare.Text(name + " keys", Keys(ours), Keys(recorded));
            foreach (JsonProperty entry in recorded.EnumerateObject())
            {
                if (IsTime(entry.Name) || !ours.TryGetProperty(entry.Name, out JsonElement mine)) continue;
                if (entry.Name is "target_modules" && entry.Value.ValueKind == JsonValueKind.Array) compare.Text($"{name} {entry.Name}", Sorted(mine), Sorted(entry.Value));
                else if (entry.Name is not ("transformers_version" or "peft_version")) Json($"{name} {entry.Name}", mine, entry.Value, compare, loss);
            }
        }
        else if (recorded.ValueKind == JsonValueKind.Array && ours.ValueKind == JsonValueKind.Array)
        {
            compare.Exact(name + " length", [ours.GetArrayLength()], [recorded.GetArrayLength()]);
            foreach (var (mine, theirs, index) in ours.EnumerateArray().Zip(recorded.EnumerateArray(), Enumerable.Range(0, int.MaxValue))) Json($"{name}[{index}]", mine, theirs, compare, loss);
        }
        else if (recorded.ValueKind == JsonValueKind.Number && ours.ValueKind == JsonValueKind.Number && recorded.GetRawText() != ours.GetRawText())
        {
            bool measured = name.EndsWith("loss", StringComparison.Ordinal) || name.EndsWith("best_metric", StringComparison.Ordinal) || name.EndsWith("accuracy", StringComparison.Ordinal);
            compare.Value(name, ours.GetDouble(), recorded.GetDouble(), measured ? loss : 1e-12, name.EndsWith("grad_norm", StringComparison.Ordinal) ? Math.Max(1e-3, loss) : name.EndsWith("perplexity", StringComparison.Ordinal) ? loss : 1e-9);
        }
        else
        {
            compare.Text(name, ours.GetRawText(), recorded.GetRawText());
        }
    }

    private static bool IsTime(string key) => key.EndsWith("_runtime", StringComparison.Ordinal) || key.EndsWith("_per_second", StringComparison.Ordinal)
        || key is "elapsed_time" or "remaining_time" or "throughput" or "effective_tokens_per_sec";

    private static string Keys(JsonElement element) => string.Join(' ', element.EnumerateObject().Select(entry => entry.Name));

    private static string Sorted(JsonElement element) => element.ValueKind == JsonValueKind.Array ? string.Join(' ', element.EnumerateArray().Select(entry => entry.ToString()).Order(StringComparer.Ordinal)) : element.GetRawText();

    // Versions differ between programs; numbers of 4 decimals may differ in the last one.
    private static string Card(string text, double loss)
    {
        int versions = text.IndexOf("### Framework versions", StringComparison.Ordinal);
        text = versions < 0 ? text : text[..versions];
        return loss > 5e-2 ? Decimals().Replace(text, "") : LastDecimal().Replace(text, "$1");
    }

    [GeneratedRegex(@"\b\d+\.\d{4}\b")]
    private static partial Regex Decimals();

    [GeneratedRegex(@"(\b\d+\.\d{3})\d\b")]
    private static partial Regex LastDecimal();
}
