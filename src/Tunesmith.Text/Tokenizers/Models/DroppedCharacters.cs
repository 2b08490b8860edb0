namespace Tunesmith.Text.Tokenizers.Models;

/// <summary>
/// A byte-pair model without an unknown token drops characters that it does not know, and the reference then counts the offsets of
/// what follows as if they had not been there: positions add up the UTF-8 lengths of the tokens alone.
/// </summary>
internal static class DroppedCharacters
{
    public static void Shift(ReadOnlySpan<char> piece, List<(int Start, int End)> dropped, TokenBuffer tokens, int from)
    {
        var charOf = new List<int>();
        for (int i = 0; i < piece.Length; i++)
        {
            // A surrogate stands for two of its character's four bytes.
            int bytes = piece[i] < 0x80 ? 1 : piece[i] < 0x800 || char.IsSurrogate(piece[i]) ? 2 : 3;
            for (int b = 0; b < bytes; b++) charOf.Add(i);
        }

        // Tokens and gaps both stand in the order of the text: one walk over both.
        int gap = 0;
        int position = 0;
        for (int t = from; t < tokens.Count; t++)
        {
            int length = 0;
            for (int i = tokens.Starts[t]; i < tokens.Ends[t]; i++)
            {
                while (gap < dropped.Count && dropped[gap].End <= i) gap++;
                if (gap < dropped.Count && dropped[gap].Start <= i) continue;
                length += piece[i] < 0x80 ? 1 : piece[i] < 0x800 || char.IsSurrogate(piece[i]) ? 2 : 3;
            }

            tokens.Move(t, charOf[Math.Min(position, charOf.Count - 1)], charOf[Math.Clamp(position + length - 1, 0, charOf.Count - 1)] + 1);
            position += length;
        }
    }
}
