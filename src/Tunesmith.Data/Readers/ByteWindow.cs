namespace Tunesmith.Data.Readers;

/// <summary>The part of a checked stream that is being looked at; grows only as far as one row needs.</summary>
internal sealed class ByteWindow(Utf8Stream bytes, string name)
{
    private byte[] _buffer = new byte[1 << 16];
    private int _start;
    private int _end;

    /// <summary>The line of the window's first byte, counted from 1.</summary>
    public long Line { get; private set; } = 1;

    /// <summary>True once the file has no more bytes than the window shows.</summary>
    public bool Ended { get; private set; }

    public ReadOnlySpan<byte> Span => _buffer.AsSpan(_start, _end - _start);

    /// <summary>Moves the window's start forward.</summary>
    public void Advance(int count)
    {
        Line += _buffer.AsSpan(_start, count).Count((byte)'\n');
        _start += count;
    }

    /// <summary>Shows more of the file; the window may not grow beyond the largest row.</summary>
    public void Extend()
    {
        if (Ended) return;
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }
        if (_end == _buffer.Length)
        {
            if (_buffer.Length >= TableReader.LargestRow) throw Errors.RowTooLarge(name, Line, TableReader.LargestRow >> 20);
            Array.Resize(ref _buffer, 2 * _buffer.Length);
        }
        // Filling up what is free keeps the number of looks at one large row small.
        while (_end < _buffer.Length)
        {
            int read = bytes.Read(_buffer.AsSpan(_end));
            Ended = read == 0;
            if (Ended) return;
            _end += read;
        }
    }

    /// <summary>Skips white space and shows the byte after it; -1 at the end.</summary>
    public int FirstByte()
    {
        while (true)
        {
            int at = Span.IndexOfAnyExcept(" \t\r\n"u8);
            if (at >= 0)
            {
                Advance(at);
                return Span[0];
            }
            Advance(Span.Length);
            if (Ended) return -1;
            Extend();
        }
    }
}
