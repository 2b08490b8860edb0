using Tunesmith.Text.Tokenizers.Unicode;

namespace Tunesmith.Text.Tokenizers.Patterns;

/// <summary>A hand-written form of a well-known split pattern whose matches cover every text.</summary>
internal interface ISplitScanner
{
    /// <summary>Where the match that starts at <paramref name="start"/> ends.</summary>
    int Next(ReadOnlySpan<char> text, int start);
}

/// <summary>The patterns with a scanner of their own.</summary>
internal static class SplitScanners
{
    public const string Gpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    private const string CaselessStart = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}";
    private const string CaselessEnd = @"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    public static ISplitScanner? Known(string pattern) => pattern switch
    {
        Gpt2 => Gpt2Scanner.Instance,
        CaselessStart + "{1,3}" + CaselessEnd => new CaselessScanner(3),
        CaselessStart + CaselessEnd => new CaselessScanner(1),
        _ => null,
    };

    /// <summary>One past the run of characters that have (or lack) one of the flags.</summary>
    public static int Run(ReadOnlySpan<char> text, int from, byte flags, bool wanted)
    {
        var table = CharClasses.Flags;
        int i = from;
        while (i < text.Length)
        {
            char c = text[i];
            if ((c & 0xF800) != 0xD800)
            {
                if ((table[c] & flags) != 0 != wanted) break;
                i++;
                continue;
            }

            int rune = Runes.At(text, i, out int length);
            if ((CharClasses.FlagsOf(rune) & flags) != 0 != wanted) break;
            i += length;
        }

        return i;
    }

    public static byte FlagsAt(ReadOnlySpan<char> text, int at, out int length)
    {
        char c = text[at];
        if ((c & 0xF800) != 0xD800)
        {
            length = 1;
            return CharClasses.Flags[c];
        }

        return CharClasses.FlagsOf(Runes.At(text, at, out length));
    }

    /// <summary>The end of <c>\s+(?!\S)|\s+</c>: all white space but the last character where something follows.</summary>
    public static int Spaces(ReadOnlySpan<char> text, int start)
    {
        int end = Run(text, start, CharClasses.Space, true);
        return end < text.Length && end - start > 1 ? end - 1 : end;
    }
}

/// <summary>GPT-2's pattern.</summary>
internal sealed class Gpt2Scanner : ISplitScanner
{
    private const byte Word = CharClasses.Letter | CharClasses.Number | CharClasses.Space;

    public static Gpt2Scanner Instance { get; } = new();

    public int Next(ReadOnlySpan<char> text, int start)
    {
        char first = text[start];
        if (first == '\'' && Contraction(text, start) is > 0 and var length) return start + length;
        int at = first == ' ' && start + 1 < text.Length ? start + 1 : start;
        byte flags = SplitScanners.FlagsAt(text, at, out int taken);
        if ((flags & CharClasses.Letter) != 0) return SplitScanners.Run(text, at + taken, CharClasses.Letter, true);
        if ((flags & CharClasses.Number) != 0) return SplitScanners.Run(text, at + taken, CharClasses.Number, true);
        if ((flags & CharClasses.Space) == 0) return SplitScanners.Run(text, at + taken, Word, false);
        return SplitScanners.Spaces(text, start);
    }

    private static int Contraction(ReadOnlySpan<char> text, int start)
    {
        if (start + 1 >= text.Length) return 0;
        char next = text[start + 1];
        if (next is 's' or 't' or 'm' or 'd') return 2;
        if (start + 2 >= text.Length) return 0;
        return (next, text[start + 2]) is ('r', 'e') or ('v', 'e') or ('l', 'l') ? 3 : 0;
    }
}

/// <summary>The pattern of cl100k and Llama 3 (digits by three) and of Qwen 2 (digits one by one).</summary>
internal sealed class CaselessScanner(int digits) : ISplitScanner
{
    private const byte Word = CharClasses.Letter | CharClasses.Number | CharClasses.Space;

    public int Next(ReadOnlySpan<char> text, int start)
    {
        char first = text[start];
        if (first == '\'' && Contraction(text, start) is > 0 and var length) return start + length;
        byte flags = SplitScanners.FlagsAt(text, start, out int taken);
        if ((flags & CharClasses.Letter) != 0) return SplitScanners.Run(text, start + taken, CharClasses.Letter, true);
        int next = start + taken;
        if ((flags & (CharClasses.Number | CharClasses.LineEnd)) == 0 && next < text.Length
            && (SplitScanners.FlagsAt(text, next, out int letter) & CharClasses.Letter) != 0)
        {
            return SplitScanners.Run(text, next + letter, CharClasses.Letter, true);
        }

        if ((flags & CharClasses.Number) != 0) return Number(text, next);
        int symbol = first == ' ' ? next : start;
        if (symbol < text.Length && (SplitScanners.FlagsAt(text, symbol, out int wide) & Word) == 0)
        {
            int end = SplitScanners.Run(text, symbol + wide, Word, false);
            while (end < text.Length && (text[end] == '\r' || text[end] == '\n')) end++;
            return end;
        }

        // White space: up to the last line end in it, or else as GPT-2 has it.
        int stop = SplitScanners.Run(text, start, CharClasses.Space, true);
        int line = text[start..stop].LastIndexOfAny('\r', '\n');
        return line >= 0 ? start + line + 1 : SplitScanners.Spaces(text, start);
    }

    private int Number(ReadOnlySpan<char> text, int at)
    {
        for (int count = 1; count < digits && at < text.Length; count++)
        {
            if ((SplitScanners.FlagsAt(text, at, out int length) & CharClasses.Number) == 0) break;
            at += length;
        }

        return at;
    }

    public static int Contraction(ReadOnlySpan<char> text, int start)
    {
        if (start + 1 >= text.Length) return 0;
        int next = CaseFolding.Fold(text[start + 1]);
        if (next is 's' or 't' or 'm' or 'd') return 2;
        if (start + 2 >= text.Length) return 0;
        int last = CaseFolding.Fold(text[start + 2]);
        return (next, last) is ('r', 'e') or ('v', 'e') or ('l', 'l') ? 3 : 0;
    }
}
