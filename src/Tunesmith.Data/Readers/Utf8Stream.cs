using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Tunesmith.Data.Readers;

/// <summary>
/// The bytes of a text file, unpacked and checked: UTF-8 only, without its byte order mark. A wrong byte is an error that names
/// its line, as soon as it is reached; a character is never cut at the end of a read.
/// </summary>
internal sealed class Utf8Stream : Stream
{
    private const int ChunkSize = 1 << 16;
    private readonly Stream _file;
    private readonly string _name;
    private readonly byte[] _chunk = new byte[ChunkSize];
    private int _start;      // first byte not yet handed out
    private int _checked;    // end of the checked bytes
    private int _end;        // end of the bytes read; between the two: a character whose rest has not come yet
    private long _line = 1;  // line of the byte at _checked
    private bool _begun;
    private bool _ended;

    private Utf8Stream(Stream file, string name)
    {
        _file = file;
        _name = name;
    }

    /// <summary>Opens a file; <c>.gz</c> is unpacked on the way.</summary>
    public static Utf8Stream Open(string path, string name)
    {
        try
        {
            var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1);
            bool packed = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase);
            return new Utf8Stream(packed ? new GzipText(file, name) : file, name);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw Errors.CannotRead(name, e.Message);
        }
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty) return 0;
        while (_start == _checked)
        {
            if (_ended) return 0;
            Fill();
        }
        int count = Math.Min(buffer.Length, _checked - _start);
        _chunk.AsSpan(_start, count).CopyTo(buffer);
        _start += count;
        return count;
    }

    private void Fill()
    {
        _chunk.AsSpan(_checked, _end - _checked).CopyTo(_chunk);
        _end -= _checked;
        _start = _checked = 0;
        int read = ReadChunk();
        _end += read;
        _ended = read == 0;
        if (!_begun) SkipMark();
        int whole = _ended ? _end : _end - UnfinishedTail(_chunk.AsSpan(_start, _end - _start));
        Check(_chunk.AsSpan(_start, whole - _start));
        _checked = whole;
    }

    private int ReadChunk()
    {
        try
        {
            return _file.Read(_chunk, _end, _chunk.Length - _end);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.CannotRead(_name, e.Message);
        }
    }

    private void SkipMark()
    {
        // A first read may give fewer bytes than the mark has; three are enough to decide.
        while (_end < 3 && !_ended)
        {
            int more = ReadChunk();
            _end += more;
            _ended = more == 0;
        }
        _begun = true;
        var bytes = _chunk.AsSpan(0, _end);
        if (bytes.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF])) _start = _checked = 3;
        else if (bytes.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE]) || bytes.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF])) throw Errors.Utf16(_name);
    }

    private void Check(ReadOnlySpan<byte> bytes)
    {
        if (Utf8.IsValid(bytes) && !bytes.Contains((byte)0))
        {
            _line += bytes.Count((byte)'\n');
            return;
        }
        int at = 0;
        while (at < bytes.Length && bytes[at] != 0 && Rune.DecodeFromUtf8(bytes[at..], out _, out int length) == OperationStatus.Done) at += length;
        throw Errors.NotUtf8(_name, _line + bytes[..at].Count((byte)'\n'), bytes[at]);
    }

    /// <summary>How many bytes at the end begin a character whose rest is still missing (0 to 3).</summary>
    private static int UnfinishedTail(ReadOnlySpan<byte> bytes)
    {
        for (int back = 1; back <= Math.Min(3, bytes.Length); back++)
        {
            byte b = bytes[^back];
            if ((b & 0xC0) == 0x80) continue;
            int needed = b >= 0xF0 ? 4 : b >= 0xE0 ? 3 : b >= 0xC0 ? 2 : 1;
            return needed > back ? back : 0;
        }
        return 0;
    }

    public override void Flush() { }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) _file.Dispose();
        base.Dispose(disposing);
    }
}
