namespace Tunesmith.Runs.Files;

/// <summary>Writes folders that appear whole or not at all.</summary>
public static class AtomicFolder
{
    /// <summary>
    /// Lets <paramref name="write"/> fill a folder beside the wanted one, puts all of it on the disk, then gives it its name.
    /// A folder that is there already is replaced: the two change places, and the old one is deleted when the new one stands.
    /// </summary>
    public static void Write(string path, Action<string> write)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        var parent = Path.GetDirectoryName(full) ?? throw Errors.NotAFilePath(path);
        var temporary = AtomicFile.TemporaryName(full);
        try
        {
            Directory.CreateDirectory(temporary);
            write(temporary);
            FlushTree(temporary);
            var aside = Directory.Exists(full) ? Replace(temporary, full) : null;
            if (aside is null) Directory.Move(temporary, full);
            FolderSync.Flush(parent);
            if (aside is not null) Directory.Delete(aside, recursive: true);
        }
        catch (Exception failure)
        {
            Discard(temporary);
            if (Errors.IsOfWriting(failure)) throw Errors.CannotWrite(path, failure);
            throw;
        }
    }

    /// <summary>Deletes a folder: its name is gone at once, so that nobody takes what a kill leaves of it for the whole.</summary>
    public static void Delete(string path)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        try
        {
            var aside = AtomicFile.TemporaryName(full, Gone);
            Directory.Move(full, aside);
            Directory.Delete(aside, recursive: true);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Errors.CannotWrite(path, failure);
        }
    }

    /// <summary>Deletes what killed programs left of this folder beside it.</summary>
    /// <returns>The names of what was deleted.</returns>
    public static IReadOnlyList<string> ClearLeftOvers(string path)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        var parent = Path.GetDirectoryName(full);
        if (!Directory.Exists(parent)) return [];
        var start = $".{Path.GetFileName(full)}.";
        var cleared = new List<string>();
        foreach (var name in Directory.EnumerateDirectories(parent, start + "*").Select(folder => Path.GetFileName(folder)!).Where(AtomicFile.IsLeftOver).ToList())
        {
            // .NAME.PROCESS-COUNT.part: of a process that runs it is no left-over.
            if (!int.TryParse(name[start.Length..].Split('-')[0], out var process) || Directory.Exists($"/proc/{process}")) continue;
            Discard(Path.Combine(parent, name));
            cleared.Add(name);
        }
        return cleared;
    }

    /// <summary>The name that a left-over was to have, or null where it is none, or one of something that was being deleted.</summary>
    public static string? HalfWritten(string leftOver)
    {
        var name = Path.GetFileName(leftOver);
        if (!AtomicFile.IsLeftOver(name) || name.EndsWith(Gone, StringComparison.Ordinal)) return null;
        var parts = name.Split('.');
        return parts.Length < 4 ? null : string.Join('.', parts[1..^2]);
    }

    private const string Gone = ".gone.part";

    // Returns where the old one is now. At no moment is there neither.
    private static string Replace(string temporary, string full)
    {
        if (FolderSync.Exchange(temporary, full)) return temporary;
        var aside = AtomicFile.TemporaryName(full, Gone);
        Directory.Move(full, aside);
        Directory.Move(temporary, full);
        return aside;
    }

    private static void FlushTree(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(folder))
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.Read, 1);
            stream.Flush(flushToDisk: true);
        }
        foreach (var inner in Directory.EnumerateDirectories(folder)) FlushTree(inner);
        FolderSync.Flush(folder);
    }

    private static void Discard(string folder)
    {
        try { if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true); }
        catch (IOException) { }
        catch (UnauthorizedAccessException) { }
    }
}
