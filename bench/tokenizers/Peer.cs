using System.Diagnostics;

namespace Tunesmith.TokenizerBench;

/// <summary>A Node.js script in a process of its own.</summary>
internal static class Peer
{
    public static Process Start(string script, IEnumerable<string> arguments, int threads = 0)
    {
        var start = new ProcessStartInfo("node", [script, .. arguments]) { RedirectStandardOutput = true, RedirectStandardInput = true, WorkingDirectory = Path.GetDirectoryName(script)! };
        // Its threads come from Rayon, which asks this.
        if (threads > 0) start.Environment["RAYON_NUM_THREADS"] = threads.ToString();
        return Process.Start(start) ?? throw new InvalidOperationException("node could not be started");
    }
}
