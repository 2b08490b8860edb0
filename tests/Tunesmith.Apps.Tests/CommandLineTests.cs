using Tunesmith.Cli.Commands;

namespace Tunesmith.Tests;

public sealed class CommandLineTests
{
    public static TheoryData<string> Commands() => [.. Plate.Names];

    [Fact]
    public void Without_a_command_the_help_is_shown()
    {
        var run = CliRun.Of();
        Assert.Equal((0, ""), (run.Code, run.Error));
        foreach (var command in Plate.All) Assert.Contains($"  {command.Name} ", run.Out);
        Assert.Equal(run.Out, CliRun.Of("help").Out);
        Assert.Equal(run.Out, CliRun.Of("--help").Out);
    }

    [Theory]
    [InlineData("version", "foo")]
    [InlineData("env", "foo")]
    [InlineData("env", "a=b")]
    public void A_word_that_a_command_does_not_take_is_wrong_use(string command, string word)
    {
        var run = CliRun.Of(command, word);
        Assert.Equal((2, ""), (run.Code, run.Out));
        Assert.Contains($"got '{word}'; expected nothing", run.Error);
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void Every_command_explains_itself_in_eighty_columns(string name)
    {
        var run = CliRun.Of("help", name);
        Assert.Equal((0, ""), (run.Code, run.Error));
        Assert.StartsWith($"usage: ./tunesmith {name}", run.Out);
        Assert.All(run.Out.Split('\n'), line => Assert.True(line.Length <= 80, $"{line.Length} columns: {line}"));
        Assert.Equal(run.Out, CliRun.Of(name, "--help").Out);
    }

    [Theory]
    [InlineData("version")]
    [InlineData("verify")]
    public void The_help_reads_as_it_was_read_aloud(string name)
    {
        var path = Path.Combine(Repo.Root, "tests", "Tunesmith.Apps.Tests", "Snapshots", $"help-{name}.txt");
        Assert.Equal(File.ReadAllText(path), CliRun.Of("help", name).Out);
    }

    [Fact]
    public void Commands_are_sorted_and_have_one_line_each()
    {
        Assert.Equal(Plate.Names.Order(StringComparer.Ordinal), Plate.Names);
        Assert.All(Plate.All, command => Assert.DoesNotContain('\n', command.Summary));
    }

    [Theory]
    [InlineData("versoin", "Did you mean 'version'?")]
    [InlineData("hlep", "Did you mean 'help'?")]
    [InlineData("frobnicate", "expected one of")]
    public void An_unknown_command_is_wrong_use_and_says_the_nearest(string word, string expected)
    {
        var run = CliRun.Of(word);
        Assert.Equal((2, ""), (run.Code, run.Out));
        Assert.StartsWith($"error: command: got '{word}'", run.Error);
        Assert.Contains(expected, run.Error);
        Assert.Equal(2, CliRun.Of("help", word).Code);
    }

    [Fact]
    public void An_unknown_option_is_wrong_use_and_says_the_nearest()
    {
        var run = CliRun.Of("verify", "--jsno", "x");
        Assert.Equal((2, ""), (run.Code, run.Out));
        Assert.Contains("Did you mean '--json'?", run.Error);
    }

    [Fact]
    public void An_option_without_its_value_is_wrong_use() => Assert.Equal(2, CliRun.Of("verify", "x", "--root").Code);

    [Fact]
    public void A_stack_trace_is_only_shown_when_asked_for()
    {
        Assert.DoesNotContain("   at ", CliRun.Of("verify").Error);
        Assert.Contains("   at ", CliRun.Of("verify", "--trace").Error);
    }

    [Fact]
    public void The_version_is_one_line_of_result()
    {
        var run = CliRun.Of("version");
        Assert.Equal((0, ""), (run.Code, run.Error));
        Assert.Matches(@"^tunesmith \d+\.\d+\.\d+\n$", run.Out);
        Assert.Equal(run, CliRun.Of("--version"));
    }

    [Fact]
    public void Verify_without_a_path_is_wrong_use() => Assert.Equal(2, CliRun.Of("verify").Code);

    [Fact]
    public void Verify_fails_where_nothing_was_checked()
    {
        var folder = Directory.CreateTempSubdirectory("verify-").FullName;
        var run = CliRun.Of("verify", folder);
        Directory.Delete(folder);
        Assert.NotEqual(0, run.Code);
    }

    [Fact]
    public void The_machines_report_is_JSON_where_a_program_reads_it()
    {
        var run = CliRun.Of("env", "--json");
        using var report = System.Text.Json.JsonDocument.Parse(run.Out);
        Assert.Equal(System.Text.Json.JsonValueKind.Object, report.RootElement.ValueKind);
    }
}
