using System.Globalization;
using Tunesmith.Text.Tokenizers.Unicode;

namespace Tunesmith.Text.Tokenizers.Patterns;

/// <summary>A set of characters as regular expressions write it.</summary>
internal sealed class CharSet
{
    private readonly List<(int First, int Last)> _ranges = [];
    private readonly List<Func<int, bool>> _tests = [];
    private readonly List<CharSet> _intersections = [];
    private readonly ulong[] _ascii = new ulong[2];
    private bool _ignoreCase;

    public bool Negated { get; set; }

    public void Add(int first, int last) => _ranges.Add((first, last));

    public void Add(Func<int, bool> test) => _tests.Add(test);

    public void Add(CharSet set) => _tests.Add(set.ContainsSlowly);

    public void Intersect(CharSet set) => _intersections.Add(set);

    /// <summary>Fixes the set and prepares its fast part.</summary>
    public CharSet Seal(bool ignoreCase)
    {
        _ignoreCase = ignoreCase;
        for (int c = 0; c < 128; c++)
        {
            if (ContainsSlowly(c)) _ascii[c >> 6] |= 1UL << (c & 63);
        }

        return this;
    }

    public bool Contains(int rune) => rune < 128 ? (_ascii[rune >> 6] >> (rune & 63) & 1) != 0 : ContainsSlowly(rune);

    private bool ContainsSlowly(int rune)
    {
        bool inside = Listed(rune);
        if (!inside && _ignoreCase)
        {
            foreach (int variant in CaseFolding.Variants(rune)) inside |= Listed(variant);
        }

        foreach (var set in _intersections) inside = inside && set.ContainsSlowly(rune);
        return inside != Negated;
    }

    private bool Listed(int rune)
    {
        foreach ((int first, int last) in _ranges)
        {
            if (rune >= first && rune <= last) return true;
        }

        foreach (var test in _tests)
        {
            if (test(rune)) return true;
        }

        return false;
    }

    /// <summary>The test behind a Unicode property name, or null.</summary>
    public static Func<int, bool>? Property(string name) => name.ToLowerInvariant().Replace("_", "").Replace(" ", "") switch
    {
        "l" or "letter" => c => (CharClasses.FlagsOf(c) & CharClasses.Letter) != 0,
        "lu" or "uppercaseletter" => c => Runes.Category(c) == UnicodeCategory.UppercaseLetter,
        "ll" or "lowercaseletter" => c => Runes.Category(c) == UnicodeCategory.LowercaseLetter,
        "lt" or "titlecaseletter" => c => Runes.Category(c) == UnicodeCategory.TitlecaseLetter,
        "lm" or "modifierletter" => c => Runes.Category(c) == UnicodeCategory.ModifierLetter,
        "lo" or "otherletter" => c => Runes.Category(c) == UnicodeCategory.OtherLetter,
        "m" or "mark" => CharClasses.IsMark,
        "mn" or "nonspacingmark" => c => Runes.Category(c) == UnicodeCategory.NonSpacingMark,
        "mc" or "spacingmark" => c => Runes.Category(c) == UnicodeCategory.SpacingCombiningMark,
        "me" or "enclosingmark" => c => Runes.Category(c) == UnicodeCategory.EnclosingMark,
        "n" or "number" => CharClasses.IsNumeric,
        "nd" or "decimalnumber" or "digit" => c => Runes.Category(c) == UnicodeCategory.DecimalDigitNumber,
        "nl" or "letternumber" => c => Runes.Category(c) == UnicodeCategory.LetterNumber,
        "no" or "othernumber" => c => Runes.Category(c) == UnicodeCategory.OtherNumber,
        "p" or "punctuation" => c => Runes.Category(c) is >= UnicodeCategory.ConnectorPunctuation and <= UnicodeCategory.OtherPunctuation,
        "pc" or "connectorpunctuation" => c => Runes.Category(c) == UnicodeCategory.ConnectorPunctuation,
        "pd" or "dashpunctuation" => c => Runes.Category(c) == UnicodeCategory.DashPunctuation,
        "ps" or "openpunctuation" => c => Runes.Category(c) == UnicodeCategory.OpenPunctuation,
        "pe" or "closepunctuation" => c => Runes.Category(c) == UnicodeCategory.ClosePunctuation,
        "pi" or "initialpunctuation" => c => Runes.Category(c) == UnicodeCategory.InitialQuotePunctuation,
        "pf" or "finalpunctuation" => c => Runes.Category(c) == UnicodeCategory.FinalQuotePunctuation,
        "po" or "otherpunctuation" => c => Runes.Category(c) == UnicodeCategory.OtherPunctuation,
        "s" or "symbol" => c => Runes.Category(c) is >= UnicodeCategory.MathSymbol and <= UnicodeCategory.OtherSymbol,
        "sm" or "mathsymbol" => c => Runes.Category(c) == UnicodeCategory.MathSymbol,
        "sc" or "currencysymbol" => c => Runes.Category(c) == UnicodeCategory.CurrencySymbol,
        "sk" or "modifiersymbol" => c => Runes.Category(c) == UnicodeCategory.ModifierSymbol,
        "so" or "othersymbol" => c => Runes.Category(c) == UnicodeCategory.OtherSymbol,
        "z" or "separator" => c => Runes.Category(c) is >= UnicodeCategory.SpaceSeparator and <= UnicodeCategory.ParagraphSeparator,
        "zs" or "spaceseparator" => c => Runes.Category(c) == UnicodeCategory.SpaceSeparator,
        "zl" or "lineseparator" => c => c == 0x2028,
        "zp" or "paragraphseparator" => c => c == 0x2029,
        "c" or "other" => c => Runes.Category(c) is >= UnicodeCategory.Control and <= UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned,
        "cc" or "control" or "cntrl" => c => Runes.Category(c) == UnicodeCategory.Control,
        "cf" or "format" => c => Runes.Category(c) == UnicodeCategory.Format,
        "co" or "privateuse" => c => Runes.Category(c) == UnicodeCategory.PrivateUse,
        "cn" or "unassigned" => c => Runes.Category(c) == UnicodeCategory.OtherNotAssigned,
        "cs" or "surrogate" => c => c is >= 0xD800 and < 0xE000,
        "alpha" or "alphabetic" => c => (CharClasses.FlagsOf(c) & (CharClasses.Letter | CharClasses.Mark)) != 0,
        "alnum" => c => (CharClasses.FlagsOf(c) & (CharClasses.Letter | CharClasses.Mark)) != 0 || Runes.Category(c) == UnicodeCategory.DecimalDigitNumber,
        "upper" or "uppercase" => c => Runes.Category(c) == UnicodeCategory.UppercaseLetter,
        "lower" or "lowercase" => c => Runes.Category(c) == UnicodeCategory.LowercaseLetter,
        "punct" => c => c < 128 ? CharClasses.IsPunctuation(c) : Runes.Category(c) is >= UnicodeCategory.ConnectorPunctuation and <= UnicodeCategory.OtherPunctuation,
        "space" or "whitespace" => CharClasses.IsWhiteSpace,
        "blank" => c => c == 9 || Runes.Category(c) == UnicodeCategory.SpaceSeparator,
        "xdigit" or "asciihexdigit" => c => c < 128 && char.IsAsciiHexDigit((char)c),
        "word" => Word,
        "ascii" => c => c < 128,
        "any" => _ => true,
        "graph" => c => !CharClasses.IsWhiteSpace(c) && Runes.Category(c) is not (UnicodeCategory.Control or UnicodeCategory.OtherNotAssigned or UnicodeCategory.Surrogate),
        "print" => c => Runes.Category(c) is not (UnicodeCategory.Control or UnicodeCategory.OtherNotAssigned or UnicodeCategory.Surrogate),
        var script => Scripts.Find(script) is { } index ? c => Scripts.Of(c) == index : null,
    };

    /// <summary>Oniguruma's word character: Unicode's without the two joiners, and Latin-1's small numbers (its own table has them).</summary>
    public static bool Word(int rune) => rune is 0xB2 or 0xB3 or 0xB9 or >= 0xBC and <= 0xBE || ClassWord(rune);

    /// <summary>The same inside brackets, where Oniguruma asks Unicode only.</summary>
    public static bool ClassWord(int rune) => rune is not (0x200C or 0x200D) && CharClasses.IsWord(rune);
}

/// <summary>Simple case folding, with the two letters beyond Latin-1 that fold to ASCII.</summary>
internal static class CaseFolding
{
    public static int Fold(int rune) => rune switch
    {
        >= 'A' and <= 'Z' => rune + 32,
        < 128 => rune,
        0x17F => 's',
        0x212A => 'k',
        >= 0xD800 and < 0xE000 => rune,
        _ => System.Text.Rune.ToLowerInvariant(System.Text.Rune.ToUpperInvariant(new System.Text.Rune(rune))).Value,
    };

    /// <summary>The other characters that fold alike.</summary>
    public static IEnumerable<int> Variants(int rune)
    {
        if (rune is >= 0xD800 and < 0xE000) yield break;
        int folded = Fold(rune);
        yield return folded;
        yield return System.Text.Rune.ToUpperInvariant(new System.Text.Rune(folded)).Value;
        if (folded == 's') yield return 0x17F;
        if (folded == 'k') yield return 0x212A;
    }
}
