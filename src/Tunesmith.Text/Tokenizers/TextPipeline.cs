using System.Collections.Concurrent;
using Tunesmith.Text.Tokenizers.Loading;
using Tunesmith.Text.Tokenizers.Models;
using Tunesmith.Text.Tokenizers.Unicode;

namespace Tunesmith.Text.Tokenizers;

/// <summary>From a text to tokens: added tokens out, normalised, cut into pieces, each piece through the model.</summary>
internal sealed class TextPipeline(TokenizerParts parts, AddedVocabulary added)
{
    private readonly ConcurrentBag<Workspace> _idle = [];
    private readonly FastPath? _fast = FastPath.For(parts);

    public Encoding Encode(string? text, IReadOnlyList<string>? words, bool splitSpecialTokens)
    {
        var tokens = new List<EncodedToken>();
        var work = Rent();
        if (words is null)
        {
            AddTokens(text ?? "", null, splitSpecialTokens, work, tokens);
        }
        else
        {
            for (int i = 0; i < words.Count; i++) AddTokens(words[i], i, splitSpecialTokens, work, tokens);
        }

        _idle.Add(work);
        return new Encoding(tokens, []);
    }

    public int[] EncodeIds(string text, bool splitSpecialTokens)
    {
        var work = Rent();
        int[] ids = EncodeIds(text, splitSpecialTokens, work);
        _idle.Add(work);
        return ids;
    }

    /// <summary>The ids of some of many texts, with one workspace: what it knows of the words is not handed round between threads.</summary>
    public void EncodeIds(IReadOnlyList<string> texts, bool splitSpecialTokens, Func<(int Start, int End)?> next, int[][] ids)
    {
        var work = Rent();
        while (next() is { } range)
        {
            for (int i = range.Start; i < range.End; i++) ids[i] = EncodeIds(texts[i], splitSpecialTokens, work);
        }

        _idle.Add(work);
    }

    private int[] EncodeIds(string text, bool splitSpecialTokens, Workspace work)
    {
        text = NormalizedText.WellFormed(text);
        work.Ids.Clear();
        if (_fast is null || !_fast.Suits(added)) AddIds(text, splitSpecialTokens, work);
        else _fast.AddIds(text, added, splitSpecialTokens ? added.IsSpecial : null, work);
        return work.Ids.Span.ToArray();
    }

    private Workspace Rent() => _idle.TryTake(out var work) ? work : new Workspace();

    private void AddIds(string text, bool splitSpecialTokens, Workspace work)
    {
        foreach (var piece in Cut(text, splitSpecialTokens))
        {
            if (piece.Id >= 0)
            {
                work.Ids.Add(piece.Id);
                continue;
            }

            work.AddWord(parts.Model, piece.Span);
        }
    }

    private void AddTokens(string text, int? word, bool splitSpecialTokens, Workspace work, List<EncodedToken> tokens)
    {
        text = NormalizedText.WellFormed(text);
        var codePoints = CodePointIndex(text);
        var pieces = Cut(text, splitSpecialTokens);
        for (int p = 0; p < pieces.Count; p++)
        {
            var piece = pieces[p];
            int wordId = word ?? p;
            if (piece.Id >= 0)
            {
                var offset = new TokenOffset(piece.SourceStart, piece.SourceEnd);
                tokens.Add(new EncodedToken(piece.Id, piece.Span.ToString(), offset, InCodePoints(offset, codePoints), wordId));
                continue;
            }

            work.Tokens.Clear();
            parts.Model.Tokenize(piece.Span, work, work.Tokens);
            for (int t = 0; t < work.Tokens.Count; t++)
            {
                int start = piece.Start + work.Tokens.Starts[t];
                int end = piece.Start + work.Tokens.Ends[t];
                var offset = new TokenOffset(piece.Text.Starts[start], piece.Text.Ends[Math.Max(start, end - 1)]);
                int id = work.Tokens.Ids[t];
                string name = id == parts.Model.NamedByText
                    ? piece.Text.Text.AsSpan(start, end - start).ToString()
                    : parts.Model.Vocabulary.Token(id) ?? "";
                tokens.Add(new EncodedToken(id, name, offset, InCodePoints(offset, codePoints), wordId));
            }
        }
    }

    private List<Piece> Cut(string text, bool splitSpecialTokens)
    {
        Func<string, bool>? passOver = splitSpecialTokens ? added.IsSpecial : null;
        var source = new NormalizedText(text);
        var raw = new List<Piece>();
        added.Raw.Cut(new Piece(source, 0, source.Length), passOver, raw);
        var pieces = new List<Piece>();
        foreach (var piece in raw)
        {
            if (piece.Id >= 0)
            {
                pieces.Add(piece);
                continue;
            }

            var segment = piece.Text.Slice(piece.Start, piece.End);
            parts.Normalizer?.Apply(segment);
            if (segment.Length > 0) added.Normalized.Cut(new Piece(segment, 0, segment.Length), passOver, pieces);
        }

        return parts.PreTokenizer is null ? pieces : parts.PreTokenizer.Split(pieces);
    }

    /// <summary>Code point index of every UTF-16 position, or null where both are the same.</summary>
    private static int[]? CodePointIndex(string text)
    {
        if (Runes.Count(text) == text.Length) return null;
        var index = new int[text.Length + 1];
        int count = 0;
        for (int i = 0; i < text.Length; i++)
        {
            index[i] = count;
            if (!char.IsHighSurrogate(text[i])) count++;
        }

        index[text.Length] = count;
        return index;
    }

    private static TokenOffset InCodePoints(TokenOffset offset, int[]? index) =>
        index is null ? offset : new TokenOffset(index[offset.Start], index[offset.End]);
}
