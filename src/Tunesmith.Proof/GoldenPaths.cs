namespace Tunesmith.Proof;

/// <summary>Finds what the paths written inside recorded files point at.</summary>
public static class GoldenPaths
{
    private static readonly AsyncLocal<string?> GivenRoot = new();

    /// <summary>
    /// The folder that holds <c>shared/</c> when the user named one. It flows with the call instead of standing in every
    /// verifier's signature, since it is the same for a whole <c>verify</c>.
    /// </summary>
    public static string? Root { get => GivenRoot.Value; set => GivenRoot.Value = value; }

    /// <summary>The folder of another kind that this kind's cases use: beside it, else in shared/golden; the one beside it where neither is there.</summary>
    public static string Beside(string folder, string other)
    {
        string beside = Path.GetFullPath(Path.Combine(folder, "..", other));
        if (Directory.Exists(beside)) return beside;
        try { return Resolve(folder, "shared/golden/" + other) is var found && Directory.Exists(found) ? found : beside; }
        catch (Runs.UsageException) { return beside; } // no shared/ anywhere: what opens the folder names it
    }

    /// <summary>A path as written in a file of <paramref name="folder"/>: relative to that folder, or from the folder that holds <c>shared/</c>.</summary>
    public static string Resolve(string folder, string path)
    {
        if (path != "shared" && !path.StartsWith("shared/", StringComparison.Ordinal)) return Path.GetFullPath(path, Path.GetFullPath(folder));
        string[] starts = Root is null ? [Path.GetFullPath(folder), Directory.GetCurrentDirectory(), AppContext.BaseDirectory] : [Path.GetFullPath(Root)];
        string? first = null;
        foreach (var start in starts)
        {
            for (var at = new DirectoryInfo(start); at is not null; at = at.Parent)
            {
                if (!Directory.Exists(Path.Combine(at.FullName, "shared"))) continue;
                var found = Path.Combine(at.FullName, path);
                first ??= found;
                if (Path.Exists(found)) return found;
            }
        }
        return first ?? throw Errors.NoRoot(path, starts[0]);
    }
}
