using System.Text.Json;
using System.Text.Json.Serialization;
using Tunesmith.Runs.Files;

namespace Tunesmith.Runs.Folders;

/// <summary>The append-only log of a run, <c>events.jsonl</c>: one JSON object a line, with its time (UTC) and its kind.</summary>
public sealed class EventLog : IDisposable
{
    private static readonly JsonSerializerOptions Json = new()
    {
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly string _path;
    private readonly FileStream _stream;
    private readonly TimeProvider _clock;
    private readonly Lock _gate = new();

    internal EventLog(string path, TimeProvider clock)
    {
        _path = path;
        _clock = clock;
        try
        {
            _stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, 1);
            DropTornLine();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Errors.CannotWrite(path, failure);
        }
    }

    /// <summary>Appends one event; it is with the system when the call returns.</summary>
    public void Write(string kind, params ReadOnlySpan<(string Name, object? Value)> facts)
    {
        var entry = new Dictionary<string, object?>
        {
            ["time"] = _clock.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture),
            ["event"] = kind,
        };
        foreach (var (name, value) in facts) entry[name] = value;
        byte[] line = [.. JsonSerializer.SerializeToUtf8Bytes(entry, Json), (byte)'\n'];
        lock (_gate)
        {
            try { AtomicFile.Append(_stream, line); }
            catch (Exception failure) when (Errors.IsOfWriting(failure)) { throw Errors.CannotWrite(_path, failure); }
        }
    }

    /// <summary>Closes the file; every event is in it already.</summary>
    public void Dispose() => _stream.Dispose();

    // A killed writer can leave half a line at the end; it never was an event.
    private void DropTornLine()
    {
        long end = _stream.Length;
        while (end > 0)
        {
            _stream.Position = end - 1;
            if (_stream.ReadByte() == '\n') break;
            end--;
        }
        _stream.SetLength(end);
        _stream.Position = end;
    }
}
