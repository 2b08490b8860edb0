using Tunesmith.Text.Tokenizers.Loading;
using Tunesmith.Text.Tokenizers.Models;
using Tunesmith.Text.Tokenizers.Normalizers;
using Tunesmith.Text.Tokenizers.PreTokenizers;

namespace Tunesmith.Text.Tokenizers;

/// <summary>
/// SentencePiece designs: spaces become marks and words begin with them. Unigram pieces are cut at every mark; byte-pair texts, which
/// the files leave whole, may be cut before a mark that follows something else, since no merge crosses there.
/// </summary>
internal sealed class MarkPath : FastPath
{
    private const char Mark = '\u2581';

    private readonly PrependScheme _scheme;
    private readonly bool _prependsAnyway;
    private readonly bool _everyMark;

    private MarkPath(TokenizerParts parts, PrependScheme scheme, bool prependsAnyway, bool everyMark)
        : base(parts) => (_scheme, _prependsAnyway, _everyMark) = (scheme, prependsAnyway, everyMark);

    protected override bool NormalizesWords => _prependsAnyway;

    public static new MarkPath? For(TokenizerParts parts)
    {
        bool bpe = parts.Model is Bpe { MarkStartsPieces: true };
        if (bpe && parts.PreTokenizer is null && parts.Normalizer is NormalizerSequence { Steps: [Prepend { Prefix: "\u2581" }, Replace { Pattern.Literal: " ", Content: "\u2581" }] })
        {
            return new MarkPath(parts, PrependScheme.Always, prependsAnyway: true, everyMark: false);
        }

        if (parts.PreTokenizer is not Metaspace { Mark: "\u2581" } metaspace) return null;
        if (parts.Model is Unigram && metaspace.Splits) return new MarkPath(parts, metaspace.Scheme, false, everyMark: true);
        return bpe && !metaspace.Splits ? new MarkPath(parts, metaspace.Scheme, false, everyMark: false) : null;
    }

    protected override void AddSegment(ReadOnlySpan<char> text, bool first, Workspace work)
    {
        bool wanted = _scheme == PrependScheme.Always || _scheme == PrependScheme.First && first;
        int prefix = wanted && (_prependsAnyway || text[0] is not (' ' or Mark)) ? 1 : 0;
        Span<char> marked = work.Marked(text.Length + prefix);
        if (prefix == 1) marked[0] = Mark;
        text.Replace(marked[prefix..], ' ', Mark);
        for (int start = 0; start < marked.Length;)
        {
            int end = NextMark(marked, start + 1);
            while (!_everyMark && end < marked.Length && marked[end - 1] == Mark) end = NextMark(marked, end + 1);
            work.AddWord(Parts.Model, marked[start..end]);
            start = end;
        }
    }

    private static int NextMark(ReadOnlySpan<char> text, int from)
    {
        if (from >= text.Length) return text.Length;
        int at = text[from..].IndexOf(Mark);
        return at < 0 ? text.Length : from + at;
    }
}
