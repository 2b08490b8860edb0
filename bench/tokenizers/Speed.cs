using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using Tunesmith.Text.Tokenizers;

namespace Tunesmith.TokenizerBench;

/// <summary>Megabytes of English text a second: ours and the peer's, on one core and on all, one after the other in every round.</summary>
internal static class Speed
{
    public static async Task<int> Run(IReadOnlyList<TokenizerFile> files, string scripts, string shared, double seconds, int rounds)
    {
        string text = Text(shared, scripts);
        string[] lines = [.. (await File.ReadAllTextAsync(text)).Split('\n').Where(line => line.Length > 0)];
        long bytes = lines.Sum(line => (long)System.Text.Encoding.UTF8.GetByteCount(line));
        int cores = Environment.ProcessorCount;
        Console.WriteLine($"{bytes / 1e6:F1} MB of English in {lines.Length} lines, {cores} cores, {rounds} rounds of {seconds} s; medians in MB/s (MB for a second of processor time in brackets)");
        Console.WriteLine($"{"",-24}{"ours 1 core",20}{"npm 1 core",20}{$"ours {cores} cores",20}{$"npm {cores} cores",20}   ours/npm 1, {cores}   ours {cores}/1");
        foreach (var file in files)
        {
            var tokenizer = Tokenizer.Load(file.Ours);
            using var one = Peer.Start(Path.Combine(scripts, "speed.mjs"), [file.Json, text, Text(seconds)], threads: 1);
            using var all = Peer.Start(Path.Combine(scripts, "speed.mjs"), [file.Json, text, Text(seconds)], threads: cores);
            var rates = new List<(double Wall, double Cpu)>[] { [], [], [], [] };
            for (int round = 0; round <= rounds; round++)
            {
                (double, double)[] now =
                [
                    Ours(() => lines.Sum(line => (long)tokenizer.EncodeIds(line).Length), bytes, seconds), await Theirs(one),
                    Ours(() => tokenizer.EncodeIdsBatch(lines).Sum(ids => (long)ids.Length), bytes, seconds), await Theirs(all),
                ];
                // The first round warms up.
                for (int i = 0; round > 0 && i < now.Length; i++) rates[i].Add(now[i]);
            }

            one.StandardInput.Close();
            all.StandardInput.Close();
            var median = Array.ConvertAll(rates, list => (Wall: Median(list, rate => rate.Wall), Cpu: Median(list, rate => rate.Cpu)));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{file.Name,-24}{Cell(median[0]),20}{Cell(median[1]),20}{Cell(median[2]),20}{Cell(median[3]),20}   {median[0].Wall / median[1].Wall:F1}x, {median[2].Wall / median[3].Wall:F1}x   {median[2].Wall / median[0].Wall:F2}x"));
        }

        return 0;
    }

    private static (double Wall, double Cpu) Ours(Func<long> round, long bytes, double seconds)
    {
        using var self = Process.GetCurrentProcess();
        var before = self.TotalProcessorTime;
        var watch = Stopwatch.StartNew();
        int rounds = 0;
        while (rounds == 0 || watch.Elapsed.TotalSeconds < seconds)
        {
            round();
            rounds++;
        }

        watch.Stop();
        self.Refresh();
        return (bytes * rounds / watch.Elapsed.TotalSeconds / 1e6, bytes * rounds / (self.TotalProcessorTime - before).TotalSeconds / 1e6);
    }

    private static async Task<(double Wall, double Cpu)> Theirs(Process peer)
    {
        await peer.StandardInput.WriteLineAsync("go");
        await peer.StandardInput.FlushAsync();
        string[] words = (await peer.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("node ended early")).Split(' ');
        return (double.Parse(words[0], CultureInfo.InvariantCulture), double.Parse(words[1], CultureInfo.InvariantCulture));
    }

    // WikiText-2's validation part where it is, else the repository's Shakespeare.
    private static string Text(string shared, string scripts)
    {
        string target = Path.Combine(Path.GetTempPath(), $"tokenizer-speed-{Environment.ProcessId}.txt");
        string folder = Path.Combine(shared, "data", "wikitext2-valid");
        string source = Directory.Exists(folder)
            ? Directory.EnumerateFiles(folder).Where(file => !file.EndsWith(".md", StringComparison.Ordinal)).OrderByDescending(file => new FileInfo(file).Length).First()
            : Path.Combine(scripts, "..", "..", "data", "tinyshakespeare", "input.txt.gz");
        using var output = File.Create(target);
        using Stream input = source.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(File.OpenRead(source), CompressionMode.Decompress) : File.OpenRead(source);
        input.CopyTo(output);
        return target;
    }

    private static string Text(double seconds) => seconds.ToString(CultureInfo.InvariantCulture);

    private static string Cell((double Wall, double Cpu) rate) => string.Create(CultureInfo.InvariantCulture, $"{rate.Wall:F1} ({rate.Cpu:F1})");

    private static double Median(List<(double Wall, double Cpu)> rates, Func<(double Wall, double Cpu), double> part)
    {
        double[] sorted = [.. rates.Select(part).Order()];
        return sorted.Length == 0 ? 0 : (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
