namespace Tunesmith.Proof;

/// <summary>One kind of recorded reference values.</summary>
/// <param name="Name">The kind's name, as in its cases' <c>golden.json</c>.</param>
/// <param name="Recognises">Whether a folder is one of this kind's: a case, or the folder of a kind that has no folder a case.</param>
/// <param name="Verify">Computes and compares what is in such a folder; null where it is not implemented.</param>
internal sealed record Kind(string Name, Func<FolderMarks, bool> Recognises, Func<string, IEnumerable<CaseResult>>? Verify);

/// <summary>What a folder shows of itself: the names of its files and the kind its golden.json names.</summary>
internal sealed class FolderMarks
{
    private readonly HashSet<string> _files;

    public FolderMarks(string folder)
    {
        Folder = folder;
        _files = [.. Directory.EnumerateFiles(folder).Select(file => Path.GetFileName(file)!)];
        if (!Has("golden.json")) return;
        try
        {
            var golden = GoldenFile.Json(Path.Combine(folder, "golden.json"));
            GoldenKind = golden.Maybe("kind")?.GetString() ?? "";
        }
        catch (Exception error) when (error is Runs.UsageException or InvalidOperationException)
        {
            BrokenBecause = error.Message;
        }
    }

    public string Folder { get; }

    /// <summary>The kind that golden.json names; null without golden.json.</summary>
    public string? GoldenKind { get; }

    /// <summary>Why golden.json cannot be read; null where it can.</summary>
    public string? BrokenBecause { get; }

    public bool Has(string file) => _files.Contains(file) || _files.Contains(file + ".gz");

    public bool HasAny(params ReadOnlySpan<string> files)
    {
        foreach (var file in files) if (Has(file)) return true;
        return false;
    }

    public IEnumerable<string> JsonLines => _files.Where(file => file.EndsWith(".jsonl", StringComparison.Ordinal)).Order(StringComparer.Ordinal);
}
