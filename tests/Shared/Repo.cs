using System.Runtime.CompilerServices;

namespace Tunesmith.Tests;

/// <summary>Where the checkout, its fixtures and the recorded reference values are.</summary>
internal static class Repo
{
    /// <summary>The checkout's top folder.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Small files that the project needs to test itself on a fresh machine.</summary>
    public static string Fixtures { get; } = Path.Combine(Root, "tests", "fixtures");

    /// <summary>The folder of reference values beside the checkout, or null on a machine that has none.</summary>
    public static string? Shared { get; } = FindShared();

    /// <summary>A path below the shared folder; null when it is not on this machine.</summary>
    public static string? SharedPath(params ReadOnlySpan<string> parts)
    {
        if (Shared is null) return null;
        var path = Path.Combine([Shared, .. parts]);
        return File.Exists(path) || Directory.Exists(path) ? path : null;
    }

    private static string FindRoot([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", ".."));

    private static string? FindShared()
    {
        var beside = Path.GetFullPath(Path.Combine(Root, "..", "shared"));
        return Directory.Exists(Path.Combine(beside, "golden")) ? beside : null;
    }
}
