using System.Globalization;
using System.Runtime.CompilerServices;

namespace Tunesmith.Text.Tokenizers.Unicode;

/// <summary>Reads code points out of UTF-16 text.</summary>
internal static class Runes
{
    /// <summary>The code point at a position and how many UTF-16 characters it takes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int At(ReadOnlySpan<char> text, int position, out int length)
    {
        char c = text[position];
        if ((c & 0xFC00) == 0xD800 && position + 1 < text.Length && (text[position + 1] & 0xFC00) == 0xDC00)
        {
            length = 2;
            return 0x10000 + ((c & 0x3FF) << 10) + (text[position + 1] & 0x3FF);
        }

        length = 1;
        return c;
    }

    /// <summary>The code point that ends before a position.</summary>
    public static int Before(ReadOnlySpan<char> text, int position, out int length)
    {
        char c = text[position - 1];
        if (char.IsLowSurrogate(c) && position >= 2 && char.IsHighSurrogate(text[position - 2]))
        {
            length = 2;
            return char.ConvertToUtf32(text[position - 2], c);
        }

        length = 1;
        return c;
    }

    public static int Count(ReadOnlySpan<char> text)
    {
        int count = text.Length;
        for (int i = 0; i + 1 < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && char.IsLowSurrogate(text[i + 1])) count--;
        }

        return count;
    }

    public static UnicodeCategory Category(int rune) => CharUnicodeInfo.GetUnicodeCategory(rune);

    public static string ToText(int rune) => char.ConvertFromUtf32(rune is >= 0xD800 and < 0xE000 ? 0xFFFD : rune);
}
