using System.Runtime.InteropServices;

namespace Tunesmith.Runs.Files;

/// <summary>Puts a folder's list of names on the disk: a rename is only safe from a power cut when its folder is.</summary>
internal static class FolderSync
{
    private const int ReadOnly = 0;
    private const int CurrentFolder = -100; // AT_FDCWD
    private const uint ExchangeFlag = 2; // RENAME_EXCHANGE

    // .NET opens no folders, so this asks the C library itself. A file system that cannot do it (some network ones) is no error:
    // the rename has happened and only the protection from a power cut is less.
    internal static void Flush(string folder)
    {
        int descriptor = Open(folder, ReadOnly);
        if (descriptor < 0) return;
        _ = Fsync(descriptor);
        _ = Close(descriptor);
    }

    /// <summary>Lets two names change places in one step; false where the system or the file system cannot.</summary>
    internal static bool Exchange(string one, string other)
    {
        try
        {
            return Rename(CurrentFolder, one, CurrentFolder, other, ExchangeFlag) == 0;
        }
        catch (EntryPointNotFoundException)
        {
            return false;
        }
    }

    [DllImport("libc", EntryPoint = "renameat2")]
    private static extern int Rename(int oldFolder, [MarshalAs(UnmanagedType.LPUTF8Str)] string oldPath, int newFolder, [MarshalAs(UnmanagedType.LPUTF8Str)] string newPath, uint flags);

    [DllImport("libc", EntryPoint = "open")]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "fsync")]
    private static extern int Fsync(int descriptor);

    [DllImport("libc", EntryPoint = "close")]
    private static extern int Close(int descriptor);
}
