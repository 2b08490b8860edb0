using System.Text;

namespace Tunesmith.Runs.Files;

/// <summary>Writes files that appear whole or not at all, whatever kills the program in between.</summary>
public static class AtomicFile
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);
    private static long _count;

    /// <summary>Replaces the file by this text, in UTF-8 without a byte order mark.</summary>
    public static void WriteAllText(string path, string text) => WriteAllBytes(path, Utf8.GetBytes(text));

    /// <summary>Replaces the file by these bytes.</summary>
    public static void WriteAllBytes(string path, ReadOnlyMemory<byte> bytes) => Write(path, stream => stream.Write(bytes.Span));

    /// <summary>Replaces the file by what <paramref name="write"/> puts into the stream: beside it first, on the disk, then under its name.</summary>
    public static void Write(string path, Action<Stream> write)
    {
        var full = Path.GetFullPath(path);
        var folder = Path.GetDirectoryName(full) ?? throw Errors.NotAFilePath(path);
        var temporary = TemporaryName(full);
        try
        {
            Directory.CreateDirectory(folder);
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }
            File.Move(temporary, full, overwrite: true);
            FolderSync.Flush(folder);
        }
        catch (Exception failure)
        {
            Discard(temporary);
            if (Errors.IsOfWriting(failure)) throw Errors.CannotWrite(path, failure);
            throw;
        }
    }

    /// <summary>Appends text to a file of lines; where not all of it can be written, none of it stays.</summary>
    public static void Append(string path, string text)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read, 1);
            Append(stream, Utf8.GetBytes(text));
        }
        catch (Exception failure) when (Errors.IsOfWriting(failure))
        {
            throw Errors.CannotWrite(path, failure);
        }
    }

    /// <summary>Writes at the end of a stream; where not all of it can be written, none of it stays.</summary>
    internal static void Append(FileStream stream, ReadOnlySpan<byte> bytes)
    {
        var end = stream.Length;
        try
        {
            stream.Write(bytes);
        }
        catch (Exception failure) when (Errors.IsOfWriting(failure))
        {
            // A disk that is full takes what still fits; half a line must not stand before the lines of the run that goes on.
            stream.SetLength(end);
            throw;
        }
    }

    /// <summary>Whether a name is that of a file or folder which a killed program left half-written.</summary>
    public static bool IsLeftOver(string name)
    {
        name = Path.GetFileName(name);
        return name.StartsWith('.') && name.EndsWith(".part", StringComparison.Ordinal);
    }

    internal static string TemporaryName(string full, string ending = ".part") =>
        Path.Combine(Path.GetDirectoryName(full)!, $".{Path.GetFileName(full)}.{Environment.ProcessId}-{Interlocked.Increment(ref _count)}{ending}");

    private static void Discard(string path)
    {
        // The first failure is the one to tell; a left-over is recognised by its name and cleared at the next start.
        try { File.Delete(path); }
        catch (IOException) { }
        catch (UnauthorizedAccessException) { }
    }
}
