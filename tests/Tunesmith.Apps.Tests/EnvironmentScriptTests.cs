namespace Tunesmith.Tests;

public sealed class EnvironmentScriptTests
{
    private static readonly string[] Names = ["OMP_NUM_THREADS", "LD_LIBRARY_PATH", "OPENBLAS_CORETYPE", "ATEN_CPU_CAPABILITY", "MALLOC_MMAP_MAX_", "MALLOC_TRIM_THRESHOLD_", "MALLOC_TOP_PAD_", "TUNESMITH_LIBTORCH"];

    private static Dictionary<string, string> Settings(params (string Name, string Value)[] given)
    {
        var variables = Names.ToDictionary(name => name, _ => (string?)null);
        foreach (var (name, value) in given) variables[name] = value;
        var run = Script.Run(". scripts/environment.sh && . scripts/environment.sh && env", variables);
        Assert.Equal((0, ""), (run.Code, run.Error));
        return run.Out.Split('\n').Where(line => line.Contains('=')).Select(line => line.Split('=', 2)).DistinctBy(pair => pair[0]).ToDictionary(pair => pair[0], pair => pair[1]);
    }

    [Fact]
    public void What_libtorch_reads_is_set_and_nothing_of_our_own_is_left()
    {
        var settings = Settings();
        Assert.True(int.Parse(settings["OMP_NUM_THREADS"]) >= 1);
        Assert.Equal("0", settings["MALLOC_MMAP_MAX_"]);
        Assert.DoesNotContain(settings.Keys, name => name.StartsWith("tunesmith_", StringComparison.Ordinal));
        Assert.DoesNotContain("OMP_PROC_BIND", settings.Keys);
    }

    [Fact]
    public void What_the_user_set_is_kept()
    {
        var settings = Settings(("OMP_NUM_THREADS", "7"), ("MALLOC_MMAP_MAX_", "5"), ("ATEN_CPU_CAPABILITY", "default"));
        Assert.Equal(("7", "5", "default"), (settings["OMP_NUM_THREADS"], settings["MALLOC_MMAP_MAX_"], settings["ATEN_CPU_CAPABILITY"]));
    }

    [Fact]
    public void Another_libtorch_comes_first_and_once()
    {
        var path = Settings(("TUNESMITH_LIBTORCH", "/opt/other"), ("LD_LIBRARY_PATH", "/mine"))["LD_LIBRARY_PATH"].Split(':');
        Assert.Equal("/opt/other/lib", path[0]);
        Assert.Equal("/mine", path[^1]);
        Assert.Equal(path.Distinct(), path);
    }
}
