using System.Text.Json;
using Tunesmith.Text.Tokenizers.Patterns;
using Tunesmith.Text.Tokenizers.Unicode;

namespace Tunesmith.Text.Tokenizers.PreTokenizers;

/// <summary>Cuts a normalised text into the pieces that the model sees one at a time.</summary>
internal abstract class PreTokenizer
{
    public abstract void Split(Piece piece, List<Piece> output);

    public abstract void Write(Utf8JsonWriter json);

    /// <summary>Cuts every piece that is not an added token.</summary>
    public List<Piece> Split(List<Piece> pieces)
    {
        var output = new List<Piece>(pieces.Count);
        foreach (var piece in pieces)
        {
            if (piece.Id >= 0) output.Add(piece);
            else Split(piece, output);
        }

        return output;
    }
}

/// <summary>What becomes of the delimiters that a split finds.</summary>
internal enum SplitBehavior
{
    Removed, Isolated, MergedWithPrevious, MergedWithNext, Contiguous,
}

/// <summary>Turns matches into pieces.</summary>
internal static class Splitting
{
    public static void Cut(Piece piece, List<PatternMatch> matches, SplitBehavior behavior, List<Piece> output)
    {
        switch (behavior)
        {
            case SplitBehavior.Removed:
                foreach (var match in matches)
                {
                    if (!match.IsMatch) Add(piece, match.Start, match.End, output);
                }

                break;
            case SplitBehavior.Isolated:
                foreach (var match in matches) Add(piece, match.Start, match.End, output);
                break;
            case SplitBehavior.MergedWithNext:
                MergeWithNext(piece, matches, output);
                break;
            default:
                MergeWithPrevious(piece, matches, behavior == SplitBehavior.Contiguous, output);
                break;
        }
    }

    /// <summary>Cuts at characters that a rule names.</summary>
    public static void Cut(Piece piece, Func<int, bool> isDelimiter, SplitBehavior behavior, List<Piece> output)
    {
        var matches = new List<PatternMatch>();
        var text = piece.Span;
        int last = 0;
        for (int i = 0; i < text.Length;)
        {
            int rune = Runes.At(text, i, out int length);
            if (isDelimiter(rune))
            {
                if (last < i) matches.Add(new PatternMatch(last, i, false));
                matches.Add(new PatternMatch(i, i + length, true));
                last = i + length;
            }

            i += length;
        }

        if (last < text.Length) matches.Add(new PatternMatch(last, text.Length, false));
        Cut(piece, matches, behavior, output);
    }

    public static void Add(Piece piece, int start, int end, List<Piece> output)
    {
        if (start < end) output.Add(piece with { Start = piece.Start + start, End = piece.Start + end });
    }

    private static void MergeWithPrevious(Piece piece, List<PatternMatch> matches, bool contiguous, List<Piece> output)
    {
        bool previous = false;
        int start = -1;
        int end = -1;
        foreach (var match in matches)
        {
            bool joins = contiguous ? match.IsMatch == previous : match.IsMatch && !previous;
            if (joins && start >= 0)
            {
                end = match.End;
            }
            else
            {
                if (start >= 0) Add(piece, start, end, output);
                (start, end) = (match.Start, match.End);
            }

            previous = match.IsMatch;
        }

        if (start >= 0) Add(piece, start, end, output);
    }

    private static void MergeWithNext(Piece piece, List<PatternMatch> matches, List<Piece> output)
    {
        var joined = new List<(int Start, int End)>();
        bool previous = false;
        for (int i = matches.Count - 1; i >= 0; i--)
        {
            var match = matches[i];
            if (match.IsMatch && !previous && joined.Count > 0) joined[^1] = (match.Start, joined[^1].End);
            else joined.Add((match.Start, match.End));
            previous = match.IsMatch;
        }

        for (int i = joined.Count - 1; i >= 0; i--) Add(piece, joined[i].Start, joined[i].End, output);
    }
}
