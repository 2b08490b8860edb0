namespace Tunesmith.Tests;

public sealed class EnvironmentScriptTests
{
    private static readonly string[] Names = ["OMP_NUM_THREADS", "GOMP_SPINCOUNT", "LD_LIBRARY_PATH", "OPENBLAS_CORETYPE", "ATEN_CPU_CAPABILITY", "MALLOC_MMAP_MAX_", "MALLOC_TRIM_THRESHOLD_", "MALLOC_TOP_PAD_", "TUNESMITH_LIBTORCH"];

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

    [Theory]
    [InlineData("4,2")]
    [InlineData("many")]
    [InlineData("")]
    public void Whatever_the_user_set_the_script_ends(string threads) => Assert.Equal(threads, Settings(("OMP_NUM_THREADS", threads))["OMP_NUM_THREADS"]);

    [Fact]
    public void Another_libtorch_comes_first_and_once()
    {
        var path = Settings(("TUNESMITH_LIBTORCH", "/opt/other"), ("LD_LIBRARY_PATH", "/mine"))["LD_LIBRARY_PATH"].Split(':');
        Assert.Equal("/opt/other/lib", path[0]);
        Assert.Equal("/mine", path[^1]);
        Assert.Equal(path.Distinct(), path);
    }

    private const string Avx2 = "fpu sse2 fma avx2", Avx512 = Avx2 + " avx512f avx512dq avx512bw avx512vl";

    [Theory]
    [InlineData("AVX2 only, AMD", "AuthenticAMD", Avx2, 1, 1, "avx2", null)]
    [InlineData("AVX2 only, Intel: OpenBLAS may be older than it", "GenuineIntel", Avx2, 1, 1, "avx2", "Haswell")]
    [InlineData("AVX-512, AMD: OpenBLAS has to be told", "AuthenticAMD", Avx512 + " avx512_bf16", 1, 1, "avx512", "SkylakeX")]
    [InlineData("AVX-512, Intel: the same, for those that came after it", "GenuineIntel", Avx512 + " avx512_bf16 amx_bf16 amx_tile", 1, 1, "avx512", "SkylakeX")]
    [InlineData("half an AVX-512 is none", "GenuineIntel", Avx2 + " avx512f avx512cd", 1, 1, "avx2", "Haswell")]
    [InlineData("neither", "GenuineIntel", "fpu sse2", 1, 1, null, null)]
    public void The_processor_decides_which_kernels(string what, string vendor, string flags, int siblings, int cores, string? capability, string? core)
    {
        var settings = OnMachine(Processor(vendor, flags, siblings, cores), null);
        Assert.Equal((what, capability, core), (what, settings.GetValueOrDefault("ATEN_CPU_CAPABILITY"), settings.GetValueOrDefault("OPENBLAS_CORETYPE")));
    }

    [Theory]
    [InlineData(8, 4, 4, null, "8")]
    [InlineData(8, 8, 4, null, "4")]                    // two threads on every core
    [InlineData(1, 8, 4, null, "1")]                    // one processor of a large machine
    [InlineData(8, 8, 8, "max 100000", "8")]
    [InlineData(8, 8, 8, "250000 100000", "3")]         // a container with two and a half processors
    [InlineData(8, 16, 8, "1000000 100000", "4")]
    [InlineData(8, 8, 8, "50000 100000", "1")]
    [InlineData(8, 8, 8, "rubbish", "8")]
    public void One_thread_a_core_and_no_more_than_the_container_may_use(int processors, int siblings, int cores, string? quota, string threads) =>
        Assert.Equal(threads, OnMachine(Processor("GenuineIntel", Avx2, siblings, cores), quota, processors)["OMP_NUM_THREADS"]);

    [Fact]
    public void The_older_kind_of_container_counts_too()
    {
        Assert.Equal("2", OnMachine(Processor("GenuineIntel", Avx2, 8, 8), null, 8, ("150000", "100000"))["OMP_NUM_THREADS"]);
        Assert.Equal("8", OnMachine(Processor("GenuineIntel", Avx2, 8, 8), null, 8, ("-1", "100000"))["OMP_NUM_THREADS"]);
    }

    [Theory]
    [InlineData("0.00 0.01 0.05 1/120 4711", null)]
    [InlineData("1.90 0.40 0.20 1/120 4711", null)]     // something has just ended
    [InlineData("0.30 0.40 0.20 3/120 4711", null)]     // something has just begun
    [InlineData("1.00 0.40 0.20 2/120 4711", "1000")]
    [InlineData("12.34 9.00 8.00 13/120 4711", "1000")]
    [InlineData("0.99 0.40 0.20 2/120 4711", null)]
    [InlineData("rubbish", null)]
    public void Threads_wait_without_spinning_where_others_hold_the_cores(string load, string? spins) =>
        Assert.Equal(spins, OnMachine(Processor("GenuineIntel", Avx2, 2, 2), null, 2, load: load).GetValueOrDefault("GOMP_SPINCOUNT"));

    [Fact]
    public void An_ARM_processor_has_no_flags_and_takes_every_core()
    {
        var settings = OnMachine("processor\t: 0\nBogoMIPS\t: 50.00\nFeatures\t: fp asimd bf16\nCPU implementer\t: 0x41\n\nprocessor\t: 1\n", null, 6);
        Assert.Equal("6", settings["OMP_NUM_THREADS"]);
        Assert.DoesNotContain("ATEN_CPU_CAPABILITY", settings.Keys);
    }

    private static string Processor(string vendor, string flags, int siblings, int cores) =>
        $"processor\t: 0\nvendor_id\t: {vendor}\nsiblings\t: {siblings}\ncpu cores\t: {cores}\nflags\t\t: {flags}\nvmx flags\t: vnmi\n\nprocessor\t: 1\nvendor_id\t: other\nflags\t\t: avx512f\n\n";

    // The script as it is, looking at another machine's files.
    private static Dictionary<string, string> OnMachine(string processor, string? quota, int processors = 1, (string Quota, string Period)? older = null, string? load = null)
    {
        var folder = Directory.CreateTempSubdirectory("machine-").FullName;
        try
        {
            File.WriteAllText(Path.Combine(folder, "cpuinfo"), processor);
            if (quota is not null) File.WriteAllText(Path.Combine(folder, "cpu.max"), quota + "\n");
            if (load is not null) File.WriteAllText(Path.Combine(folder, "loadavg"), load + "\n");
            if (older is { } pair)
            {
                Directory.CreateDirectory(Path.Combine(folder, "cpu"));
                File.WriteAllText(Path.Combine(folder, "cpu", "cpu.cfs_quota_us"), pair.Quota + "\n");
                File.WriteAllText(Path.Combine(folder, "cpu", "cpu.cfs_period_us"), pair.Period + "\n");
            }
            var text = File.ReadAllText(Path.Combine(Repo.Root, "scripts", "environment.sh"));
            Assert.Contains("/proc/cpuinfo", text);
            Assert.Contains("/sys/fs/cgroup/", text);
            File.WriteAllText(Path.Combine(folder, "environment.sh"), text.Replace("/proc/", folder + "/", StringComparison.Ordinal).Replace("/sys/fs/cgroup/", folder + "/", StringComparison.Ordinal));
            var run = Script.Run($"nproc() {{ echo {processors}; }}; . {folder}/environment.sh && env", Names.ToDictionary(name => name, _ => (string?)null));
            Assert.Equal((0, ""), (run.Code, run.Error));
            return run.Out.Split('\n').Where(line => line.Contains('=')).Select(line => line.Split('=', 2)).DistinctBy(line => line[0]).ToDictionary(line => line[0], line => line[1]);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
