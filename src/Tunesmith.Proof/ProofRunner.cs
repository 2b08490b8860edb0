using System.Text.Encodings.Web;
using System.Text.Json;
using Tunesmith.Runs;

namespace Tunesmith.Proof;

/// <summary>How a <c>verify</c> reports.</summary>
public sealed record ProofOptions
{
    /// <summary>One JSON object a line instead of text.</summary>
    public bool Json { get; init; }

    /// <summary>The folder that holds <c>shared/</c>, for recorded files that name paths below it; null = looked for upwards.</summary>
    public string? Root { get; init; }
}

/// <summary>How many cases passed and failed.</summary>
public readonly record struct ProofSummary(int Passed, int Failed)
{
    /// <summary>0 only when something was checked and nothing failed.</summary>
    public int ExitCode => Failed == 0 && Passed > 0 ? 0 : 1;
}

/// <summary>Computes what folders of recorded reference values say should come out, and compares.</summary>
public static class ProofRunner
{
    /// <summary>The kinds of recorded values that are implemented.</summary>
    public static IEnumerable<string> Kinds => KindPlate.All.Where(kind => kind.Verify is not null).Select(kind => kind.Name);

    /// <summary>
    /// Checks every case under <paramref name="paths"/> (a case, a kind's folder, or a folder of kinds), a line a case, and last
    /// <c>N passed, N failed</c>. A broken case is a failed line, never the end of the check.
    /// </summary>
    public static ProofSummary Verify(IEnumerable<string> paths, TextWriter output, ProofOptions? options = null, CancellationToken cancel = default)
    {
        options ??= new ProofOptions();
        var folders = paths.Select(path => Path.TrimEndingDirectorySeparator(Path.GetFullPath(path))).Distinct(StringComparer.Ordinal).ToList();
        foreach (var folder in folders) if (!Directory.Exists(folder)) throw Errors.NoSuchPath(folder);
        var before = GoldenPaths.Root;
        GoldenPaths.Root = options.Root;
        int passed = 0, failed = 0;
        try
        {
            foreach (var result in folders.SelectMany(Check))
            {
                cancel.ThrowIfCancellationRequested();
                if (result.Passed) passed++; else failed++;
                output.WriteLine(options.Json ? JsonLine(result) : TextLine(result));
                output.Flush();
            }
        }
        finally { GoldenPaths.Root = before; }
        output.WriteLine(options.Json ? $$"""{"passed":{{passed}},"failed":{{failed}}}""" : $"{passed} passed, {failed} failed");
        return new ProofSummary(passed, failed);
    }

    /// <summary>All results of one path, in the order of folder names.</summary>
    internal static IEnumerable<CaseResult> Check(string folder)
    {
        bool any = false;
        foreach (var (kind, place, problem) in Find(folder, top: true))
        {
            any = true;
            if (kind is null) yield return new CaseResult("unknown", Name(place), false, problem!);
            else foreach (var result in Run(kind, place)) yield return result;
        }
        if (!any) yield return new CaseResult("unknown", Name(folder), false, NothingKnown);
    }

    private const string NothingKnown = "nothing here has the form of recorded values; expected what docs/reference/golden-formats.md describes";

    /// <summary>
    /// Walks down to the folders that have a form. A folder that has one is not searched further. Below a folder of cases,
    /// checkpoints (config.json alone) and data that the cases share are inputs; any other folder without a form is named.
    /// </summary>
    private static IEnumerable<(Kind? Kind, string Folder, string? Problem)> Find(string folder, bool top)
    {
        FolderMarks? marks = null;
        string? unreadable = null;
        try { marks = new FolderMarks(folder); }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException) { unreadable = error.Message; }
        if (marks is null) { yield return (null, folder, unreadable); yield break; }
        if (marks.BrokenBecause is not null) { yield return (null, folder, marks.BrokenBecause); yield break; }
        var kind = KindPlate.All.FirstOrDefault(candidate => candidate.Recognises(marks));
        if (kind is not null) { yield return (kind, folder, null); yield break; }
        if (marks.GoldenKind is not null)
        {
            yield return (null, folder, $"the kind '{marks.GoldenKind}' that golden.json names is not implemented; known: {string.Join(", ", KindPlate.All.Select(known => known.Name))}");
            yield break;
        }
        bool below = false;
        foreach (var inner in Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal))
        {
            if (IsInput(inner)) continue;
            below = true;
            foreach (var found in Find(inner, top: false)) yield return found;
        }
        if (!top && !below) yield return (null, folder, NothingKnown);
    }

    /// <summary>Checkpoints and data beside the cases: read by them, not cases of their own.</summary>
    private static bool IsInput(string folder)
    {
        if (Path.GetFileName(folder) is "base" or "data") return true;
        return File.Exists(Path.Combine(folder, "config.json")) && !File.Exists(Path.Combine(folder, "golden.json"));
    }

    /// <summary>Runs a verifier so that nothing a case holds can end the check.</summary>
    private static IEnumerable<CaseResult> Run(Kind kind, string folder)
    {
        var name = Name(folder);
        if (kind.Verify is null) { yield return new CaseResult(kind.Name, name, false, $"the kind '{kind.Name}' is not implemented"); yield break; }
        int count = 0;
        using var results = Start(kind, folder, out var broken);
        while (broken is null && results is not null)
        {
            CaseResult result;
            try
            {
                if (!results.MoveNext()) break;
                result = results.Current;
            }
            catch (Exception error) when (error is not OperationCanceledException)
            {
                broken = Describe(error);
                break;
            }
            count++;
            yield return result;
        }
        if (broken is not null) yield return new CaseResult(kind.Name, name, false, broken);
        else if (count == 0) yield return new CaseResult(kind.Name, name, false, "nothing was compared");
    }

    private static IEnumerator<CaseResult>? Start(Kind kind, string folder, out string? broken)
    {
        broken = null;
        try { return kind.Verify!(folder).GetEnumerator(); }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            broken = Describe(error);
            return null;
        }
    }

    /// <summary>One row of a file of many cases: whatever is wrong with it fails this case and leaves the others alone.</summary>
    internal static CaseResult Guarded(string kind, string name, Func<CaseResult> check)
    {
        try
        {
            return check();
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            return new CaseResult(kind, name, false, Describe(error));
        }
    }

    /// <summary>Our own errors say what to do; any other names its type, since its words were not meant for a user.</summary>
    internal static string Describe(Exception error) =>
        error is UsageException or RunException ? error.Message : $"{error.GetType().Name}: {error.Message}";

    private static string Name(string folder) => Path.GetFileName(Path.TrimEndingDirectorySeparator(folder));

    private static string TextLine(CaseResult result) =>
        $"{result.Kind}/{result.Case}  {(result.Passed ? "passed" : "FAILED")}  {result.Detail.ReplaceLineEndings(" ")}";

    private static readonly JsonSerializerOptions LineOptions =
        new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static string JsonLine(CaseResult result) => JsonSerializer.Serialize(result, LineOptions);
}
