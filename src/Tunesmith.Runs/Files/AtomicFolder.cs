namespace Tunesmith.Runs.Files;

/// <summary>Writes folders that appear whole or not at all.</summary>
public static class AtomicFolder
{
    /// <summary>
    /// Lets <paramref name="write"/> fill a folder beside the wanted one, puts all of it on the disk, then gives it its name.
    /// A folder that is there already is replaced: moved aside, and deleted when the new one stands.
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
            string? aside = null;
            if (Directory.Exists(full))
            {
                aside = AtomicFile.TemporaryName(full);
                Directory.Move(full, aside);
            }
            Directory.Move(temporary, full);
            FolderSync.Flush(parent);
            if (aside is not null) Directory.Delete(aside, recursive: true);
        }
        catch (Exception failure)
        {
            Discard(temporary);
            if (failure is IOException or UnauthorizedAccessException) throw Errors.CannotWrite(path, failure);
            throw;
        }
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
