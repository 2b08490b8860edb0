using System.Text.RegularExpressions;

namespace Tunesmith.Tests.House;

/// <summary>What the pages, recipes, data and fixtures promise.</summary>
public sealed class PageTests
{
    private static readonly string[] Pages = [.. Directory.EnumerateFiles(Path.Combine(Repo.Root, "docs"), "*.md", SearchOption.AllDirectories)
        .Concat(["README.md", "AGENTS.md", "recipes/README.md"]).Select(page => Path.Combine(Repo.Root, page)).Order(StringComparer.Ordinal)];

    [Fact]
    public void The_pages_name_only_paths_that_exist() => None(Pages.Where(page => !page.EndsWith("log.md", StringComparison.Ordinal)) // the log tells of its day
        .SelectMany(page => Regex.Matches(File.ReadAllText(page), @"[`\s(]((?:src|tests|native|docs|recipes|scripts|bench|models|data)/[\w./-]*\w)").Select(match => (page, Path: match.Groups[1].Value)))
        .Where(named => !Path.Exists(Path.Combine(Repo.Root, named.Path))).Select(named => $"{Path.GetRelativePath(Repo.Root, named.page)}: {named.Path}").Distinct());

    [Fact]
    public void A_how_page_has_the_order_of_the_table()
    {
        var pages = Directory.EnumerateFiles(Path.Combine(Repo.Root, "docs", "how"), "add-*.md").Order(StringComparer.Ordinal).ToList();
        var table = Regex.Matches(File.ReadAllText(Path.Combine(Repo.Root, "docs", "how", "README.md")), @"\((add-[\w-]+\.md)\)").Select(match => match.Groups[1].Value).Order(StringComparer.Ordinal);
        Assert.Equal(table, pages.Select(Path.GetFileName));
        string[] order = ["You write", "One line in", "Runs by itself", "Prove it"];
        None(pages.Where(page => !Regex.Matches(File.ReadAllText(page), "^## (.+)$", RegexOptions.Multiline).Select(match => match.Groups[1].Value).SequenceEqual(order)).Select(page => Path.GetFileName(page)));
    }

    [Fact]
    public void Words_are_spelt_in_one_way()
    {
        var list = Regex.Matches(File.ReadAllText(Path.Combine(Repo.Root, "docs", "words.md")), @"^\| `([^`]+)` \| (.+) \|$", RegexOptions.Multiline)
            .SelectMany(row => Regex.Matches(row.Groups[2].Value, "`([^`]+)`").Select(wrong => (Right: row.Groups[1].Value, Wrong: wrong.Groups[1].Value))).ToList();
        Assert.NotEmpty(list);
        var texts = Sources.Product.Concat(Sources.Tests).Select(file => (file.Path, file.Text)).Concat(Pages.Where(page => !page.EndsWith("words.md", StringComparison.Ordinal)).Select(page => (Path.GetRelativePath(Repo.Root, page), File.ReadAllText(page)))).ToList();
        // A sentence may begin with the word; names of types and keys may hold it.
        None(list.SelectMany(word => texts.Where(text => Regex.IsMatch(text.Item2, $@"(?<![A-Za-z_])[{char.ToUpperInvariant(word.Wrong[0])}{word.Wrong[0]}]{Regex.Escape(word.Wrong[1..])}")).Select(text => $"{text.Item1}: {word.Wrong}, where {word.Right} is meant")));
    }

    [Fact]
    public void Every_fixture_has_a_row_in_the_manifest()
    {
        var rows = File.ReadAllLines(Path.Combine(Repo.Fixtures, "MANIFEST.md")).Where(line => line.StartsWith("| `", StringComparison.Ordinal)).Select(line => line.Trim('|', ' ').Split(" | ")).ToList();
        None(rows.Where(row => row.Length != 5 || row.Any(cell => cell.Trim().Length == 0)).Select(row => $"{row[0]}: expected five cells (files, source, made by, licence, tolerance)"));
        var patterns = rows.Select(row => new Regex("^" + Regex.Escape(row[0].Trim('`')).Replace(@"\*\*", ".*").Replace(@"\*", "[^/]*") + "$")).ToList();
        var files = Directory.EnumerateFiles(Repo.Fixtures, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(Repo.Fixtures, file)).Where(file => file != "MANIFEST.md").ToList();
        None(files.Where(file => !patterns.Exists(pattern => pattern.IsMatch(file))));
        None(rows.Where((_, at) => !files.Exists(patterns[at].IsMatch)).Select(row => $"{row[0]}: no such file"));
    }

    [Fact]
    public void Models_and_data_carry_their_source_and_licence() => None(new[] { "models", "data" }.SelectMany(folder => Directory.EnumerateDirectories(Path.Combine(Repo.Root, folder)))
        .Where(folder => !File.Exists(Path.Combine(folder, "README.md")) || File.ReadAllText(Path.Combine(folder, "README.md")) is var text && !(Regex.IsMatch(text, "licen[cs]e|public domain", RegexOptions.IgnoreCase) && Regex.IsMatch(text, "source|commit|https?://", RegexOptions.IgnoreCase)))
        .Select(folder => Path.GetRelativePath(Repo.Root, folder)));

    [Fact]
    public void Every_recipe_stands_in_the_table_of_real_runs()
    {
        var table = File.ReadAllText(Path.Combine(Repo.Root, "recipes", "README.md"));
        None(Directory.EnumerateFiles(Path.Combine(Repo.Root, "recipes"), "*.yaml").Select(file => Path.GetFileName(file)).Where(name => !Regex.IsMatch(table, $@"^\| \[{Regex.Escape(name)}\]", RegexOptions.Multiline)));
    }

    private static void None(IEnumerable<string> found)
    {
        var all = found.ToList();
        Assert.True(all.Count == 0, $"{all.Count} found:\n{string.Join('\n', all)}");
    }
}
