using System.Reflection;
using System.Runtime.InteropServices;

namespace Tunesmith.Torch.Interop;

/// <summary>Finds libtunesmith.so: beside the assembly, where TUNESMITH_NATIVE says, or in artifacts/native of the checkout above.</summary>
internal static class NativeLoader
{
    public const string LibraryName = "tunesmith";
    private const string FileName = "libtunesmith.so";
    private static int s_registered;

    public static void Register()
    {
        if (Interlocked.Exchange(ref s_registered, 1) == 0)
            NativeLibrary.SetDllImportResolver(typeof(NativeLoader).Assembly, Resolve);
    }

    /// <summary>The file that will be loaded, or null if there is none.</summary>
    public static string? Find() => Candidates().FirstOrDefault(File.Exists);

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path)
    {
        if (name != LibraryName) return 0;
        string file = Find() ?? throw Errors.NativeLibraryMissing(Candidates());
        try
        {
            return NativeLibrary.Load(file);
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            throw Errors.NativeLibraryUnloadable(file, e);
        }
    }

    private static IEnumerable<string> Candidates()
    {
        yield return Path.Combine(AppContext.BaseDirectory, FileName);
        if (Environment.GetEnvironmentVariable("TUNESMITH_NATIVE") is { Length: > 0 } given)
            yield return Directory.Exists(given) ? Path.Combine(given, FileName) : given;
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Tunesmith.slnx")))
                yield return Path.Combine(folder.FullName, "artifacts", "native", FileName);
        }
    }
}
