namespace Tunesmith.Text.Tokenizers;

/// <summary>Where a token stands in its text: first character and one past the last.</summary>
public readonly record struct TokenOffset(int Start, int End);

/// <summary>The tokens of a text or of a pair of texts, with what is known of each.</summary>
public sealed class Encoding
{
    internal Encoding(List<EncodedToken> tokens, List<Encoding> overflowing)
    {
        Parts = tokens;
        Overflowing = overflowing;
    }

    internal List<EncodedToken> Parts { get; }

    public int Count => Parts.Count;

    /// <summary>What truncation cut off, as further windows.</summary>
    public IReadOnlyList<Encoding> Overflowing { get; internal set; }

    public int[] Ids => Map(token => token.Id);

    public string[] Tokens => Map(token => token.Text);

    /// <summary>Offsets in UTF-16 characters of the token's own text.</summary>
    public TokenOffset[] Offsets => Map(token => token.Offset);

    /// <summary>Offsets in code points of the token's own text.</summary>
    public TokenOffset[] CodePointOffsets => Map(token => token.CodePoints);

    public int[] TypeIds => Map(token => token.TypeId);

    public int[] AttentionMask => Map(token => token.IsPadding ? 0 : 1);

    public int[] SpecialTokensMask => Map(token => token.IsSpecial ? 1 : 0);

    /// <summary>The word that the token belongs to; -1 for special tokens and padding.</summary>
    public int[] WordIds => Map(token => token.Word);

    /// <summary>0 for the first text, 1 for the second; -1 for special tokens and padding.</summary>
    public int[] SequenceIds => Map(token => token.Sequence);

    private T[] Map<T>(Func<EncodedToken, T> part)
    {
        var values = new T[Parts.Count];
        for (int i = 0; i < values.Length; i++) values[i] = part(Parts[i]);
        return values;
    }
}

/// <summary>One token of an encoding.</summary>
internal readonly record struct EncodedToken(
    int Id, string Text, TokenOffset Offset, TokenOffset CodePoints, int Word, int TypeId = 0, int Sequence = 0, bool IsSpecial = false, bool IsPadding = false);
