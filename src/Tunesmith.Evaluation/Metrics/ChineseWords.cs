using System.Text.RegularExpressions;

namespace Tunesmith.Evaluation.Metrics;

/// <summary>
/// Cuts text into words as jieba does outside Chinese: runs of letters and digits, numbers with a decimal point and percent
/// sign, other marks that stand together, every other character by itself. A Chinese character is a word of its own, since jieba's dictionary of 349,000 words is
/// not part of this program: for Chinese text ROUGE is then the character-level one.
/// </summary>
public static partial class ChineseWords
{
    public static IReadOnlyList<string> Cut(string text)
    {
        var words = new List<string>();
        int at = 0;
        foreach (Match block in Block().Matches(text))
        {
            Skipped(text[at..block.Index], words);
            foreach (Match piece in Piece().Matches(block.Value)) words.Add(piece.Value);
            at = block.Index + block.Length;
        }
        Skipped(text[at..], words);
        return words;
    }

    /// <summary>Whether a text holds characters that jieba would join into words by its dictionary.</summary>
    public static bool NeedsDictionary(string text) => Chinese().IsMatch(text);

    /// <summary>Between blocks: a line end of two characters is one word, every other character its own.</summary>
    private static void Skipped(string text, List<string> words)
    {
        for (var i = 0; i < text.Length; i++)
        {
            int length = text[i] == '\r' && i + 1 < text.Length && text[i + 1] == '\n' ? 2 : char.IsHighSurrogate(text[i]) && i + 1 < text.Length ? 2 : 1;
            words.Add(text.Substring(i, length));
            i += length - 1;
        }
    }

    [GeneratedRegex(@"[\u4E00-\u9FD5a-zA-Z0-9+#&._%\-]+")] private static partial Regex Block();

    [GeneratedRegex(@"[a-zA-Z0-9]+(?:\.[0-9]+)?%?|[\u4E00-\u9FD5]|[^a-zA-Z0-9\u4E00-\u9FD5]+")] private static partial Regex Piece();

    [GeneratedRegex(@"[\u4E00-\u9FD5]")] private static partial Regex Chinese();
}
