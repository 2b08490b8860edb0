using System.Diagnostics;
using System.Globalization;

namespace Tunesmith.Bench;

/// <summary>Runs contenders step by step in turn (A B C A B C ...) and prints medians and ratios, never a single run's figure.</summary>
internal static class Compare
{
    /// <summary>What the launcher sets before libtorch loads; torch "as it comes" must run without any of it.</summary>
    private static readonly string[] Settings =
    [
        "LD_LIBRARY_PATH", "OPENBLAS_CORETYPE", "ATEN_CPU_CAPABILITY", "MALLOC_MMAP_MAX_", "MALLOC_TRIM_THRESHOLD_", "MALLOC_TOP_PAD_",
        "OMP_NUM_THREADS", "OMP_WAIT_POLICY", "OMP_PROC_BIND", "MALLOC_ARENA_MAX",
    ];

    /// <summary>Compares our step with plain PyTorch, with our settings and (where it does not take minutes) as it comes.</summary>
    /// <returns>A table in the form that <c>docs/log.md</c> keeps.</returns>
    public static string AgainstTorch(string name, string torchScript, IReadOnlyList<string> arguments, int rounds, bool onlyTuned, TextWriter talk)
    {
        var python = Environment.GetEnvironmentVariable("TUNESMITH_BENCH_PYTHON") ?? "/usr/bin/python3";
        if (Missing(python) is { } missing) throw new InvalidOperationException(missing);
        string[] script = [torchScript, name, .. arguments];
        var bare = Settings.Select(key => KeyValuePair.Create(key, (string?)null));
        using var ours = Contender.Start("tunesmith", Path.Combine(AppContext.BaseDirectory, "tunesmith-bench"), ["step", name, .. arguments], []);
        using var tuned = Contender.Start("torch, our settings", python, script, []);
        using var asItComes = onlyTuned ? null : Contender.Start("torch, as it comes", python, script, bare);
        Contender[] all = asItComes is null ? [ours, tuned] : [ours, tuned, asItComes];
        for (var round = 0; round < rounds; round++)
        {
            foreach (var contender in all) contender.Step();
            talk.WriteLine($"{name}: round {round + 1} of {rounds}: " + string.Join(", ", all.Select(c => $"{c.Name} {Text(c.Samples[^1].Seconds)} s")));
        }
        var lines = new List<string> { $"| {name} {string.Join(' ', arguments)} | s a step (min, median, max) | work/s | CPU s | peak MiB | ours is | by CPU time |", "|---|---|---|---|---|---|---|" };
        foreach (var contender in all)
        {
            var seconds = contender.Samples.Select(s => s.Seconds).Order().ToArray();
            var ratio = Median(contender.Samples.Zip(ours.Samples, (other, our) => other.Seconds / our.Seconds));
            var byCpu = Median(contender.Samples.Zip(ours.Samples, (other, our) => other.CpuSeconds / our.CpuSeconds));
            lines.Add($"| {contender.Name} | {Text(seconds[0])}, {Text(Median(seconds))}, {Text(seconds[^1])} | {Text(Median(contender.Samples.Select(s => s.Rate)))} "
                + $"| {Text(Median(contender.Samples.Select(s => s.CpuSeconds)))} | {Text(contender.Samples[^1].PeakMebibytes)} | {(contender == ours ? "" : Text(ratio) + "x")} "
                + $"| {(contender == ours ? "" : Text(byCpu) + "x")} |");
        }
        return string.Join('\n', lines);
    }

    /// <summary>What to do where there is no Python with torch to compare with; null where there is.</summary>
    private static string? Missing(string python)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(python, ["-c", "import torch"]) { RedirectStandardError = true });
            var said = process!.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? null : Advice(said.Trim().Split('\n')[^1]);
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return Advice(e.Message);
        }

        string Advice(string said) => $"{python}: got no PyTorch to compare with ({said}); expected Debian's. Install it: apt-get install -y --no-install-recommends python3-torch";
    }

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        var half = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
    }

    private static string Text(double value) => value.ToString(value >= 100 ? "F0" : value >= 10 ? "F1" : "F3", CultureInfo.InvariantCulture);
}
