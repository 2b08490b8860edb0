using System.Text.Json;
using Tunesmith.Models.Checkpoints;
using Tunesmith.Torch;

namespace Tunesmith.Proof.Kinds;

/// <summary>The files that a recorded run left beside ours: weights and measured numbers within their tolerances, everything else exact; times and versions are not compared.</summary>
internal sealed class RunFiles(Compare compare, RunTolerance tolerance, bool signs)
{
    private readonly Dictionary<string, int> _places = new(StringComparer.Ordinal);

    /// <param name="recorded">The recorded output folder.</param>
    /// <param name="ours">Our output folder.</param>
    /// <param name="named">Puts the recorded names of folders into a text of ours.</param>
    public void Check(string recorded, string ours, Func<string, string> named)
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
            string Text(string file) => file == mine ? named(File.ReadAllText(file)) : File.ReadAllText(file);
            if (name.EndsWith(".safetensors", StringComparison.Ordinal)) Weights(name, mine, path);
            else if (name.EndsWith(".jsonl", StringComparison.Ordinal)) Lines(name, Text(mine), Text(path));
            else if (name.EndsWith(".json", StringComparison.Ordinal)) Json(name, name, "", JsonDocument.Parse(Text(mine)).RootElement, JsonDocument.Parse(Text(path)).RootElement);
            else if (Path.GetFileName(name) == "README.md") Card(name, Text(mine), Text(path));
            else if (!name.EndsWith(".png", StringComparison.Ordinal)) compare.Text(name, Text(mine), Text(path));
        }
    }

    /// <summary>Every file that the reference's run left must be there, its pickles aside, and no other checkpoint.</summary>
    public void CheckNames(string listing, string ours)
    {
        string[] wanted = [.. GoldenFile.Json(listing).Need("files_in_order_of_last_write", listing).EnumerateArray().Select(entry => entry.Need("file", listing).GetString()!)
            .Where(name => Path.GetExtension(name) is not (".bin" or ".pt" or ".pth"))];
        foreach (string name in wanted) compare.That(name, File.Exists(Path.Combine(ours, name)), "the file is missing");
        string[] checkpoints = [.. wanted.Where(name => name.StartsWith("checkpoint-", StringComparison.Ordinal)).Select(name => name[..name.IndexOf('/')]).Distinct().Order(StringComparer.Ordinal)];
        compare.Text("checkpoints", string.Join(' ', Directory.EnumerateDirectories(ours, "checkpoint-*").Select(Path.GetFileName).Order(StringComparer.Ordinal)), string.Join(' ', checkpoints));
    }

    private void Weights(string name, string ours, string recorded)
    {
        using SafeTensorsFile mine = SafeTensorsFile.Open(ours), theirs = SafeTensorsFile.Open(recorded);
        compare.Text(name + " names", string.Join('\n', mine.Names.Order(StringComparer.Ordinal)), string.Join('\n', theirs.Names.Order(StringComparer.Ordinal)));
        float[] Signed(Tensor values) => signs ? values.ToFloats() : RunWatch.Absolute(values.ToFloats());
        foreach (string tensor in theirs.Names.Where(mine.Contains))
        {
            using var scope = Scope.Open();
            Tensor wanted = theirs.Read(tensor);
            compare.Floats($"{name} {tensor}", Signed(mine.Read(tensor)), Signed(wanted), tolerance.OfTensor($"{name} {tensor}"), 0, wanted.Shape);
        }
    }

    private void Lines(string name, string ours, string recorded)
    {
        string[] mine = ours.TrimEnd().Split('\n'), theirs = recorded.TrimEnd().Split('\n');
        compare.Exact(name + " lines", [mine.Length], [theirs.Length]);
        for (int line = 0; line < Math.Min(mine.Length, theirs.Length); line++)
            Json(name, $"{name} line {line + 1}", "", JsonDocument.Parse(mine[line]).RootElement, JsonDocument.Parse(theirs[line]).RootElement);
    }

    private void Json(string file, string shown, string key, JsonElement ours, JsonElement recorded)
    {
        if (recorded.ValueKind == JsonValueKind.Object && ours.ValueKind == JsonValueKind.Object)
        {
            compare.Text(shown + " keys", Keys(ours), Keys(recorded));
            foreach (JsonProperty entry in recorded.EnumerateObject())
            {
                string place = $"{shown} {entry.Name}";
                if (!ours.TryGetProperty(entry.Name, out JsonElement mine)) continue;
                if (IsTime(entry.Name)) continue;
                if (entry.Name is "target_modules" && entry.Value.ValueKind == JsonValueKind.Array) compare.Text(place, Sorted(mine), Sorted(entry.Value));
                else if (entry.Name is not ("transformers_version" or "peft_version")) Json(file, place, entry.Name, mine, entry.Value);
            }
        }
        else if (recorded.ValueKind == JsonValueKind.Array && ours.ValueKind == JsonValueKind.Array)
        {
            compare.Exact(shown + " length", [ours.GetArrayLength()], [recorded.GetArrayLength()]);
            foreach (var (mine, theirs, index) in ours.EnumerateArray().Zip(recorded.EnumerateArray(), Enumerable.Range(0, int.MaxValue))) Json(file, $"{shown}[{index}]", key, mine, theirs);
        }
        else if (recorded.ValueKind == JsonValueKind.Number && ours.ValueKind == JsonValueKind.Number)
        {
            Number(shown, key, $"{file} {key} {Next($"{file} {key}")}", ours, recorded);
        }
        else
        {
            compare.Text(shown, ours.GetRawText(), recorded.GetRawText());
        }
    }

    private void Number(string shown, string key, string counted, JsonElement ours, JsonElement recorded)
    {
        double wanted = recorded.GetDouble();
        if (IsWhole(ours) != IsWhole(recorded)) compare.Text(shown, ours.GetRawText(), recorded.GetRawText());
        if (key.EndsWith("loss", StringComparison.Ordinal) || key.EndsWith("accuracy", StringComparison.Ordinal) || key == "best_metric") compare.Value(shown, ours.GetDouble(), wanted, tolerance.OfLoss(counted));
        else if (key == "grad_norm") compare.Value(shown, ours.GetDouble(), wanted, tolerance.OfNorm(counted, wanted));
        else if (key.EndsWith("perplexity", StringComparison.Ordinal)) compare.Value(shown, ours.GetDouble(), wanted, wanted * tolerance.OfLoss(counted.Replace("perplexity", "loss", StringComparison.Ordinal)));
        else if (ours.GetRawText() != recorded.GetRawText()) compare.Value(shown, ours.GetDouble(), wanted, 1e-12, 1e-9);
    }

    // Times are the machine's. The order of numbers counts without them, in both runs alike.
    private static bool IsTime(string key) => key.EndsWith("_runtime", StringComparison.Ordinal) || key.EndsWith("_per_second", StringComparison.Ordinal)
        || key.EndsWith("_preparation_time", StringComparison.Ordinal) || key is "elapsed_time" or "remaining_time" or "throughput" or "effective_tokens_per_sec";

    // 0 and 0.0 are different texts.
    private static bool IsWhole(JsonElement number) => number.GetRawText().AsSpan().IndexOfAny('.', 'e', 'E') < 0;

    private int Next(string name)
    {
        int place = _places.GetValueOrDefault(name);
        _places[name] = place + 1;
        return place;
    }

    private static string Keys(JsonElement element) => string.Join(' ', element.EnumerateObject().Select(entry => entry.Name));

    private static string Sorted(JsonElement element) => element.ValueKind == JsonValueKind.Array ? string.Join(' ', element.EnumerateArray().Select(entry => entry.ToString()).Order(StringComparer.Ordinal)) : element.GetRawText();

    // Versions differ between programs. A rounded number may be off by one in its last place.
    private void Card(string name, string ours, string recorded)
    {
        string mine = WithoutVersions(ours), theirs = WithoutVersions(recorded);
        compare.Text(name, RunNumbers.WithoutDecimals(mine), RunNumbers.WithoutDecimals(theirs));
        double[] got = RunNumbers.CardDecimals(mine), wanted = RunNumbers.CardDecimals(theirs);
        for (int at = 0; at < Math.Min(got.Length, wanted.Length); at++) compare.Value($"{name} number {at}", got[at], wanted[at], 1.01e-4 + tolerance.OfLoss($"{name} {at}"));
    }

    private static string WithoutVersions(string text)
    {
        int versions = text.IndexOf("### Framework versions", StringComparison.Ordinal);
        return versions < 0 ? text : text[..versions];
    }
}
