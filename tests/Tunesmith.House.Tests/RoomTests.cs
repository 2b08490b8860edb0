using System.Text.RegularExpressions;

namespace Tunesmith.Tests.House;

/// <summary>What a line of code should know: rules inside the rooms that the compiler does not see.</summary>
public sealed class RoomTests
{
    [Fact]
    public void Every_function_of_the_native_header_is_imported_and_called()
    {
        var header = File.ReadAllText(Path.Combine(Repo.Root, "native", "tunesmith.h"));
        var declared = Regex.Matches(header, @"^TS_API \w+ (ts_\w+)\(", RegexOptions.Multiline).Select(match => match.Groups[1].Value).Order(StringComparer.Ordinal).ToList();
        var list = Sources.Product.Single(file => file.Path == "src/Tunesmith.Torch/Interop/Native.cs");
        var imported = Regex.Matches(list.Code, @"static partial \w+ (ts_\w+)\(").Select(match => match.Groups[1].Value).Order(StringComparer.Ordinal);
        Assert.NotEmpty(declared);
        Assert.Equal(declared, imported);
        var torch = string.Concat(Sources.Product.Where(file => file.Path.StartsWith("src/Tunesmith.Torch/", StringComparison.Ordinal) && file != list).Select(file => file.Code));
        None(declared.Where(name => !Regex.IsMatch(torch, $@"\bNative\.{name}\b")));
    }

    /// <summary>
    /// Folders beside each other may not use each other in a circle. A folder and those inside it may: the files above are the entrance
    /// (options, errors, what puts the parts together).
    /// </summary>
    [Fact]
    public void No_folder_uses_a_neighbour_that_uses_it()
    {
        var home = Sources.Product.SelectMany(file => Types(file).Select(type => (type, Space: Space(file)))).GroupBy(entry => entry.type).ToDictionary(group => group.Key, group => group.Select(entry => entry.Space).ToHashSet());
        var uses = new Dictionary<string, HashSet<string>>();
        foreach (var file in Sources.Product)
        {
            var (own, seen) = (Space(file), Regex.Matches(file.Code, @"^using (Tunesmith[\w.]*);", RegexOptions.Multiline).Select(match => match.Groups[1].Value).ToHashSet());
            foreach (Match word in Regex.Matches(file.Code, @"\b[A-Z]\w+\b"))
            {
                foreach (var other in home.GetValueOrDefault(word.Value) ?? [])
                    if (seen.Contains(other) && Room(other) == Room(own) && !Inside(own, other) && !Inside(other, own)) (uses.TryGetValue(own, out var set) ? set : uses[own] = []).Add(other);
            }
        }
        None(uses.Keys.Where(start => Reaches(start, start, [])).Order(StringComparer.Ordinal).Select(start => $"{start} -> {string.Join(", ", uses[start].Where(next => Reaches(next, start, [])))}"));

        bool Reaches(string from, string wanted, HashSet<string> met) => uses.TryGetValue(from, out var next) && (next.Contains(wanted) || next.Any(each => met.Add(each) && Reaches(each, wanted, met)));
        static string Room(string space) => string.Join('.', space.Split('.').Take(2));
        static bool Inside(string outer, string inner) => inner.StartsWith(outer + ".", StringComparison.Ordinal) || inner == outer;
    }

    [Fact]
    public void A_class_is_sealed_unless_another_derives_from_it()
    {
        var bases = Bases(Sources.Product).ToHashSet(StringComparer.Ordinal);
        None(Sources.Product.SelectMany(file => Regex.Matches(file.Code, @"^ *(?:public|internal|private|file)? *(?:readonly )?(?:class|record(?! struct)) (\w+)", RegexOptions.Multiline).Select(match => (file.Path, Name: match.Groups[1].Value)))
            .Where(type => !bases.Contains(type.Name)).Select(type => $"{type.Path}: {type.Name}"));
    }

    [Fact]
    public void An_interface_has_more_than_one_implementation()
    {
        // The observer's second implementation is the one that writes the run folder; tests have a third.
        var bases = Bases(Sources.Product.Concat(Sources.Tests)).CountBy(name => name).ToDictionary(pair => pair.Key, pair => pair.Value);
        None(Sources.Product.SelectMany(file => Regex.Matches(file.Code, @"\binterface (I[A-Z]\w+)").Select(match => match.Groups[1].Value)).Where(name => bases.GetValueOrDefault(name) < 2));
    }

    [Theory]
    [InlineData(@"\.Dispose\(\)", "^src/Tunesmith.(Models/(Families|Blocks)|Training/(Losses|Stages))/")]
    [InlineData(@"\bScope\.Open\(", "^src/Tunesmith.Training/(Losses|Stages)/")]
    [InlineData(@"\basync\b|\bawait\b|\.GetAwaiter\(|#region|#pragma|\bdynamic\b", "^src/")]
    [InlineData(@"\b(class|record|struct|interface) \w*(Utils?|Helpers?|Common|Manager|Base)\b", "^src/")]
    [InlineData(@"\bpartial (class|record|struct) \w+(?![\s\S]*\b(GeneratedRegex|LibraryImport)\b)", "^src/(?!Tunesmith.Torch/(Tensor|Ops/Operators).cs)")] // C# wants a type's operators inside the type
    [InlineData(@"\b(Debug|Trace)\.(Write|Assert|Fail)", "^src/")]
    public void A_word_does_not_stand_in_a_room(string word, string room) => None(Sources.Product.Where(file => Regex.IsMatch(file.Path, room))
        .SelectMany(file => Regex.Matches(file.Code, word).Select(match => $"{file.Path}: {match.Value.Split('\n')[0]}")).Distinct());

    [Theory]
    [InlineData(@"<summary>\s*Gets or sets\b")]
    [InlineData(@"//[^\n]*\b(for now|temporar|workaround|later on|not yet implemented)\b")]
    public void A_comment_says_why(string word) => None(Sources.Product.Where(file => Regex.IsMatch(file.Text, word, RegexOptions.IgnoreCase)).Select(file => file.Path));

    [Theory]
    [InlineData("src/Tunesmith.Models/Families/", "src/Tunesmith.Models/Families/Families.cs", @"class (\w+)\b(?=(?:(?!\bclass\b)[\s\S])*static (?:readonly )?Family Family\b)")]
    [InlineData("src/Tunesmith.Training/Stages/", "src/Tunesmith.Training/Stages/Stages.cs", @"class (\w+)\b[^\n]*: Stage\b")]
    [InlineData("src/Tunesmith.Data/Formats/", "src/Tunesmith.Data/Formats/FormatPlate.cs", @"class (\w+)\b[^\n]*: IFormat\b")]
    [InlineData("src/Tunesmith.Data/Readers/", "src/Tunesmith.Data/Readers/RowReaders.cs", @"class (\w+)\b(?=[\s\S]*static IEnumerable<Row> Read\()")]
    public void What_a_folder_offers_stands_on_its_plate(string folder, string plate, string pattern)
    {
        var text = Sources.Product.Single(file => file.Path == plate).Code;
        var found = Sources.Product.Where(file => file.Path.StartsWith(folder, StringComparison.Ordinal) && file.Path != plate).SelectMany(file => Regex.Matches(file.Code, pattern).Take(1).Select(match => match.Groups[1].Value)).ToList();
        Assert.NotEmpty(found);
        None(found.Where(name => !Regex.IsMatch(text, $@"\b{name}\b")));
    }

    [Fact]
    public void Every_family_has_its_fixture()
    {
        var plate = Sources.Product.Single(file => file.Path == "src/Tunesmith.Models/Families/Families.cs").Text;
        var names = Regex.Matches(plate, @"^ {8}\[""(\w+)""\] =", RegexOptions.Multiline).Select(match => match.Groups[1].Value).ToList();
        Assert.NotEmpty(names);
        None(names.Where(name => !File.Exists(Path.Combine(Repo.Fixtures, "families", name, "golden.json"))));
    }

    // Every word after the colon of a type's declaration.
    private static IEnumerable<string> Bases(IEnumerable<SourceFile> files) => files.SelectMany(file => Regex.Matches(file.Code, @"\b(?:class|record|struct) \w+[^{;:]*(?:\([^{;]*\))?[^{;:]*: ([^{;]+)"))
        .SelectMany(match => Regex.Matches(match.Groups[1].Value, @"\w+").Select(word => word.Value));

    private static IEnumerable<string> Types(SourceFile file) => Regex.Matches(file.Code, @"^(?:public|internal|file)?[\w ]*? ?(?:class|record|record struct|struct|enum|interface) (\w+)", RegexOptions.Multiline).Select(match => match.Groups[1].Value);

    private static string Space(SourceFile file) => Regex.Match(file.Code, @"^namespace ([\w.]+)", RegexOptions.Multiline).Groups[1].Value;

    private static void None(IEnumerable<string> found)
    {
        var all = found.ToList();
        Assert.True(all.Count == 0, $"{all.Count} found:\n{string.Join('\n', all)}");
    }
}
