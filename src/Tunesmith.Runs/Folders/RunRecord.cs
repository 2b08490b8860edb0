using System.Text.Json;
using Tunesmith.Runs.Files;
using Tunesmith.Runs.Recipes;

namespace Tunesmith.Runs.Folders;

/// <summary>The file <c>run.json</c>: whose run a folder holds and how far it came.</summary>
internal sealed record RunRecord(string State, string Started, string? Ended, IReadOnlyDictionary<string, string> Keys)
{
    public const string FileName = "run.json";
    public const string Running = "running", Finished = "finished";

    // These change what is shown or kept, never what is computed: a run may go on with other values of them.
    private static readonly HashSet<string> Free = new(StringComparer.Ordinal)
    {
        "output_dir", "overwrite_output_dir", "resume_from_checkpoint", "logging_steps", "logging_first_step", "logging_strategy", "logging_dir", "plot_loss",
        "report_to", "run_name", "save_steps", "save_strategy", "save_total_limit", "save_only_model", "do_predict", "disable_tqdm", "dataloader_num_workers",
        "preprocessing_num_workers", "overwrite_cache", "include_num_input_tokens_seen", "do_sample", "temperature", "top_p", "top_k", "max_new_tokens",
        "max_length", "repetition_penalty", "length_penalty", "num_beams", "skip_special_tokens",
    };

    public static Dictionary<string, string> KeysOf(Recipe recipe) =>
        recipe.Resolved.Where(key => !Free.Contains(key.Name)).ToDictionary(key => key.Name, key => RecipeWriter.Value(key.Value), StringComparer.Ordinal);

    /// <summary>The record of a folder; null when there is none. A record nobody can read counts as somebody else's.</summary>
    public static RunRecord? Read(string folder, out bool broken)
    {
        broken = false;
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path)) return null;
        try
        {
            var record = JsonSerializer.Deserialize<RunRecord>(File.ReadAllText(path), Json);
            broken = record is not { State: not null, Keys: not null };
            return broken ? null : record;
        }
        catch (Exception failure) when (failure is JsonException or IOException or UnauthorizedAccessException)
        {
            broken = true;
            return null;
        }
    }

    public void Write(string folder) => AtomicFile.WriteAllText(Path.Combine(folder, FileName), JsonSerializer.Serialize(this, Json) + "\n");

    /// <summary>The keys whose values are not those of <paramref name="other"/>: name, value here, value there.</summary>
    public IReadOnlyList<(string Name, string Here, string There)> Differences(IReadOnlyDictionary<string, string> other)
    {
        var differences = new List<(string, string, string)>();
        foreach (var name in Keys.Keys.Union(other.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            // A key that one side does not know came with another version of the program; its default was in force then.
            if (!Keys.TryGetValue(name, out var here) || !other.TryGetValue(name, out var there) || here == there) continue;
            differences.Add((name, here, there));
        }
        return differences;
    }

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };
}
