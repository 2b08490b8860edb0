using System.Diagnostics;

namespace Tunesmith.Tests;

/// <summary>
/// The shape of every fuzz test: seeded damage, a few hundred files in each run and 20,000 in the slow lane. A damaged file gives a right result or one of our
/// own errors; anything else, a case that takes too long and one that takes too much memory fail, with the file that did it kept.
/// </summary>
internal sealed class Fuzz
{
    /// <summary>How long one case may take: far more than it needs, and far less than a hang.</summary>
    public TimeSpan MostTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Bytes that one case may allocate, live or not.</summary>
    public long MostBytes { get; init; } = 600_000_000;

    /// <summary>How long an error's text may be.</summary>
    public int MostText { get; init; } = 8000;

    /// <summary>Which exceptions are ours.</summary>
    public required Func<Exception, bool> IsOurs { get; init; }

    /// <summary>What a result must have to be right; false or an exception that is not ours fails.</summary>
    public required Action<byte[]> Read { get; init; }

    /// <summary>Damaged files of this run: the number given, or 20,000 in the slow lane.</summary>
    public static int Count(int quick) =>
        int.TryParse(Environment.GetEnvironmentVariable("TUNESMITH_FUZZ"), out int asked) ? asked : Environment.GetEnvironmentVariable("TUNESMITH_SLOW") is null ? quick : 20_000;

    /// <summary>Reads `count` damaged copies; both results and errors must come up, or nothing was tested.</summary>
    public void Run(string name, int count, Damage damage)
    {
        int read = 0, refused = 0, at = 0;
        byte[] now = [];
        Exception? failure = null;
        var clock = Stopwatch.StartNew();
        long begun = 0;
        // On a thread of its own, so that a case that never ends is noticed.
        var worker = new Thread(() =>
        {
            try
            {
                for (at = 0; at < count; at++)
                {
                    now = damage.Next();
                    Interlocked.Exchange(ref begun, clock.ElapsedMilliseconds);
                    long before = GC.GetAllocatedBytesForCurrentThread();
                    if (One(now)) read++;
                    else refused++;
                    long taken = GC.GetAllocatedBytesForCurrentThread() - before;
                    if (taken > MostBytes) throw new InvalidOperationException($"{taken:N0} bytes were allocated");
                }
            }
            catch (Exception e)
            {
                failure = e;
            }
        }, 1 << 20) { IsBackground = true };
        worker.Start();
        while (!worker.Join(TimeSpan.FromSeconds(1)))
        {
            long since = clock.ElapsedMilliseconds - Interlocked.Read(ref begun);
            if (since > MostTime.TotalMilliseconds) Assert.Fail($"{name}, case {at}: {since / 1000} s and no end; {Keep(name, now)}");
        }
        if (failure is not null) Assert.Fail($"{name}, case {at}: {failure.GetType().Name}: {failure.Message}; {Keep(name, now)}\n{failure.StackTrace}");
        Console.WriteLine($"fuzz {name}: {read} read, {refused} refused of {count}");
        Assert.True(read > 0 && refused > count / 20, $"{name}: {read} read, {refused} refused");
    }

    private bool One(byte[] file)
    {
        try
        {
            Read(file);
            return true;
        }
        catch (Exception e) when (IsOurs(e))
        {
            if (string.IsNullOrWhiteSpace(e.Message)) throw new InvalidOperationException("an error without a message");
            if (e.Message.Length > MostText) throw new InvalidOperationException($"an error of {e.Message.Length} characters: {e.Message[..300]}");
            return false;
        }
    }

    private static string Keep(string name, byte[] file)
    {
        string path = Path.Combine(Path.GetTempPath(), $"fuzz-{name}-{Guid.NewGuid():N}.bin");
        File.WriteAllBytes(path, file);
        return $"the file is kept as {path}";
    }
}
