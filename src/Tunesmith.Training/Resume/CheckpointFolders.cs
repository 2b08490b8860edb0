using System.Globalization;
using Tunesmith.Runs.Files;

namespace Tunesmith.Training.Resume;

/// <summary>The checkpoint-N folders of a run: written whole or not at all, found again, and thinned out.</summary>
public static class CheckpointFolders
{
    private const string Prefix = "checkpoint-";

    /// <summary>Folder of the checkpoint after `step` updates.</summary>
    public static string PathOf(string runFolder, long step) => Path.Combine(runFolder, Prefix + step.ToString(CultureInfo.InvariantCulture));

    /// <summary>The updates that a checkpoint's name says, or null where it is none.</summary>
    public static long? StepOf(string path) =>
        Path.GetFileName(path) is { } name && name.StartsWith(Prefix, StringComparison.Ordinal) && long.TryParse(name.AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var step) ? step : null;

    /// <summary>Writes one: `fill` puts the files into a folder beside it, which gets its name when all is on the disk.</summary>
    public static string Write(string runFolder, long step, Action<string> fill)
    {
        var path = PathOf(runFolder, step);
        AtomicFolder.Write(path, folder =>
        {
            fill(folder);
            CheckpointManifest.Write(folder, step);
        });
        return path;
    }

    /// <summary>Every checkpoint of a run by its step, the newest first, whole or not.</summary>
    public static IReadOnlyList<(long Step, string Path)> All(string runFolder)
    {
        if (!Directory.Exists(runFolder)) return [];
        var found = new List<(long Step, string Path)>();
        foreach (var path in Directory.EnumerateDirectories(runFolder, Prefix + "*"))
        {
            if (StepOf(path) is long step) found.Add((step, path));
        }
        return [.. found.OrderByDescending(entry => entry.Step)];
    }

    /// <summary>Why a folder cannot be gone on from, or null where it can.</summary>
    /// <param name="hashes">False compares only the sizes of its files.</param>
    public static string? Fault(string checkpoint, bool hashes = true)
    {
        if (!Directory.Exists(checkpoint)) return "is not there";
        if (CheckpointManifest.Fault(checkpoint, hashes) is string fault) return fault;
        return File.Exists(Path.Combine(checkpoint, CheckpointState.ProgressFile)) ? null : "holds only the model (save_only_model)";
    }

    /// <summary>The newest whole checkpoint of a run, or null; each one that is passed over is told.</summary>
    public static string? Newest(string runFolder, Action<string> warn)
    {
        foreach (var (_, path) in All(runFolder))
        {
            if (Fault(path) is not string fault) return path;
            warn($"{Path.GetFileName(path)} {fault}: it is skipped");
        }
        return null;
    }

    /// <summary>Deletes every other checkpoint of the run, where the best is one of its own.</summary>
    public static void KeepBest(string runFolder, string best)
    {
        var all = All(runFolder);
        if (!all.Any(entry => entry.Step == StepOf(best) && RealPath.Of(entry.Path) == RealPath.Of(best))) return;
        foreach (var (step, path) in all)
            if (step != StepOf(best)) AtomicFolder.Delete(path);
    }

    /// <summary>
    /// Deletes the oldest checkpoints above `limit`; the best one and the `newest`, which the run stands at, stay. Later ones are of no use to it: broken ones
    /// go, whole ones are left to whoever named an earlier one to go on from.
    /// </summary>
    public static void KeepOnly(string runFolder, int? limit, long? bestStep, long newest)
    {
        if (limit is not int keep) return;
        var all = All(runFolder);
        var kept = new HashSet<long>();
        if (bestStep is long best && all.Any(entry => entry.Step == best)) kept.Add(best);
        kept.Add(newest);
        foreach (var (step, _) in all)
            if (step < newest && kept.Count < keep) kept.Add(step);
        foreach (var (step, path) in all)
            if (step > newest ? Fault(path) is not null : !kept.Contains(step)) AtomicFolder.Delete(path);
    }
}
