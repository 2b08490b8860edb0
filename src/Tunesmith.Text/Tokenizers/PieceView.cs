using Tunesmith.Text.Tokenizers.PreTokenizers;
using Tunesmith.Text.Tokenizers.Unicode;

namespace Tunesmith.Text.Tokenizers;

/// <summary>What one pre-tokenizer makes of a text, as pieces with their offsets in code points.</summary>
internal static class PieceView
{
    public static IEnumerable<(string Piece, TokenOffset Offset)> Split(PreTokenizer preTokenizer, string text)
    {
        var source = new NormalizedText(text);
        if (source.Length == 0) return [];
        return preTokenizer.Split([new Piece(source, 0, source.Length)])
            .Select(piece => (piece.Span.ToString(), new TokenOffset(CodePoints(text, piece.SourceStart), CodePoints(text, piece.SourceEnd))));
    }

    private static int CodePoints(string text, int position) => Runes.Count(text.AsSpan(0, position));
}
