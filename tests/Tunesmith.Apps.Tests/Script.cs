using System.Diagnostics;

namespace Tunesmith.Tests;

/// <summary>One run of a shell script or program in a process of its own, with its own small PATH.</summary>
internal sealed record Script(int Code, string Out, string Error)
{
    public static Script Run(string shell, IReadOnlyDictionary<string, string?>? variables = null, string? folder = null)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", shell]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder ?? Repo.Root };
        foreach (var (name, value) in variables ?? new Dictionary<string, string?>())
        {
            if (value is null) start.Environment.Remove(name);
            else start.Environment[name] = value;
        }
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        if (!process.WaitForExit(120_000)) process.Kill(entireProcessTree: true);
        return new Script(process.ExitCode, output, error.GetAwaiter().GetResult());
    }
}
