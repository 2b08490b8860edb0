using System.Diagnostics;

namespace Tunesmith.Tests.Crash;

/// <summary>The program in a process of its own that can be killed, or meet a full disk, at a chosen change of a folder.</summary>
internal sealed class FaultyProcess
{
    private static readonly Lazy<string> s_library = new(Compile);
    private readonly Process _process;
    private readonly Task<string> _output, _error;

    private FaultyProcess(Process process) =>
        (_process, _output, _error) = (process, process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());

    /// <summary>Starts it; `at` counts the changes under `folder` from 1, and `kind` is kill, torn or full.</summary>
    public static FaultyProcess Start(string folder, string[] args, string? log = null, long at = 0, string kind = "kill")
    {
        // Tests that run in the background of a script have Ctrl-C ignored, and so would their children.
        var start = new ProcessStartInfo("env", ["--default-signal=INT", "dotnet", Path.Combine(AppContext.BaseDirectory, "tunesmith.dll"), .. args])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, WorkingDirectory = Repo.Root,
        };
        start.Environment["LD_PRELOAD"] = s_library.Value;
        start.Environment["FAULT_UNDER"] = folder;
        start.Environment["FAULT_KIND"] = kind;
        if (at > 0) start.Environment["FAULT_AT"] = at.ToString();
        if (log is not null) start.Environment["FAULT_LOG"] = log;
        // One thread: waiting for the other one costs more than it does on so small a model.
        start.Environment["OMP_NUM_THREADS"] = "1";
        // Started hundreds of times: code is compiled once and quickly.
        start.Environment["DOTNET_TieredPGO"] = "0";
        var process = Process.Start(start)!;
        process.StandardInput.Close();
        return new FaultyProcess(process);
    }

    public int Id => _process.Id;

    public bool HasEnded => _process.HasExited;

    public bool Wait(TimeSpan time) => _process.WaitForExit(time);

    /// <summary>Waits some time, then kills it as `kill -9` does; whether it was still there.</summary>
    public bool KillAfter(TimeSpan time)
    {
        if (_process.WaitForExit(time)) return false;
        _process.Kill();
        return true;
    }

    public void Signal(string name) => Process.Start("kill", [$"-{name}", Id.ToString()])!.WaitForExit();

    /// <summary>The exit code and what it said; 137 where it was killed.</summary>
    public Script End()
    {
        if (!_process.WaitForExit(TimeSpan.FromMinutes(10)))
        {
            _process.Kill();
            Assert.Fail("the program hung");
        }
        _process.WaitForExit();
        return new Script(_process.ExitCode, _output.GetAwaiter().GetResult(), _error.GetAwaiter().GetResult());
    }

    private static string Compile()
    {
        string source = Path.Combine(Repo.Root, "tests", "Tunesmith.Apps.Tests", "Crash", "faults.c");
        string library = Path.Combine(Path.GetTempPath(), $"tunesmith-faults-{Environment.ProcessId}.so");
        // The set-up has seen to a C++ compiler; it compiles C as well.
        var made = Script.Run($"${{CXX:-g++}} -x c -shared -fPIC -O1 -Wall -Werror -o {library} {source} -ldl");
        Assert.True(made.Code == 0, made.Error);
        return library;
    }
}
