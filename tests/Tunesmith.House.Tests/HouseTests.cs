using System.Globalization;
using System.Text.RegularExpressions;

namespace Tunesmith.Tests.House;

/// <summary>What docs/house.md says, held to the text of the code.</summary>
public sealed class HouseTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(Repo.Root, "docs", "house.md"));

    [Fact]
    public void The_projects_refer_to_each_other_as_the_page_says()
    {
        var said = Regex.Matches(Page, @"^([A-Z]\w+) ->(.*)$", RegexOptions.Multiline)
            .Select(match => $"{match.Groups[1].Value} -> {string.Join(", ", match.Groups[2].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))}").Order(StringComparer.Ordinal);
        var real = Directory.EnumerateFiles(Path.Combine(Repo.Root, "src"), "*.csproj", SearchOption.AllDirectories).Select(file =>
        {
            var references = Regex.Matches(File.ReadAllText(file), @"ProjectReference Include=""[^""]*Tunesmith\.(\w+)\.csproj""").Select(match => match.Groups[1].Value).Order(StringComparer.Ordinal);
            return $"{Path.GetFileNameWithoutExtension(file)["Tunesmith.".Length..]} -> {string.Join(", ", references)}";
        }).Order(StringComparer.Ordinal);
        Assert.Equal(said, real);
    }

    [Fact]
    public void No_file_has_more_than_500_lines() =>
        None(Sources.Product.Concat(Sources.Tests).Where(file => file.Lines > 500).Select(file => $"{file.Path}: {file.Lines} lines"));

    [Fact]
    public void No_room_is_larger_than_its_budget()
    {
        var budgets = Regex.Matches(Page, @"^\| (\w+) \| (\d+) \|$", RegexOptions.Multiline)
            .ToDictionary(match => match.Groups[1].Value, match => int.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture));
        None(Sources.Product.GroupBy(file => Sources.Room(file.Path)).Where(room => !budgets.TryGetValue(room.Key, out var budget) || room.Sum(file => file.Lines) > budget)
            .Select(room => $"{room.Key}: {room.Sum(file => file.Lines)} lines"));
    }

    [Fact]
    public void A_namespace_is_its_folder_s_path() => None(Sources.Product.Select(file =>
    {
        var declared = Regex.Match(file.Text, @"^namespace ([\w.]+)", RegexOptions.Multiline).Groups[1].Value;
        if (file.Path.StartsWith("src/Tunesmith.Torch/Ops/", StringComparison.Ordinal)) return null; // methods of Tensor, whose namespace is the room's
        var folder = Path.GetDirectoryName(file.Path)!.Replace('\\', '/')["src/".Length..].Replace('/', '.');
        return declared.Length == 0 || declared == folder ? null : $"{file.Path}: namespace {declared}, expected {folder}";
    }));

    [Theory]
    [InlineData(@"\bConsole\.", "^src/Tunesmith.Cli/")]
    [InlineData(@"\bEnvironment\.(Get|Set)EnvironmentVariable", "^src/Tunesmith.Cli/|^src/Tunesmith.Torch/Interop/")]
    [InlineData(@"\b(unsafe|nint|nuint|LibraryImport|DllImport)\b", "^src/Tunesmith.Torch/Interop/|^src/Tunesmith.Torch/Tensor.cs$|^src/Tunesmith.Runs/Files/(FolderSync|FileSizeSignal).cs$")]
    [InlineData(@"\bDateTime(Offset)?\.(Now|UtcNow|Today)\b", "^$")]
    [InlineData(@"\bRandom\.Shared\b", "^$")]
    [InlineData(@"\bThread\.Sleep\b", "^$")]
    [InlineData(@"\b(NotImplementedException)\b", "^$")]
    public void A_word_stands_only_where_it_may(string word, string allowed) => None(Sources.Product
        .Where(file => !Regex.IsMatch(file.Path, allowed)).SelectMany(file => Regex.Matches(file.Code, word).Select(match => $"{file.Path}: {match.Value}")).Distinct());

    [Fact]
    public void Nothing_is_marked_as_unfinished() =>
        None(Sources.Product.Where(file => Regex.IsMatch(file.Text, @"\b(TO" + @"DO|FIX" + @"ME|HA" + @"CK|XX" + @"X)\b")).Select(file => file.Path));

    [Fact]
    public void Family_names_stand_only_where_families_are() => None(Sources.Product
        .Where(file => !Regex.IsMatch(file.Path, "^src/Tunesmith.Models/(Families|Checkpoints)/|^src/Tunesmith.Text/|/Kinds/Tokenizer")) // tokenizers are named after families
        .SelectMany(file => Regex.Matches(Regex.Replace(file.Text, "//[^\n]*", ""), @"""(llama|gpt2|bert)""").Select(match => $"{file.Path}: {match.Value}")).Distinct());

    [Fact]
    public void Plates_are_sorted() => None(Sources.Product
        .Where(file => Regex.IsMatch(Path.GetFileName(file.Path), @"^\w*Plate\.cs$|^(Families|Optimizers|Schedules|Stages|TextMetrics)\.cs$"))
        .Select(file =>
        {
            var names = Regex.Matches(file.Text, @"^ {8}(?:\[""([\w-]+)""\] =|new\(""([\w-]+)""|Golden\(""([\w-]+)""|(\w+)\.Command,)", RegexOptions.Multiline)
                .Select(match => match.Groups.Values.Skip(1).First(group => group.Success).Value).ToList();
            return names.SequenceEqual(names.Order(StringComparer.Ordinal)) ? null : $"{file.Path}: {string.Join(", ", names)}";
        }));

    [Fact]
    public void Every_optimizer_schedule_and_format_stands_on_its_plate() => None(new (string, string, string)[]
        {
            ("src/Tunesmith.Training/Optimizers/", "Optimizers.cs", @"class (\w+)\b[^\n]*: Optimizer\b"),
            ("src/Tunesmith.Training/Schedules/", "Schedules.cs", @"class (\w+)\b[^\n]*: Schedule\b"),
            ("src/Tunesmith.Proof/Kinds/", "../KindPlate.cs", @"class (\w+Proof)\b(?=[\s\S]*IEnumerable<CaseResult> Verify\(string folder\))"),
            ("src/Tunesmith.Cli/Commands/", "Plate.cs", @"class (\w+)\b(?=[\s\S]*static Command Command\b)"),
        }
        .SelectMany(plate =>
        {
            var text = string.Concat(Sources.Product.Where(file => file.Path == Path.GetRelativePath(Repo.Root, Path.GetFullPath(Path.Combine(Repo.Root, plate.Item1, plate.Item2)))).Select(file => file.Text));
            return Sources.Product.Where(file => file.Path.StartsWith(plate.Item1, StringComparison.Ordinal)).SelectMany(file => Regex.Matches(file.Code, plate.Item3))
                .Select(match => match.Groups[1].Value).Where(name => !Regex.IsMatch(text, $@"\b{name}\b")).Select(name => $"{name} is missing from {plate.Item2}");
        }));

    [Fact]
    public void Every_relative_link_of_the_pages_leads_somewhere() => None(Directory.EnumerateFiles(Path.Combine(Repo.Root, "docs"), "*.md", SearchOption.AllDirectories)
        .Append(Path.Combine(Repo.Root, "README.md")).Where(File.Exists).SelectMany(page => Regex.Matches(Regex.Replace(File.ReadAllText(page), "```.*?```", "", RegexOptions.Singleline), @"\]\((?!https?:|#|mailto:)([^)#\s]+)[^)]*\)")
            .Where(match => !Path.Exists(Path.Combine(Path.GetDirectoryName(page)!, match.Groups[1].Value)))
            .Select(match => $"{Path.GetRelativePath(Repo.Root, page)}: {match.Groups[1].Value}")));

    [Fact]
    public void The_pages_name_only_source_paths_that_exist() => None(Directory.EnumerateFiles(Path.Combine(Repo.Root, "docs", "how"), "*.md")
        .SelectMany(page => Regex.Matches(File.ReadAllText(page), @"`((?:src|tests|native|docs|recipes)/[\w./-]+)`").Select(match => (page, Path: match.Groups[1].Value)))
        .Where(named => !Path.Exists(Path.Combine(Repo.Root, named.Path))).Select(named => $"{Path.GetFileName(named.page)}: {named.Path}"));

    [Fact]
    public void A_how_page_is_shorter_than_60_lines() => None(Directory.EnumerateFiles(Path.Combine(Repo.Root, "docs", "how"), "*.md")
        .Where(page => File.ReadLines(page).Count() >= 60).Select(page => Path.GetFileName(page)));

    private static void None(IEnumerable<string?> found)
    {
        var all = found.Where(text => text is not null).ToList();
        Assert.True(all.Count == 0, $"{all.Count} found:\n{string.Join('\n', all)}");
    }
}
