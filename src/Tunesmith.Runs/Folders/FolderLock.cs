using System.Globalization;

namespace Tunesmith.Runs.Folders;

/// <summary>Keeps a second writer out of a run folder. The system drops the lock with the process, so a crash leaves none behind.</summary>
internal sealed class FolderLock : IDisposable
{
    private const string Name = ".lock";

    // A file of its own: .NET takes a shared lock to read, which the locked file itself would refuse.
    private const string Owner = ".lock-owner";
    private readonly FileStream _stream;

    private FolderLock(FileStream stream) => _stream = stream;

    public static FolderLock Take(string folder)
    {
        var path = Path.Combine(folder, Name);
        FileStream stream;
        try
        {
            // FileShare.None is an exclusive flock on Linux.
            stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1);
        }
        catch (IOException failure) when (failure is not (FileNotFoundException or DirectoryNotFoundException) && IsHeld(failure))
        {
            throw Errors.FolderLocked(folder, Holder(Path.Combine(folder, Owner)));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Errors.CannotWrite(folder, failure);
        }
        try
        {
            File.WriteAllText(Path.Combine(folder, Owner), Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        }
        catch (Exception failure) when (Errors.IsOfWriting(failure))
        {
            stream.Dispose();
            throw Errors.CannotWrite(folder, failure);
        }
        return new FolderLock(stream);
    }

    public void Dispose() => _stream.Dispose();

    // EWOULDBLOCK is 11 on Linux; .NET hands the number through.
    private static bool IsHeld(IOException failure) => failure.HResult is 11 or 35 || failure.Message.Contains("being used by another process", StringComparison.Ordinal);

    private static string? Holder(string path)
    {
        try
        {
            var text = File.ReadAllText(path).Trim();
            return text.Length is > 0 and < 12 && text.All(char.IsAsciiDigit) ? text : null;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
