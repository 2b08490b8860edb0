using System.Globalization;

namespace Tunesmith.Text.Tokenizers.Unicode;

/// <summary>The classes of characters that the tokenizers ask for.</summary>
internal static class CharClasses
{
    public const byte Letter = 1;
    public const byte Number = 2;
    public const byte Space = 4;
    public const byte LineEnd = 8;
    public const byte Upper = 16;
    public const byte Lower = 32;
    public const byte Mark = 64;

    private static readonly byte[] Basic = BuildBasic();
    private static readonly Lazy<ClassTable> Punctuations = new(() => new ClassTable('p'));
    private static readonly Lazy<ClassTable> Others = new(() => new ClassTable('c'));
    private static readonly Lazy<ClassTable> NonSpacingMarks = new(() => new ClassTable('n'));
    private static readonly Lazy<ClassTable> Marks = new(() => new ClassTable('m'));
    private static readonly Lazy<ClassTable> Words = new(() => new ClassTable('w'));

    /// <summary>Flags of a UTF-16 character; surrogates have none.</summary>
    public static ReadOnlySpan<byte> Flags => Basic;

    public static byte FlagsOf(int rune) => rune < 0x10000 ? Basic[rune] : Compute(rune);

    /// <summary>Unicode's White_Space property.</summary>
    public static bool IsWhiteSpace(int rune) =>
        rune is >= 9 and <= 13 or 32 or 0x85 or 0xA0 or 0x1680 or >= 0x2000 and <= 0x200A or 0x2028 or 0x2029 or 0x202F or 0x205F or 0x3000;

    /// <summary>ASCII symbols count as punctuation, as in BERT's own rule.</summary>
    public static bool IsPunctuation(int rune) =>
        rune is >= 33 and <= 47 or >= 58 and <= 64 or >= 91 and <= 96 or >= 123 and <= 126
        || rune >= 128 && Punctuations.Value.Contains(rune);

    public static bool IsNumeric(int rune) => (FlagsOf(rune) & Number) != 0;

    /// <summary>Control, format and private-use characters.</summary>
    public static bool IsOther(int rune) => rune < 0x20 || rune == 0x7F || rune > 0x7F && Others.Value.Contains(rune);

    /// <summary>A combining mark as the normalizers have it.</summary>
    public static bool IsCombining(int rune) => rune >= 0x300 && Marks.Value.Contains(rune);

    public static bool IsMark(int rune) => (FlagsOf(rune) & Mark) != 0;

    public static bool IsNonSpacingMark(int rune) => rune >= 0x300 && NonSpacingMarks.Value.Contains(rune);

    /// <summary>A word character as Unicode's regular expressions (UTS 18) have it.</summary>
    public static bool IsWord(int rune)
    {
        if (rune < 128) return rune is >= 'a' and <= 'z' or >= 'A' and <= 'Z' or >= '0' and <= '9' or '_';
        return Words.Value.Contains(rune);
    }

    private static byte[] BuildBasic()
    {
        var flags = new byte[0x10000];
        for (int c = 0; c < 0x10000; c++) flags[c] = c is >= 0xD800 and < 0xE000 ? (byte)0 : Compute(c);
        return flags;
    }

    private static byte Compute(int rune)
    {
        byte flags = Runes.Category(rune) switch
        {
            UnicodeCategory.UppercaseLetter or UnicodeCategory.TitlecaseLetter => Letter | Upper,
            UnicodeCategory.LowercaseLetter => Letter | Lower,
            UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => Letter | Upper | Lower,
            UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark => Mark | Upper | Lower,
            UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => Number,
            _ => 0,
        };
        // Digits of Unicode 17, which the reference knows and the base library does not yet.
        if (rune is >= 0x11DE0 and <= 0x11DE9 or >= 0x16FF4 and <= 0x16FF6) flags |= Number;
        if (IsWhiteSpace(rune)) flags |= Space;
        if (rune is '\r' or '\n') flags |= LineEnd;
        return flags;
    }
}
