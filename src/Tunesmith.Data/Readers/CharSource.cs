using System.Text;

namespace Tunesmith.Data.Readers;

/// <summary>Characters of a checked stream, one at a time, with the line they are on and a look ahead.</summary>
internal sealed class CharSource(Utf8Stream bytes)
{
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private readonly byte[] _raw = new byte[1 << 15];
    private char[] _chars = new char[(1 << 15) + 8];
    private int _start;
    private int _end;
    private bool _ended;
    private bool _afterReturn;

    /// <summary>The line of the next character, counted from 1; CRLF, LF and CR each end one.</summary>
    public long Line { get; private set; } = 1;

    public int Peek() => _start < _end || Fill() ? _chars[_start] : -1;

    public int Read()
    {
        if (_start == _end && !Fill()) return -1;
        char c = _chars[_start++];
        if (c == '\r' || (c == '\n' && !_afterReturn)) Line++;
        _afterReturn = c == '\r';
        return c;
    }

    /// <summary>
    /// With a quote as the next character: is there a closing one before the line ends, followed by the delimiter or the end of the line?
    /// </summary>
    public bool QuoteClosesOnThisLine(char delimiter, int limit)
    {
        for (int ahead = 1; ahead < limit; ahead++)
        {
            int c = At(ahead);
            if (c is < 0 or '\n' or '\r') return false;
            if (c != '"') continue;
            int next = At(ahead + 1);
            if (next is < 0 or '\n' or '\r' || next == delimiter) return true;
            if (next != '"') return false;
            ahead++;
        }
        return false;
    }

    private int At(int ahead)
    {
        while (_start + ahead >= _end)
        {
            if (!Fill()) return -1;
        }
        return _chars[_start + ahead];
    }

    private bool Fill()
    {
        if (_ended) return false;
        int kept = _end - _start;
        if (kept > 0) Array.Copy(_chars, _start, _chars, 0, kept);
        _start = 0;
        _end = kept;
        if (_chars.Length - kept < _raw.Length + 8) Array.Resize(ref _chars, 2 * _chars.Length);
        int count = bytes.Read(_raw);
        if (count == 0)
        {
            _ended = true;
            return false;
        }
        _end += _decoder.GetChars(_raw.AsSpan(0, count), _chars.AsSpan(_end), flush: false);
        return _end > kept || Fill();
    }
}
