using System.Text.RegularExpressions;

namespace Tunesmith.Tests.House;

/// <summary>No message without a test: words that only this message of its room has stand in a test of the room (or of the program).</summary>
public sealed class MessageTests
{
    private const int Length = 16;

    public static TheoryData<string> Pages() => [.. Sources.Product.Select(file => file.Path).Where(path => path.EndsWith("/Errors.cs", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_message_is_provoked_by_a_test(string path)
    {
        var messages = Messages(Sources.Product.Single(file => file.Path == path).Text);
        Assert.NotEmpty(messages);
        var room = Sources.Room(path);
        var tests = Sources.Tests.Where(file => file.Path.StartsWith($"tests/Tunesmith.{room}.Tests/", StringComparison.Ordinal) || file.Path.StartsWith("tests/Tunesmith.Apps.Tests/", StringComparison.Ordinal));
        var said = tests.SelectMany(file => Literals.Of(file.Text)).SelectMany(Words).ToHashSet(StringComparer.Ordinal);
        var count = messages.SelectMany(message => message.Words).CountBy(words => words).ToDictionary(pair => pair.Key, pair => pair.Value);
        // What has no words of its own passes on somebody else's.
        var silent = messages.Where(message => message.Words.Any(words => count[words] == 1) && !message.Words.Any(words => count[words] == 1 && said.Contains(words)));
        var missing = silent.Select(message => message.Name).ToList();
        Assert.True(missing.Count == 0, $"{path}: no test of {room} or Apps quotes the words of {string.Join(", ", missing)}. Provoke each and assert what it says.");
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_message_is_used(string path)
    {
        var room = $"src/Tunesmith.{Sources.Room(path)}/";
        var code = string.Concat(Sources.Product.Where(file => file.Path.StartsWith(room, StringComparison.Ordinal) && file.Path != path).Select(file => file.Code));
        var page = Sources.Product.Single(file => file.Path == path).Code;
        var unused = Messages(Sources.Product.Single(file => file.Path == path).Text).Select(message => message.Name)
            .Where(name => !Regex.IsMatch(code, $@"\w*Errors\.{name}\b") && Regex.Count(page, $@"\b{name}\b") < 2).ToList();
        Assert.True(unused.Count == 0, $"{path}: nothing throws {string.Join(", ", unused)}. Delete them.");
    }

    [Fact]
    public void Words_are_found_in_every_kind_of_literal()
    {
        const string Code = """"
            var a = $"{x}: got {(y ? "one" : $"two {z}")}; expected {{three}}."; // "not this"
            var b = @"four ""five"""; var c = '"'; var d = $"""six {e} seven""";
            """";
        Assert.Equal([": got ", "one", "two ", "; expected {three}.", "four \"five\"", "six ", "e", " seven"], Literals.Of(Code));
    }

    private sealed record Message(string Name, IReadOnlySet<string> Words);

    private static List<Message> Messages(string page) =>
        [.. Regex.Split(page, @"^    (?=(?:public|private|internal) (?:static|const) )", RegexOptions.Multiline).Skip(1)
            .Select(text => (Name: Regex.Match(text, @"^public (?:static|const) [\w?]+ (\w+)").Groups[1].Value, text))
            .Where(part => part.Name.Length > 0)
            .Select(part => new Message(part.Name, Literals.Of(part.text).SelectMany(Words).ToHashSet(StringComparer.Ordinal)))];

    private static IEnumerable<string> Words(string piece) => Enumerable.Range(0, Math.Max(0, piece.Length - Length + 1)).Select(at => piece.Substring(at, Length));
}
