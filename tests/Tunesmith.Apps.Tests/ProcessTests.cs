namespace Tunesmith.Tests;

/// <summary>The program as a process of its own.</summary>
public sealed class ProcessTests : IDisposable
{
    private readonly string _copy = Directory.CreateTempSubdirectory("program-").FullName;

    // Away from the checkout there is no native library: a command that runs here has not loaded libtorch.
    public ProcessTests()
    {
        foreach (var file in Directory.EnumerateFiles(AppContext.BaseDirectory, "*unesmith*")) File.Copy(file, Path.Combine(_copy, Path.GetFileName(file)));
        foreach (var file in Directory.EnumerateFiles(AppContext.BaseDirectory, "YamlDotNet.dll")) File.Copy(file, Path.Combine(_copy, Path.GetFileName(file)));
    }

    public void Dispose() => Directory.Delete(_copy, recursive: true);

    private Script Run(string arguments) => Script.Run($"dotnet {_copy}/tunesmith.dll {arguments}");

    [Theory]
    [InlineData("version")]
    [InlineData("help")]
    public void Some_commands_need_no_libtorch(string command)
    {
        var run = Run(command);
        Assert.Equal((0, ""), (run.Code, run.Error));
        Assert.NotEmpty(run.Out);
    }

    [Theory]
    [InlineData("quickstart")]
    [InlineData("shakespeare_lora")]
    public void A_recipe_is_checked_without_libtorch(string recipe)
    {
        var run = Script.Run($"TUNESMITH_NATIVE=/nonexistent dotnet {_copy}/tunesmith.dll check {Repo.Root}/recipes/{recipe}.yaml");
        Assert.Equal((0, ""), (run.Code, run.Error));
        Assert.Contains("parameters, ", run.Out);
        Assert.Contains(" of them trained", run.Out);
    }

    [Fact]
    public void Wrong_use_ends_with_two_and_says_so_on_standard_error()
    {
        var run = Run("frobnicate");
        Assert.Equal((2, ""), (run.Code, run.Out));
        Assert.StartsWith("error: command: got 'frobnicate'", run.Error);
    }

    [Fact]
    public void A_reader_that_went_away_is_no_error()
    {
        var run = Script.Run($"dotnet {_copy}/tunesmith.dll help | head -n 1");
        Assert.Equal((0, ""), (run.Code, run.Error));
    }

    [Theory]
    [InlineData("/nonexistent", "got no file")]
    [InlineData("/etc/passwd", "got a library that does not load")]
    public void The_machines_report_says_what_to_do_where_the_native_library_is_missing_or_broken(string native, string what)
    {
        var run = Script.Run($"TUNESMITH_NATIVE={native} dotnet {_copy}/tunesmith.dll env");
        Assert.Equal((1, ""), (run.Code, run.Error));
        Assert.Contains("not ready: ", run.Out);
        Assert.Contains(what, run.Out);
        Assert.Contains("`./dev setup`", run.Out);
        using var report = System.Text.Json.JsonDocument.Parse(Script.Run($"TUNESMITH_NATIVE={native} dotnet {_copy}/tunesmith.dll env --json").Out);
        Assert.False(report.RootElement.GetProperty("ready").GetBoolean());
        Assert.Equal(System.Text.Json.JsonValueKind.Null, report.RootElement.GetProperty("libtorch").ValueKind);
    }
}
