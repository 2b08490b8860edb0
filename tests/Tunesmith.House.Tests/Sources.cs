using System.Text.RegularExpressions;

namespace Tunesmith.Tests.House;

/// <summary>The repository's C# files as text.</summary>
internal static partial class Sources
{
    public static IReadOnlyList<SourceFile> Product { get; } = Read("src");

    public static IReadOnlyList<SourceFile> Tests { get; } = Read("tests");

    public static string Room(string path) => path.Split('/')[1]["Tunesmith.".Length..];

    private static List<SourceFile> Read(string folder) =>
        [.. Directory.EnumerateFiles(Path.Combine(Repo.Root, folder), "*.cs", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Repo.Root, file).Replace('\\', '/'))
            .Where(path => !Built().IsMatch(path)).Order(StringComparer.Ordinal)
            .Select(path => new SourceFile(path, File.ReadAllText(Path.Combine(Repo.Root, path))))];

    [GeneratedRegex("(^|/)(artifacts|obj|bin)/")] private static partial Regex Built();
}

/// <summary>One file; <see cref="Code"/> is it without comments and without the inside of strings, for rules about what code does.</summary>
internal sealed partial record SourceFile(string Path, string Text)
{
    private string? _code;

    public string Code => _code ??= Noise().Replace(Text, match => match.Value.StartsWith('/') ? "" : "\"\"");

    public int Lines => Text.Count(c => c == '\n');

    [GeneratedRegex("""
        //[^\n]*|/\*.*?\*/|\$*"{3,}.*?"{3,}|@\$?"(?:[^"]|"")*"|\$@"(?:[^"]|"")*"|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)+'
        """, RegexOptions.Singleline)]
    private static partial Regex Noise();
}
