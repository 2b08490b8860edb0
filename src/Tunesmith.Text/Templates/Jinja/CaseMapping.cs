using System.Globalization;
using System.Text;

namespace Tunesmith.Text.Templates.Jinja;

/// <summary>Python's changes of case: unlike the base library's they may lengthen a text (ß becomes SS) and know the final sigma.</summary>
internal static class CaseMapping
{
    // Unicode's SpecialCasing, the unconditional capitals; letters with iota subscript are left to the simple mapping.
    private static readonly Dictionary<char, string> LongCapitals = new()
    {
        ['ß'] = "SS", ['ŉ'] = "\u02BCN", ['ǰ'] = "J\u030C", ['\u0390'] = "\u0399\u0308\u0301", ['\u03B0'] = "\u03A5\u0308\u0301", ['\u0587'] = "\u0535\u0552",
        ['\u1E96'] = "H\u0331", ['\u1E97'] = "T\u0308", ['\u1E98'] = "W\u030A", ['\u1E99'] = "Y\u030A", ['\u1E9A'] = "A\u02BE",
        ['\uFB00'] = "FF", ['\uFB01'] = "FI", ['\uFB02'] = "FL", ['\uFB03'] = "FFI", ['\uFB04'] = "FFL", ['\uFB05'] = "ST", ['\uFB06'] = "ST",
        ['\uFB13'] = "\u0544\u0546", ['\uFB14'] = "\u0544\u0535", ['\uFB15'] = "\u0544\u053B", ['\uFB16'] = "\u054E\u0546", ['\uFB17'] = "\u0544\u053D",
    };

    public static string Upper(string s)
    {
        if (!s.AsSpan().ContainsAnyExceptInRange('\0', '\x7F')) return s.ToUpperInvariant();
        var text = new StringBuilder(s.Length);
        foreach (var rune in s.EnumerateRunes())
        {
            if (rune.IsBmp && LongCapitals.TryGetValue((char)rune.Value, out string? capitals)) text.Append(capitals);
            else text.Append(Rune.ToUpperInvariant(rune));
        }
        return text.ToString();
    }

    public static string Lower(string s)
    {
        if (!s.AsSpan().ContainsAnyExceptInRange('\0', '\x7F')) return s.ToLowerInvariant();
        var text = new StringBuilder(s.Length);
        for (int i = 0; i < s.Length; i++)
        {
            if (s[i] == 'İ') text.Append("i\u0307");
            else if (s[i] == 'Σ') text.Append(IsFinalSigma(s, i) ? 'ς' : 'σ');
            else if (char.IsHighSurrogate(s[i]) && Rune.TryGetRuneAt(s, i, out var rune))
            {
                text.Append(Rune.ToLowerInvariant(rune));
                i++;
            }
            else text.Append(char.ToLowerInvariant(s[i]));
        }
        return text.ToString();
    }

    /// <summary>One letter at the start of a word: of the letters that are two, only the first part is a capital.</summary>
    public static string Title(string letter) => letter switch
    {
        "Ǆ" or "ǅ" or "ǆ" => "ǅ",
        "Ǉ" or "ǈ" or "ǉ" => "ǈ",
        "Ǌ" or "ǋ" or "ǌ" => "ǋ",
        "Ǳ" or "ǲ" or "ǳ" => "ǲ",
        _ => Upper(letter) is { Length: > 1 } two && letter.Length == 1 ? two[0] + Lower(two[1..]) : Upper(letter),
    };

    public static string Swap(string s) => string.Concat(s.EnumerateRunes().Select(rune => Rune.IsUpper(rune) ? Lower(rune.ToString()) : Upper(rune.ToString())));

    private static bool IsFinalSigma(string s, int at)
    {
        int before = at - 1, after = at + 1;
        while (before >= 0 && IsIgnored(s[before])) before--;
        while (after < s.Length && IsIgnored(s[after])) after++;
        return before >= 0 && IsCased(s[before]) && !(after < s.Length && IsCased(s[after]));
    }

    private static bool IsCased(char c) => char.IsUpper(c) || char.IsLower(c) || CharUnicodeInfo.GetUnicodeCategory(c) == UnicodeCategory.TitlecaseLetter;

    private static bool IsIgnored(char c) => c is '\'' or '.' or ':' or '^' or '`' or '\u00AD' or '\u00B7' or '\u2019'
        || CharUnicodeInfo.GetUnicodeCategory(c) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format or UnicodeCategory.ModifierLetter or UnicodeCategory.ModifierSymbol;
}
