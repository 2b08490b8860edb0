using System.Globalization;

namespace Tunesmith.Cli;

/// <summary>What the operating system says of this machine.</summary>
internal static class Machine
{
    private static readonly string[] Interesting = ["avx2", "fma", "avx512f", "avx512_bf16", "amx_bf16", "avx512_vnni"];

    /// <summary>The processor's name and those of its instruction sets that decide how fast products are.</summary>
    public static (string Name, IReadOnlyList<string> Features) Processor()
    {
        string name = "unknown";
        HashSet<string> flags = [];
        if (File.Exists("/proc/cpuinfo"))
        {
            foreach (var line in File.ReadLines("/proc/cpuinfo"))
            {
                var colon = line.IndexOf(':');
                if (colon < 0) { if (flags.Count > 0) break; continue; }
                var key = line[..colon].Trim();
                if (key == "model name") name = line[(colon + 1)..].Trim();
                if (key == "flags") flags = [.. line[(colon + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries)];
            }
        }
        return (name, [.. Interesting.Where(flags.Contains)]);
    }

    /// <summary>Total and free memory in GiB.</summary>
    public static (double Total, double Available) Memory()
    {
        double total = 0, available = 0;
        if (File.Exists("/proc/meminfo"))
        {
            foreach (var line in File.ReadLines("/proc/meminfo"))
            {
                if (line.StartsWith("MemTotal:", StringComparison.Ordinal)) total = Kibibytes(line) / (1 << 20);
                if (line.StartsWith("MemAvailable:", StringComparison.Ordinal)) available = Kibibytes(line) / (1 << 20);
            }
        }
        return (total, available);
    }

    /// <summary>The most memory that this process has held, in MiB.</summary>
    public static double PeakMebibytes()
    {
        if (!File.Exists("/proc/self/status")) return 0;
        var line = File.ReadLines("/proc/self/status").FirstOrDefault(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
        return line is null ? 0 : Kibibytes(line) / 1024;
    }

    /// <summary>Files of libraries that are mapped into this process.</summary>
    public static IReadOnlyList<string> LoadedLibraries(string part) => !File.Exists("/proc/self/maps") ? [] :
        [.. File.ReadLines("/proc/self/maps").Select(l => l[(l.LastIndexOf(' ') + 1)..]).Where(p => p.StartsWith('/') && Path.GetFileName(p).Contains(part, StringComparison.Ordinal)).Distinct()];

    public static string OperatingSystem()
    {
        const string Release = "/etc/os-release";
        var line = File.Exists(Release) ? File.ReadLines(Release).FirstOrDefault(l => l.StartsWith("PRETTY_NAME=", StringComparison.Ordinal)) : null;
        return line is null ? System.Runtime.InteropServices.RuntimeInformation.OSDescription : line["PRETTY_NAME=".Length..].Trim('"');
    }

    private static double Kibibytes(string line) =>
        double.Parse(new string([.. line.Where(char.IsAsciiDigit)]), CultureInfo.InvariantCulture);
}
