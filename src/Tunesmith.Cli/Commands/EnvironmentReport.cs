using System.Runtime.InteropServices;
using System.Text.Json;
using Tunesmith.Torch;

namespace Tunesmith.Cli.Commands;

/// <summary><c>env</c>: what this machine is and can do, and what to do where something is missing.</summary>
internal static class EnvironmentReport
{
    /// <summary>What scripts/environment.sh sets before the program starts, and what for.</summary>
    private static readonly (string Name, string Why)[] Settings =
    [
        ("OMP_NUM_THREADS", "threads of one product; libtorch would use 1"),
        ("GOMP_SPINCOUNT", "how long a waiting thread spins: 1000 where others held the cores when the program began"),
        ("LD_LIBRARY_PATH", "the folder of the OpenMP OpenBLAS first: one thread pool"),
        ("OPENBLAS_CORETYPE", "OpenBLAS's kernels for this CPU, which may be younger than OpenBLAS"),
        ("ATEN_CPU_CAPABILITY", "libtorch's own AVX-512 kernels, which it never picks itself"),
        ("MALLOC_MMAP_MAX_", "large tensors are reused instead of returned to the kernel"),
        ("MALLOC_TRIM_THRESHOLD_", "as above"),
        ("MALLOC_TOP_PAD_", "as above"),
        ("TUNESMITH_LIBTORCH", "another libtorch than Debian's"),
        ("TUNESMITH_NATIVE", "another native library than artifacts/native"),
        ("TUNESMITH_BF16", "off or on: whether bf16 instructions are used, whatever the CPU has"),
    ];

    public static Command Command { get; } = new()
    {
        Name = "env",
        Usage = "[--json]",
        Summary = "shows what this machine is and can do, and what is missing",
        Help = "Exit code 1 where the machine is not ready to train.",
        Flags = [new("--json", null, "one JSON object")],
        Run = Run,
    };

    /// <summary>The facts that a run folder keeps: machine, versions, settings.</summary>
    public static IReadOnlyDictionary<string, object?> Facts(Terminal terminal)
    {
        var facts = MachineFacts();
        facts["memory_available_gib"] = Math.Round(Machine.Memory().Available, 1);
        facts["libtorch"] = TorchInfo.Version;
        facts["libtorch_file"] = string.Join(", ", Machine.LoadedLibraries("libtorch_cpu"));
        facts["native_library"] = TorchInfo.NativeLibraryPath;
        facts["blas"] = TorchInfo.Blas;
        facts["blas_file"] = BlasFiles();
        facts["threads"] = Threads.Count;
        facts["cpu_capability"] = TorchInfo.CpuCapability;
        facts["kernel_level"] = TorchInfo.KernelLevel;
        facts["bf16_products"] = Precision.FastBf16 ? "bf16 instructions: faster than fp32" : "stored in bf16, multiplied in fp32: as fast as fp32, less memory";
        facts["settings"] = Settings.Where(s => terminal.Variable(s.Name) is not null).ToDictionary(s => s.Name, s => (object?)terminal.Variable(s.Name));
        return facts;
    }

    // What is known without libtorch.
    private static Dictionary<string, object?> MachineFacts()
    {
        var (name, features) = Machine.Processor();
        return new()
        {
            ["tunesmith"] = Version.Text,
            ["os"] = Machine.OperatingSystem(),
            ["dotnet"] = RuntimeInformation.FrameworkDescription,
            ["cpu"] = name,
            ["cpu_features"] = features,
            ["cores"] = Environment.ProcessorCount,
            ["memory_gib"] = Math.Round(Machine.Memory().Total, 1),
        };
    }

    private static int Run(Invocation run)
    {
        run.Arguments.None("env");
        var problems = new List<string>();
        IReadOnlyDictionary<string, object?> facts;
        try
        {
            facts = Facts(run.Terminal);
            problems.AddRange(BlasProblems(TorchInfo.Blas, BlasFiles(), Machine.Processor().Features));
            if (run.Terminal.Variable("OMP_NUM_THREADS") is null) problems.Add("The settings below are missing: start the program with ./tunesmith, not by its assembly.");
        }
        catch (Exception e) when (e is TorchException or TypeInitializationException or DllNotFoundException or EntryPointNotFoundException)
        {
            problems.Add(Cause(e));
            var known = MachineFacts();
            known["libtorch"] = null;
            known["native_library"] = TorchInfo.NativeLibraryPath;
            facts = known;
        }
        if (run.Json)
        {
            run.Out.WriteLine(JsonSerializer.Serialize(new Dictionary<string, object?>(facts) { ["ready"] = problems.Count == 0, ["problems"] = problems }));
            return problems.Count == 0 ? App.Done : App.Failed;
        }
        foreach (var (key, value) in facts.Where(f => f.Key != "settings"))
        {
            run.Out.WriteLine($"{key.Replace('_', ' '),-22} {(value is IEnumerable<string> list ? string.Join(" ", list) : value ?? "not found")}");
            if (Meaning(key, value) is { } meaning) run.Out.WriteLine($"{"",-22}   {meaning}");
        }
        run.Out.WriteLine();
        foreach (var (name, why) in Settings) run.Out.WriteLine($"{name,-22} {run.Terminal.Variable(name) ?? "(not set)"}\n{"",-22}   {why}");
        run.Out.WriteLine();
        foreach (var problem in problems) run.Out.WriteLine($"not ready: {problem}");
        if (problems.Count == 0) run.Out.WriteLine("ready: this machine can train.");
        return problems.Count == 0 ? App.Done : App.Failed;
    }

    // A library that has an older set of functions than the program is one that was not built with it.
    private static string Cause(Exception e)
    {
        while (e is TypeInitializationException { InnerException: { } inner }) e = inner;
        return e is EntryPointNotFoundException ? $"{TorchInfo.NativeLibraryPath}: {e.Message} It is not the library of this program: run `./dev setup`." : e.Message;
    }

    private static string? Meaning(string key, object? value) => key switch
    {
        "cpu_features" => value is IReadOnlyList<string> f
            ? f.Contains("amx_bf16") ? "AMX: bf16: true is several times faster than fp32" :
              f.Contains("avx512_bf16") ? "AVX-512 with bf16; what bf16: true makes of it stands under bf16 products" :
              f.Contains("avx512f") ? "AVX-512 without bf16: fp32 is the fast type" : "AVX2 or less: fp32 is the fast type"
            : null,
        "cores" => "processors that this program may use; threads (below) is how many a product uses: one a core",
        "memory_available_gib" => "`./tunesmith check X.yaml` estimates what a recipe needs",
        "libtorch" => value is null ? "install libtorch-dev, then run ./dev setup" : "the library that computes; TUNESMITH_LIBTORCH chooses another",
        "native_library" => value is null ? "it is built by ./dev setup" : "our door to it, built for this libtorch",
        "blas" => "what multiplies fp32 matrices, and for which kind of CPU",
        "kernel_level" => "the instructions that our own kernels use",
        "cpu_capability" => "the instructions that libtorch's own kernels use",
        "bf16_products" => "how bf16: true multiplies here",
        _ => null,
    };

    // The graphics card's BLAS is no answer to what multiplies on the CPU.
    private static string BlasFiles() =>
        string.Join(", ", Machine.LoadedLibraries("blas").Where(file => !Path.GetFileName(file).StartsWith("libcublas", StringComparison.Ordinal)));

    /// <summary>What makes fp32 products slow: a BLAS without kernels of its own, or one that took those of an older processor.</summary>
    internal static IEnumerable<string> BlasProblems(string blas, string files, IReadOnlyList<string> features)
    {
        string[] fast = ["openblas", "mkl", "blis"], old = ["Prescott", "Core2", "Penryn", "Dunnington", "Atom", "Nano", "Nehalem", "Katmai", "Coppermine", "Northwood", "Banias"];
        if (!fast.Any(name => blas.Contains(name, StringComparison.OrdinalIgnoreCase)))
            yield return $"The BLAS that is loaded ({(files.Length > 0 ? files : blas)}) is the slow reference one: fp32 products take 30 times as long. Run `./dev setup`, or install libopenblas0-openmp.";
        else if (features.Contains("avx2") && old.FirstOrDefault(core => blas.EndsWith(" core " + core, StringComparison.OrdinalIgnoreCase)) is { } core)
            yield return $"OpenBLAS took its kernels for {core} on a CPU with AVX2: fp32 products take 4 times as long. Start the program with ./tunesmith, or set OPENBLAS_CORETYPE to Haswell (SkylakeX with AVX-512).";
    }
}
