using System.Text.Json;
using Tunesmith.Runs.Files;
using Tunesmith.Runs.Recipes;

namespace Tunesmith.Runs.Folders;

/// <summary>
/// The folder of one run (<c>output_dir</c>), held by one writer at a time: its events, its resolved recipe, its environment,
/// and whether it ended.
/// </summary>
public sealed class RunFolder : IDisposable
{
    private readonly FolderLock _lock;
    private readonly TimeProvider _clock;
    private RunRecord _record;

    private RunFolder(string path, FolderLock held, RunState state, IReadOnlyList<string> halfWritten, RunRecord record, TimeProvider clock)
    {
        (Path, _lock, State, HalfWritten, _record, _clock) = (path, held, state, halfWritten, record, clock);
        Events = new EventLog(System.IO.Path.Combine(path, "events.jsonl"), clock);
    }

    /// <summary>The folder's full path.</summary>
    public string Path { get; }

    /// <summary>What stood in the folder when it was opened.</summary>
    public RunState State { get; }

    /// <summary>Files and folders that a killed writer had begun; what was written of them is gone.</summary>
    public IReadOnlyList<string> HalfWritten { get; }

    /// <summary>The run's log.</summary>
    public EventLog Events { get; }

    /// <summary>
    /// Opens or creates the folder for this recipe, whose options must all be bound. Another run's folder, and one with files of
    /// nobody's run, is refused unless <paramref name="overwrite"/>; then the old run's own files are removed and no others.
    /// </summary>
    /// <param name="anyRecipe">Goes on in the folder although the recipe differs: the checkpoint to go on from was named.</param>
    /// <param name="keep">Goes on from one of the folder's own checkpoints, so that even overwriting removes nothing of the run there.</param>
    public static RunFolder Open(string path, Recipe recipe, bool overwrite, TimeProvider clock, bool anyRecipe = false, bool keep = false)
    {
        var full = System.IO.Path.GetFullPath(path);
        if (File.Exists(full)) throw Errors.OutputIsFile(path);
        try
        {
            Directory.CreateDirectory(full);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Errors.CannotWrite(path, failure);
        }
        var held = FolderLock.Take(full);
        try
        {
            var keys = RunRecord.KeysOf(recipe);
            var record = RunRecord.Read(full, out bool broken);
            var state = overwrite && (record is null || !keep) ? RunState.Fresh : Judge(path, full, record, broken, keys, anyRecipe || keep);
            var halfWritten = RemoveLeftOvers(full);
            if (overwrite && !keep) RemoveRun(full);
            if (state == RunState.Fresh)
            {
                record = new RunRecord(RunRecord.Running, Now(clock), null, keys);
                record.Write(full);
            }
            return new RunFolder(full, held, state, halfWritten, record! with { Keys = keys }, clock);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Sees that the folder can be made, before time goes into what is to be written there: leaves nothing behind.</summary>
    public static void CheckPlace(string path)
    {
        var above = System.IO.Path.GetFullPath(path);
        if (File.Exists(above)) throw Errors.OutputIsFile(path);
        while (!Directory.Exists(above) && !File.Exists(above)) above = System.IO.Path.GetDirectoryName(above)!; // the root is there
        try
        {
            var trial = AtomicFile.TemporaryName(System.IO.Path.Combine(above, "tunesmith"));
            Directory.CreateDirectory(trial);
            Directory.Delete(trial);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Errors.CannotWrite(path, failure);
        }
    }

    /// <summary>Sees that no other process works in the folder, if it is there at all.</summary>
    public static void CheckFree(string path)
    {
        if (Directory.Exists(path)) FolderLock.Take(System.IO.Path.GetFullPath(path)).Dispose();
    }

    /// <summary>What <see cref="Open"/> would find, without making or locking anything; what it would refuse is the same error here.</summary>
    public static RunState Look(string path, Recipe recipe, bool overwrite, bool anyRecipe = false, bool keep = false)
    {
        var full = System.IO.Path.GetFullPath(path);
        if (File.Exists(full)) throw Errors.OutputIsFile(path);
        if (!Directory.Exists(full)) return RunState.Fresh;
        var record = RunRecord.Read(full, out bool broken);
        return overwrite && (record is null || !keep) ? RunState.Fresh : Judge(path, full, record, broken, RunRecord.KeysOf(recipe), anyRecipe || keep);
    }

    /// <summary>Writes <c>recipe.yaml</c>: every value in force with its origin; it can be run again as it is.</summary>
    public void WriteRecipe(Recipe recipe) =>
        AtomicFile.WriteAllText(In("recipe.yaml"), RecipeWriter.ToYaml(recipe.Resolved, $"Resolved from {recipe.Source}: every value in force and where it comes from."));

    /// <summary>Writes <c>environment.json</c>: the machine, the versions and the settings this run has.</summary>
    public void WriteEnvironment(IReadOnlyDictionary<string, object?> facts) =>
        AtomicFile.WriteAllText(In("environment.json"), JsonSerializer.Serialize(facts, Indented) + "\n");

    /// <summary>Marks the run as under way again: an interrupted or finished one that goes on.</summary>
    public void Begin()
    {
        _record = _record with { State = RunRecord.Running, Ended = null };
        _record.Write(Path);
    }

    /// <summary>Marks the run as ended: the same command will not run it again.</summary>
    public void Finish()
    {
        _record = _record with { State = RunRecord.Finished, Ended = Now(_clock) };
        _record.Write(Path);
    }

    /// <summary>A path inside the folder.</summary>
    public string In(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Lets the folder go; an unfinished run stays marked as such.</summary>
    public void Dispose()
    {
        Events.Dispose();
        _lock.Dispose();
    }

    private static RunState Judge(string path, string full, RunRecord? record, bool broken, Dictionary<string, string> keys, bool anyRecipe)
    {
        if (record is null)
        {
            var strangers = Directory.EnumerateFileSystemEntries(full).Select(entry => System.IO.Path.GetFileName(entry)).Where(name => !name.StartsWith('.')).Order(StringComparer.Ordinal).ToList();
            if (broken || strangers.Count > 0) throw Errors.NotOurFolder(path, strangers[0], strangers.Count);
            return RunState.Fresh;
        }
        var differences = record.Differences(keys);
        if (differences.Count > 0 && !anyRecipe) throw Errors.AnotherRunsFolder(path, differences);
        // What was finished is another run: this one goes on from the checkpoint that was named.
        return record.State == RunRecord.Finished && differences.Count == 0 ? RunState.Finished : RunState.Interrupted;
    }

    // A write that a kill cut short left its temporary behind; nobody else can hold one, because the folder is locked.
    private static List<string> RemoveLeftOvers(string folder)
    {
        var everywhere = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint };
        var halfWritten = new List<string>();
        foreach (var entry in Directory.EnumerateFileSystemEntries(folder, "*.part", everywhere).Where(AtomicFile.IsLeftOver).ToList())
        {
            if (!System.IO.Path.Exists(entry)) continue; // inside one that is gone already
            if (AtomicFolder.HalfWritten(entry) is { } name) halfWritten.Add(name);
            Remove(entry);
        }
        return halfWritten;
    }

    // Weights and tokenizer of the old run stay until the new ones replace them: an interrupted overwrite should not leave nothing.
    // The record goes last: until then the folder is still known as a run's.
    private static void RemoveRun(string folder)
    {
        foreach (var checkpoint in Directory.EnumerateDirectories(folder, "checkpoint-*"))
        {
            if (System.IO.Path.GetFileName(checkpoint)["checkpoint-".Length..].All(char.IsAsciiDigit)) AtomicFolder.Delete(checkpoint);
        }
        foreach (var name in (string[])["events.jsonl", "trainer_log.jsonl", "trainer_state.json", "all_results.json", "before_results.json", "train_results.json", "eval_results.json", "predict_results.json", "predictions.jsonl", "generated_predictions.jsonl", .. Directory.EnumerateFiles(folder, "training_*.png").Select(file => System.IO.Path.GetFileName(file)), RunRecord.FileName])
            Remove(System.IO.Path.Combine(folder, name));
    }

    private static void Remove(string path)
    {
        try
        {
            if (Directory.Exists(path)) Directory.Delete(path, recursive: true);
            else File.Delete(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Errors.CannotWrite(path, failure);
        }
    }

    private static string Now(TimeProvider clock) => clock.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
