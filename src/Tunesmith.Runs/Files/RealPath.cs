namespace Tunesmith.Runs.Files;

/// <summary>Where a path leads when all links on its way are followed.</summary>
public static class RealPath
{
    /// <summary>The full path without links and without a separator at its end; what is not there yet stays as it is written.</summary>
    public static string Of(string path)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (Path.GetDirectoryName(full) is not { } above) return full;
        var here = Path.Combine(Of(above), Path.GetFileName(full));
        try
        {
            return new DirectoryInfo(here).ResolveLinkTarget(returnFinalTarget: true) is { } target ? Of(target.FullName) : here;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return here; // a circle of links, or a folder that may not be looked at: whoever opens it will be told
        }
    }

    /// <summary>Whether a path lies somewhere below a folder, whatever way both are written.</summary>
    public static bool IsInside(string path, string folder)
    {
        var above = Of(folder);
        return Of(path).StartsWith(Path.EndsInDirectorySeparator(above) ? above : above + Path.DirectorySeparatorChar, StringComparison.Ordinal);
    }
}
