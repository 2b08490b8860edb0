using System.Text;
using Tunesmith.Text.Tokenizers.Unicode;

namespace Tunesmith.Text.Tokenizers;

/// <summary>The 256 printable characters that stand for bytes in byte-level vocabularies (GPT-2's bytes_to_unicode).</summary>
internal static class ByteAlphabet
{
    private static readonly char[] Chars = BuildChars();
    private static readonly short[] Bytes = BuildBytes();

    /// <summary>The character of each byte.</summary>
    public static ReadOnlySpan<char> CharOf => Chars;

    /// <summary>The byte that a character stands for, or -1.</summary>
    public static int ByteOf(char c) => c < Bytes.Length ? Bytes[c] : -1;

    public static void Spell(NormalizedText text)
    {
        var writer = new NormalizedText.Writer(text);
        Span<byte> utf8 = stackalloc byte[4];
        var span = text.Span;
        for (int i = 0; i < span.Length;)
        {
            int rune = Runes.At(span, i, out int length);
            int count = new Rune(rune).EncodeToUtf8(utf8);
            for (int b = 0; b < count; b++) writer.Append(Chars[utf8[b]], text.Starts[i], text.Ends[i]);
            i += length;
        }

        text.Replace(writer);
    }

    /// <summary>Appends a character's UTF-8 bytes in the alphabet.</summary>
    public static void Spell(ReadOnlySpan<char> text, ref ScratchText spelled)
    {
        foreach (char c in text)
        {
            if (c < 0x80)
            {
                spelled.Add(Chars[c]);
                continue;
            }

            SpellWide(text, ref spelled);
            return;
        }
    }

    private static void SpellWide(ReadOnlySpan<char> text, ref ScratchText spelled)
    {
        spelled.Clear();
        Span<byte> utf8 = stackalloc byte[4];
        for (int i = 0; i < text.Length;)
        {
            int rune = Runes.At(text, i, out int length);
            i += length;
            int count = new Rune(rune).EncodeToUtf8(utf8);
            for (int b = 0; b < count; b++) spelled.Add(Chars[utf8[b]]);
        }
    }

    private static char[] BuildChars()
    {
        var chars = new char[256];
        int next = 256;
        for (int b = 0; b < 256; b++)
        {
            bool printable = b is >= '!' and <= '~' or >= 0xA1 and <= 0xAC or >= 0xAE;
            chars[b] = printable ? (char)b : (char)next++;
        }

        return chars;
    }

    private static short[] BuildBytes()
    {
        var bytes = new short[324];
        Array.Fill(bytes, (short)-1);
        for (int b = 0; b < 256; b++) bytes[Chars[b]] = (short)b;
        return bytes;
    }
}

/// <summary>A growing character buffer that is used again and again.</summary>
internal struct ScratchText
{
    private char[] _chars;

    public ScratchText(int size) => _chars = new char[size];

    public int Length { get; private set; }

    public readonly ReadOnlySpan<char> Span => _chars.AsSpan(0, Length);

    public void Clear() => Length = 0;

    public void Add(char c)
    {
        if (Length == _chars.Length) Array.Resize(ref _chars, _chars.Length * 2);
        _chars[Length++] = c;
    }

    public void Add(ReadOnlySpan<char> text)
    {
        while (Length + text.Length > _chars.Length) Array.Resize(ref _chars, _chars.Length * 2);
        text.CopyTo(_chars.AsSpan(Length));
        Length += text.Length;
    }
}
