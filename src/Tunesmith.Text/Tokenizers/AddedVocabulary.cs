using Tunesmith.Text.Tokenizers.Models;
using Tunesmith.Text.Tokenizers.Normalizers;
using Tunesmith.Text.Tokenizers.Unicode;

namespace Tunesmith.Text.Tokenizers;

/// <summary>The added tokens, and how they are cut out of a text: the leftmost, then the longest.</summary>
internal sealed class AddedVocabulary
{
    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly SortedDictionary<int, AddedToken> _tokens = [];
    private readonly HashSet<string> _special = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<int, AddedToken> Tokens => _tokens;

    /// <summary>Those searched in the raw text.</summary>
    public TokenFinder Raw { get; private set; } = new([]);

    /// <summary>Those searched in the normalised text.</summary>
    public TokenFinder Normalized { get; private set; } = new([]);

    public int? Find(string content) => _ids.TryGetValue(content, out int id) ? id : null;

    public AddedToken? Token(int id) => _tokens.GetValueOrDefault(id);

    public bool IsSpecial(string content) => _special.Contains(content);

    public bool IsSpecial(int id) => _tokens.TryGetValue(id, out var token) && _special.Contains(token.Content);

    /// <summary>Adds tokens as the reference does: an id of the vocabulary where the content has one, else the next free one.</summary>
    public int Add(IEnumerable<AddedToken> tokens, Vocabulary vocabulary, Normalizer? normalizer)
    {
        int next = vocabulary.Count;
        foreach (int id in _tokens.Keys) next = Math.Max(next, id + 1);
        int added = 0;
        foreach (var token in tokens)
        {
            if (token.Special && token.Content.Length > 0) _special.Add(token.Content);
            // The reference leaves a token alone that is there with the same content and flags.
            if (token.Content.Length == 0 || _ids.TryGetValue(token.Content, out int old) && _tokens.TryGetValue(old, out var known) && known == token) continue;
            int id = Find(token.Content) ?? vocabulary.Find(token.Content) ?? next++;
            _ids[token.Content] = id;
            _tokens[id] = token;
            added++;
        }

        Refresh(normalizer);
        return added;
    }

    public void Refresh(Normalizer? normalizer)
    {
        Raw = new TokenFinder(_tokens.Where(pair => !pair.Value.Normalized).Select(pair => (pair.Value.Content, pair.Key, pair.Value)));
        Normalized = new TokenFinder(_tokens.Where(pair => pair.Value.Normalized)
            .Select(pair => (normalizer is null ? pair.Value.Content : normalizer.ApplyTo(pair.Value.Content), pair.Key, pair.Value)));
    }
}

/// <summary>Finds added tokens in a text.</summary>
internal sealed class TokenFinder
{
    private readonly Dictionary<char, List<(string Content, int Id, AddedToken Token)>> _byFirst = [];
    private readonly System.Buffers.SearchValues<char> _firsts;

    public TokenFinder(IEnumerable<(string Content, int Id, AddedToken Token)> tokens)
    {
        foreach (var token in tokens)
        {
            if (token.Content.Length == 0) continue;
            if (!_byFirst.TryGetValue(token.Content[0], out var list)) _byFirst[token.Content[0]] = list = [];
            list.Add(token);
        }

        foreach (var list in _byFirst.Values) list.Sort((a, b) => b.Content.Length.CompareTo(a.Content.Length));
        _firsts = System.Buffers.SearchValues.Create([.. _byFirst.Keys]);
    }

    public bool IsEmpty => _byFirst.Count == 0;

    /// <summary>
    /// The next token at or after a position with the white space that it swallows; false where there is none. The search goes on from
    /// where the token itself ends, as the reference's does: one that begins with white space is found among what was swallowed.
    /// </summary>
    public bool Next(ReadOnlySpan<char> text, ref int from, int floor, Func<string, bool>? passOver, out int start, out int end, out int id)
    {
        while (from < text.Length)
        {
            int at = text[from..].IndexOfAny(_firsts);
            if (at < 0) break;
            at += from;
            if (Longest(text, at) is not { } found)
            {
                from = at + 1;
                continue;
            }

            (string content, id, var token) = found;
            (start, end) = (at, at + content.Length);
            from = end;
            if (passOver is not null && passOver(token.Content)) continue;
            if (token.SingleWord && !IsSingleWord(text, start, end)) continue;
            if (token.LStrip)
            {
                while (start > floor && CharClasses.IsWhiteSpace(text[start - 1])) start--;
            }

            if (token.RStrip)
            {
                while (end < text.Length && CharClasses.IsWhiteSpace(text[end])) end++;
            }

            return true;
        }

        (start, end, id) = (text.Length, text.Length, -1);
        return false;
    }

    private (string Content, int Id, AddedToken Token)? Longest(ReadOnlySpan<char> text, int at)
    {
        if (!_byFirst.TryGetValue(text[at], out var list)) return null;
        foreach (var token in list)
        {
            if (text[at..].StartsWith(token.Content)) return token;
        }

        return null;
    }

    private static bool IsSingleWord(ReadOnlySpan<char> text, int start, int end) =>
        (start == 0 || !CharClasses.IsWord(Runes.Before(text, start, out _)))
        && (end == text.Length || !CharClasses.IsWord(Runes.At(text, end, out _)));

    /// <summary>Cuts a piece into added tokens and what stands between them.</summary>
    public void Cut(Piece piece, Func<string, bool>? passOver, List<Piece> output)
    {
        var text = piece.Span;
        int floor = 0;
        int from = 0;
        while (!IsEmpty && Next(text, ref from, floor, passOver, out int start, out int end, out int id))
        {
            if (floor < start) output.Add(piece with { Start = piece.Start + floor, End = piece.Start + start });
            output.Add(piece with { Start = piece.Start + start, End = piece.Start + end, Id = id });
            floor = end;
        }

        if (floor < text.Length) output.Add(piece with { Start = piece.Start + floor });
    }
}
