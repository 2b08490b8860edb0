using System.Runtime.InteropServices;

namespace Tunesmith.Runs.Files;

/// <summary>The signal that ends a program, without a word, when a file grows past the limit on the size of files (ulimit -f).</summary>
public static class FileSizeSignal
{
    private const int TooLarge = 25; // SIGXFSZ
    private const nint IgnoreIt = 1; // SIG_IGN

    /// <summary>From now on such a write fails with an error (EFBIG) instead.</summary>
    // .NET's PosixSignalRegistration answers a signal on another thread, some time later: a program that ended before it did was killed all the same.
    public static void Ignore() => _ = Signal(TooLarge, IgnoreIt);

    [DllImport("libc", EntryPoint = "signal")]
    private static extern nint Signal(int number, nint handler);
}
