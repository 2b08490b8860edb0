using System.Text;

namespace Tunesmith.Text.Tokenizers;

/// <summary>A text on its way through the normalizers, with the stretch of the source that every character came from.</summary>
internal sealed class NormalizedText
{
    public NormalizedText(ReadOnlySpan<char> source)
    {
        Text = source.ToArray();
        Length = source.Length;
        Starts = new int[source.Length];
        Ends = new int[source.Length];
        for (int i = 0; i < source.Length; i++)
        {
            bool pair = char.IsHighSurrogate(source[i]) && i + 1 < source.Length;
            Starts[i] = i;
            Ends[i] = pair ? i + 2 : i + 1;
            if (!pair) continue;
            i++;
            Starts[i] = i - 1;
            Ends[i] = i + 1;
        }
    }

    private NormalizedText(char[] text, int[] starts, int[] ends, int length) =>
        (Text, Starts, Ends, Length) = (text, starts, ends, length);

    public char[] Text { get; private set; }

    public int Length { get; private set; }

    /// <summary>First source character (UTF-16) of each character.</summary>
    public int[] Starts { get; private set; }

    /// <summary>One past the last source character (UTF-16) of each character.</summary>
    public int[] Ends { get; private set; }

    public ReadOnlySpan<char> Span => Text.AsSpan(0, Length);

    public NormalizedText Slice(int start, int end) => new(
        Text[start..end], Starts[start..end], Ends[start..end], end - start);

    public void Replace(Writer writer) =>
        (Text, Starts, Ends, Length) = (writer.Text, writer.Starts, writer.Ends, writer.Length);

    /// <summary>Writes the next state of a text from left to right and keeps the source stretches right.</summary>
    internal sealed class Writer(NormalizedText from)
    {
        private int _position;

        public char[] Text { get; private set; } = new char[from.Length + 8];

        public int[] Starts { get; private set; } = new int[from.Length + 8];

        public int[] Ends { get; private set; } = new int[from.Length + 8];

        public int Length { get; private set; }

        /// <summary>Drops characters at the current position.</summary>
        public void Skip(int runes)
        {
            for (int i = 0; i < runes && _position < from.Length; i++) _position += RuneLength(_position);
        }

        /// <summary>
        /// Writes one character. A change of 0 replaces the next character, of -n replaces it and drops n more, and above 0
        /// inserts, which takes the source stretch of the character before.
        /// </summary>
        public void Emit(int rune, int change)
        {
            int start;
            int end;
            if (change > 0)
            {
                int before = _position - 1;
                start = before < 0 ? (from.Length > 0 ? from.Starts[0] : 0) : from.Starts[before];
                end = before < 0 ? start : from.Ends[before];
            }
            else
            {
                int here = Math.Min(_position, from.Length - 1);
                start = here < 0 ? 0 : from.Starts[here];
                end = here < 0 ? 0 : from.Ends[here];
                Skip(1 - change);
            }

            Append(rune, start, end);
        }

        /// <summary>Writes one character with the given source stretch and moves nothing.</summary>
        public void Append(int rune, int start, int end)
        {
            if (Length + 2 > Text.Length) Grow();
            if (rune < 0x10000)
            {
                Text[Length] = (char)rune;
                Starts[Length] = start;
                Ends[Length++] = end;
                return;
            }

            rune -= 0x10000;
            Text[Length] = (char)(0xD800 + (rune >> 10));
            Text[Length + 1] = (char)(0xDC00 + (rune & 0x3FF));
            Starts[Length] = Starts[Length + 1] = start;
            Ends[Length] = Ends[Length + 1] = end;
            Length += 2;
        }

        /// <summary>Copies UTF-16 characters unchanged up to <paramref name="end"/>.</summary>
        public void CopyTo(int end)
        {
            int count = end - _position;
            if (count <= 0) return;
            while (Length + count > Text.Length) Grow();
            Array.Copy(from.Text, _position, Text, Length, count);
            Array.Copy(from.Starts, _position, Starts, Length, count);
            Array.Copy(from.Ends, _position, Ends, Length, count);
            Length += count;
            _position = end;
        }

        /// <summary>Moves to a UTF-16 position without writing.</summary>
        public void JumpTo(int position) => _position = position;

        private int RuneLength(int at) =>
            char.IsHighSurrogate(from.Text[at]) && at + 1 < from.Length && char.IsLowSurrogate(from.Text[at + 1]) ? 2 : 1;

        private void Grow()
        {
            int size = Text.Length * 2;
            (char[] text, int[] starts, int[] ends) = (Text, Starts, Ends);
            Array.Resize(ref text, size);
            Array.Resize(ref starts, size);
            Array.Resize(ref ends, size);
            (Text, Starts, Ends) = (text, starts, ends);
        }
    }

    /// <summary>Lone surrogates become U+FFFD, as in every text that goes through UTF-8.</summary>
    public static string WellFormed(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i])) continue;
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                i++;
                continue;
            }

            var repaired = new StringBuilder(text.Length);
            foreach (var rune in text.EnumerateRunes()) repaired.Append(rune);
            return repaired.ToString();
        }

        return text;
    }
}

/// <summary>A stretch of a normalised text, or an added token.</summary>
/// <param name="Text">The text that it is a stretch of.</param>
/// <param name="Start">First character.</param>
/// <param name="End">One past the last character.</param>
/// <param name="Id">The added token's id, or -1.</param>
internal readonly record struct Piece(NormalizedText Text, int Start, int End, int Id = -1)
{
    public ReadOnlySpan<char> Span => Text.Text.AsSpan(Start, End - Start);

    public int SourceStart => Start < End ? Text.Starts[Start] : 0;

    public int SourceEnd => Start < End ? Text.Ends[End - 1] : 0;
}
