using System.Text;
using System.Text.RegularExpressions;

namespace Tunesmith.Tests.House;

/// <summary>What each room shows to the others, as text in docs/reference/api: a change of it is a line in the change. <c>./dev docs</c> writes the files.</summary>
public sealed class PublicSurface
{
    private static readonly bool Update = Environment.GetEnvironmentVariable("TUNESMITH_UPDATE") == "1";

    public static TheoryData<string> Rooms() => [.. Sources.Product.Select(file => Sources.Room(file.Path)).Distinct()];

    [Theory]
    [MemberData(nameof(Rooms))]
    public void A_room_shows_what_its_page_says(string room)
    {
        var path = Path.Combine(Repo.Root, "docs", "reference", "api", $"{room}.txt");
        var text = Of(room);
        if (Update)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, text);
        }
        Assert.True(File.Exists(path) && File.ReadAllText(path) == text, $"docs/reference/api/{room}.txt is out of date. Run ./dev docs and look at what changed.");
    }

    private static string Of(string room)
    {
        var text = new StringBuilder();
        foreach (var space in Sources.Product.Where(file => Sources.Room(file.Path) == room).GroupBy(file => Regex.Match(file.Code, @"^namespace ([\w.]+)", RegexOptions.Multiline).Groups[1].Value).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            var lines = space.SelectMany(file => Declarations(file.Text)).ToList();
            if (lines.Count == 0) continue;
            text.Append(space.Key).Append('\n');
            foreach (var line in lines) text.Append(line).Append('\n');
        }
        return text.ToString();
    }

    // Layout is by the rule of one declaration a line with the indentation of its depth; `dotnet format` keeps it so.
    private static IEnumerable<string> Declarations(string text)
    {
        var shown = new Stack<(int Depth, bool Visible, bool All)>();
        var lines = text.Split('\n');
        for (int at = 0; at < lines.Length; at++)
        {
            var line = Regex.Replace(lines[at], @"(?<=\s)//.*$", "").TrimEnd();
            int depth = line.Length - line.TrimStart().Length;
            var code = line.TrimStart();
            while (Regex.Match(code, @"^\[[^\]]*\]\s*") is { Success: true, Length: > 0 } attribute && attribute.Length < code.Length) code = code[attribute.Length..];
            if (code.Length == 0 || !char.IsLetter(code[0])) continue;
            bool type = Regex.IsMatch(code, @"^(?:(?:public|internal|private|protected|file|static|sealed|abstract|partial|readonly|ref|unsafe) )*(?:class|record|struct|interface|enum|delegate) ");
            while (shown.Count > 0 && shown.Peek().Depth >= depth && (type || Regex.IsMatch(code, "^(public|protected|internal|private) "))) shown.Pop();
            bool inside = shown.Count == 0 || (shown.Peek().Visible && depth == shown.Peek().Depth + 4);
            bool all = shown.Count > 0 && shown.Peek().All && shown.Peek().Visible && depth == shown.Peek().Depth + 4;
            bool visible = inside && (Regex.IsMatch(code, "^(public|protected) ") || all);
            var whole = code;
            while (visible && whole.Count(c => c == '(') > whole.Count(c => c == ')') && at + 1 < lines.Length) whole += " " + lines[++at].Trim();
            if (visible) yield return new string(' ', depth / 2 + 2) + Head(whole);
            if (type) shown.Push((depth, visible, Regex.IsMatch(code, @"\b(interface|enum) ")));
        }
    }

    // The declaration without what follows it: body, value, accessors that are not public.
    private static string Head(string code)
    {
        int open = 0;
        for (int at = 0; at < code.Length; at++)
        {
            if (code[at] is '(' or '[') open++;
            if (code[at] is ')' or ']') open--;
            if (open > 0) continue;
            if (code[at] == '{' && Regex.IsMatch(code, @"^public enum .*\}$")) return code;
            if (code[at] == '{') return Accessors(code[..at], code[at..]);
            if (code[at] == ';' || (code[at] == '=' && (at + 1 >= code.Length || code[at + 1] != '=') && !code[..at].EndsWith("operator ", StringComparison.Ordinal))) return code[..at].TrimEnd(' ', ',');
        }
        return code.TrimEnd(' ', ',');
    }

    private static string Accessors(string head, string body)
    {
        var accessors = Regex.Matches(body, @"(?:(private|internal|protected) )?\b(get|set|init)\b\s*(?:;|=>|\{)").Where(match => match.Groups[1].Value is "" or "protected").Select(match => match.Groups[2].Value + ";").Distinct();
        var shown = string.Join(' ', accessors);
        return shown.Length == 0 ? head.TrimEnd() : $"{head.TrimEnd()} {{ {shown} }}";
    }
}
