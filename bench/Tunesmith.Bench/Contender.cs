using System.Diagnostics;
using System.Globalization;

namespace Tunesmith.Bench;

/// <summary>One measured step as a contender reports it.</summary>
internal readonly record struct Sample(double Seconds, double CpuSeconds, double Work, double PeakMebibytes, double Loss)
{
    public double Rate => Work / Seconds;
}

/// <summary>
/// A program that prepares a computation and then runs one step for every <c>go</c> on its standard input (the protocol is described in
/// <c>bench/torch/steps.py</c>). Several contenders live side by side so that their steps can alternate.
/// </summary>
internal sealed class Contender : IDisposable
{
    private readonly Process _process;

    private Contender(string name, Process process) => (Name, _process) = (name, process);

    public string Name { get; }

    public List<Sample> Samples { get; } = [];

    /// <summary>Starts the program and waits until it has prepared and warmed up.</summary>
    /// <param name="environment">Variables to set; a null value removes one that the caller's environment has.</param>
    public static Contender Start(string name, string file, IEnumerable<string> arguments, IEnumerable<KeyValuePair<string, string?>> environment)
    {
        var start = new ProcessStartInfo(file, arguments)
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach (var (key, value) in environment)
        {
            if (value is null) start.Environment.Remove(key);
            else start.Environment[key] = value;
        }
        var process = Process.Start(start) ?? throw new InvalidOperationException($"{file}: could not be started.");
        var contender = new Contender(name, process);
        if (process.StandardOutput.ReadLine() != "ready") throw contender.Failed();
        return contender;
    }

    public void Step()
    {
        var before = _process.TotalProcessorTime;
        _process.StandardInput.WriteLine("go");
        _process.StandardInput.Flush();
        var line = _process.StandardOutput.ReadLine() ?? throw Failed();
        var parts = line.Split(' ');
        double Number(int i) => double.Parse(parts[i], CultureInfo.InvariantCulture);
        _process.Refresh();
        Samples.Add(new Sample(Number(0), (_process.TotalProcessorTime - before).TotalSeconds, Number(1), Number(2), Number(3)));
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(10_000)) _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    private InvalidOperationException Failed() =>
        new($"{Name}: ended before it was ready or in a step. It said: {_process.StandardError.ReadToEnd().Trim()}");
}
