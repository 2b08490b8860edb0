using Tunesmith.Text.Tokenizers.Loading;
using Tunesmith.Text.Tokenizers.Models;
using Tunesmith.Text.Tokenizers.Normalizers;
using Tunesmith.Text.Tokenizers.Patterns;
using Tunesmith.Text.Tokenizers.PreTokenizers;
using Tunesmith.Text.Tokenizers.Unicode;

namespace Tunesmith.Text.Tokenizers;

/// <summary>
/// Ids without offsets for the designs that nearly all checkpoints have. Nothing is allocated per word; a word seen before costs one
/// look-up. Every step is the plain pipeline's, in another order of work; a text that needs more is handed to it.
/// </summary>
internal abstract class FastPath(TokenizerParts parts)
{
    protected TokenizerParts Parts => parts;

    public static FastPath? For(TokenizerParts parts)
    {
        if (parts.Model is Bpe && ByteLevelPath.Steps(parts.PreTokenizer) is { } steps) return new ByteLevelPath(parts, steps);
        if (parts.Model is WordPiece && parts.Normalizer is BertNormalizer { CleanText: true } && parts.PreTokenizer is BertPreTokenizer) return new BertPath(parts);
        return MarkPath.For(parts);
    }

    /// <summary>Whether the path can be taken beside these added tokens.</summary>
    public bool Suits(AddedVocabulary added) => !NormalizesWords || added.Normalized.IsEmpty;

    /// <summary>Cuts the added tokens out and sends what stands between them on.</summary>
    public void AddIds(string text, AddedVocabulary added, Func<string, bool>? passOver, Workspace work)
    {
        int floor = 0;
        int from = 0;
        while (!added.Raw.IsEmpty && added.Raw.Next(text, ref from, floor, passOver, out int start, out int end, out int id))
        {
            if (start > floor) AddNormalized(text.AsSpan(floor, start - floor), floor == 0, added, passOver, work);
            work.Ids.Add(id);
            floor = end;
        }

        AddNormalized(text.AsSpan(floor), floor == 0, added, passOver, work);
    }

    private void AddNormalized(ReadOnlySpan<char> text, bool atStart, AddedVocabulary added, Func<string, bool>? passOver, Workspace work)
    {
        if (text.IsEmpty) return;
        int[]? origins = null;
        if (!NormalizesWords && parts.Normalizer is { } normalizer && !normalizer.LeavesAlone(text))
        {
            var state = new NormalizedText(text);
            normalizer.Apply(state);
            text = state.Span;
            origins = state.Starts;
        }

        int floor = 0;
        int from = 0;
        while (!added.Normalized.IsEmpty && added.Normalized.Next(text, ref from, floor, passOver, out int start, out int end, out int id))
        {
            if (start > floor) AddSegment(text[floor..start], IsFirst(atStart, origins, floor), work);
            work.Ids.Add(id);
            floor = end;
        }

        if (floor < text.Length) AddSegment(text[floor..], IsFirst(atStart, origins, floor), work);
    }

    private static bool IsFirst(bool atStart, int[]? origins, int at) => atStart && (origins is null ? at : origins[at]) == 0;

    /// <summary>Whether the segments come as they stand in the text, to be normalised word by word.</summary>
    protected virtual bool NormalizesWords => false;

    /// <summary>Adds the ids of a stretch without added tokens; first where it begins with the first character of the whole text.</summary>
    protected abstract void AddSegment(ReadOnlySpan<char> text, bool first, Workspace work);
}

/// <summary>Byte-level BPE behind well-known splits.</summary>
internal sealed class ByteLevelPath : FastPath
{
    private readonly bool _singleDigits;
    private readonly bool _digitRuns;
    private readonly bool _prefixSpace;
    private readonly ISplitScanner _scanner;

    public ByteLevelPath(TokenizerParts parts, (Digits? Digits, ISplitScanner Scanner, bool PrefixSpace) steps)
        : base(parts)
    {
        _singleDigits = steps.Digits is { Individual: true };
        _digitRuns = steps.Digits is { Individual: false };
        _prefixSpace = steps.PrefixSpace;
        _scanner = steps.Scanner;
    }

    /// <summary>The digits step and the one split pattern of a pre-tokenizer that ends in ByteLevel, or null for other designs.</summary>
    public static (Digits? Digits, ISplitScanner Scanner, bool PrefixSpace)? Steps(PreTokenizer? preTokenizer)
    {
        var steps = preTokenizer is PreTokenizerSequence sequence ? sequence.Steps : preTokenizer is null ? [] : [preTokenizer];
        if (steps.Count == 0 || steps[^1] is not ByteLevel last) return null;
        int at = 0;
        var digits = steps[0] as Digits;
        if (digits is not null) at++;
        ISplitScanner? scanner = last.UseRegex ? Gpt2Scanner.Instance : null;
        if (steps[at] is PatternSplit { Scanner: { } own } && !last.UseRegex)
        {
            scanner = own;
            at++;
        }

        bool known = at == steps.Count - 1 && scanner is not null && (!last.AddPrefixSpace || steps.Count == 1);
        return known ? (digits, scanner!, last.AddPrefixSpace) : null;
    }

    protected override void AddSegment(ReadOnlySpan<char> text, bool first, Workspace work)
    {
        if (_prefixSpace && text[0] != ' ')
        {
            AddWords(string.Concat(" ", text), work);
            return;
        }

        if (!_singleDigits && !_digitRuns)
        {
            AddWords(text, work);
            return;
        }

        while (!text.IsEmpty)
        {
            int end = SplitScanners.Run(text, 0, CharClasses.Number, false);
            AddWords(text[..end], work);
            text = text[end..];
            end = SplitScanners.Run(text, 0, CharClasses.Number, true);
            if (_digitRuns)
            {
                AddWords(text[..end], work);
            }
            else
            {
                for (int i = 0; i < end;)
                {
                    SplitScanners.FlagsAt(text, i, out int length);
                    AddWord(text.Slice(i, length), work);
                    i += length;
                }
            }

            text = text[end..];
        }
    }

    private void AddWords(ReadOnlySpan<char> text, Workspace work)
    {
        for (int start = 0; start < text.Length;)
        {
            int end = _scanner.Next(text, start);
            AddWord(text[start..end], work);
            start = end;
        }
    }

    private void AddWord(ReadOnlySpan<char> word, Workspace work)
    {
        if (work.Cache.TryGet(word, out var known))
        {
            work.Ids.Add(known);
            return;
        }

        work.Text.Clear();
        ByteAlphabet.Spell(word, ref work.Text);
        work.Tokens.Clear();
        Parts.Model.Tokenize(work.Text.Span, work, work.Tokens);
        work.Ids.Add(work.Tokens.Ids);
        work.Cache.Add(word, work.Tokens.Ids);
    }
}

/// <summary>BERT: words between white space and ASCII punctuation, normalised one by one.</summary>
internal sealed class BertPath(TokenizerParts parts) : FastPath(parts)
{
    protected override bool NormalizesWords => true;

    protected override void AddSegment(ReadOnlySpan<char> text, bool first, Workspace work)
    {
        // Neither the normalizer nor the split looks across white space, and within ASCII not across punctuation either.
        for (int i = 0; i < text.Length;)
        {
            char c = text[i];
            if (IsSeparator(c))
            {
                i++;
                continue;
            }

            int end = i + 1;
            bool ascii = c is > ' ' and < '\x7F';
            if (ascii && char.IsAsciiLetterOrDigit(c))
            {
                while (end < text.Length && char.IsAsciiLetterOrDigit(text[end])) end++;
            }

            // A word goes on over what is not ASCII (a mark may follow a letter) and over what the cleaning takes out.
            if (!ascii || end < text.Length && text[end] is not (> ' ' and < '\x7F') && !IsSeparator(text[end]))
            {
                while (end < text.Length && !IsSeparator(text[end])) end++;
            }

            AddWord(text[i..end], work);
            i = end;
        }
    }

    /// <summary>White space that the cleaning turns into a space; the rest of it is taken out as control characters.</summary>
    private static bool IsSeparator(char c) => (CharClasses.Flags[c] & CharClasses.Space) != 0 && c is not ('\v' or '\f' or '\x85');

    private void AddWord(ReadOnlySpan<char> word, Workspace work)
    {
        if (work.Cache.TryGet(word, out var known))
        {
            work.Ids.Add(known);
            return;
        }

        var state = new NormalizedText(word);
        Parts.Normalizer!.Apply(state);
        var pieces = new List<Piece>();
        if (state.Length > 0) Parts.PreTokenizer!.Split(new Piece(state, 0, state.Length), pieces);
        work.Tokens.Clear();
        foreach (var piece in pieces) Parts.Model.Tokenize(piece.Span, work, work.Tokens);
        work.Ids.Add(work.Tokens.Ids);
        work.Cache.Add(word, work.Tokens.Ids);
    }
}
