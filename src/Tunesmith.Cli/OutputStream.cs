using Microsoft.Win32.SafeHandles;

namespace Tunesmith.Cli;

/// <summary>Nobody reads the results any more (a pipe into head).</summary>
internal sealed class ReaderLeftException : Exception;

/// <summary>
/// Standard output and standard error. What cannot be written of the talk (a full disk behind a log file, a reader that went away) is lost, because talk must not end a
/// run that computes; a result that cannot be written is an error.
/// </summary>
internal sealed class OutputStream(Stream inner, bool isTalk) : Stream
{
    /// <summary>EPIPE.</summary>
    private const int BrokenPipe = 32;

    /// <summary>The process's standard output.</summary>
    public static OutputStream OfResults()
    {
        // .NET's own stream keeps silent about a reader that went away. A file stream does not; but on a file it would count its own place, beside that of other programs.
        if (!Console.IsOutputRedirected) return new OutputStream(Console.OpenStandardOutput(), isTalk: false);
        try
        {
            var file = new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
            if (!file.CanSeek) return new OutputStream(file, isTalk: false);
        }
        catch (Exception closed) when (closed is IOException or ArgumentException or UnauthorizedAccessException)
        {
        }
        return new OutputStream(Console.OpenStandardOutput(), isTalk: false);
    }

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        try
        {
            inner.Write(buffer);
        }
        catch (Exception problem) when (problem is IOException || IsTooLarge(problem))
        {
            if (isTalk) return;
            if (problem.HResult == BrokenPipe) throw new ReaderLeftException();
            throw Errors.ResultsLost(problem);
        }
    }

    /// <summary>A file that grew past what a file may have (EFBIG): .NET tells it as an argument.</summary>
    internal static bool IsTooLarge(Exception problem) => problem is ArgumentOutOfRangeException { ParamName: "value" };

    public override void Flush()
    {
        // The system's own streams keep nothing back.
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
