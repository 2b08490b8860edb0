using System.Text.Json;
using Tunesmith.Text.Tokenizers.Unicode;

namespace Tunesmith.Text.Tokenizers.Models;

/// <summary>WordPiece (BERT): the longest piece first; a word with a missing part is unknown as a whole.</summary>
internal sealed class WordPiece : Model
{
    private readonly string _unkToken;
    private readonly string _prefix;
    private readonly int _mostChars;
    private readonly int _longest;

    public WordPiece(Vocabulary vocabulary, string unkToken, string prefix, int maxInputCharsPerWord)
        : base(vocabulary)
    {
        _unkToken = unkToken;
        _prefix = prefix;
        _mostChars = maxInputCharsPerWord;
        foreach (string token in vocabulary.Ids.Keys) _longest = Math.Max(_longest, token.Length);
    }

    public string UnkToken => _unkToken;

    public string Prefix => _prefix;

    public override void Tokenize(ReadOnlySpan<char> piece, Workspace work, TokenBuffer output)
    {
        if (piece.Length > _mostChars && Runes.Count(piece) > _mostChars)
        {
            output.Add(Unknown(), 0, piece.Length);
            return;
        }

        int count = output.Count;
        for (int start = 0; start < piece.Length;)
        {
            int end = Longest(piece, start, work, out int id);
            if (end < 0)
            {
                output.Truncate(count);
                output.Add(Unknown(), 0, piece.Length);
                return;
            }

            output.Add(id, start, end);
            start = end;
        }
    }

    /// <summary>The end of the longest token of the vocabulary that starts here, or -1.</summary>
    private int Longest(ReadOnlySpan<char> piece, int start, Workspace work, out int id)
    {
        int prefix = start > 0 ? _prefix.Length : 0;
        int end = (int)Math.Min(piece.Length, (long)start + _longest - prefix);
        ReadOnlySpan<char> text = piece[start..Math.Max(start, end)];
        if (prefix > 0)
        {
            work.Text.Clear();
            work.Text.Add(_prefix);
            work.Text.Add(text);
            text = work.Text.Span;
        }

        for (int length = text.Length; length > prefix; length--)
        {
            if (length < text.Length && char.IsLowSurrogate(text[length]) && char.IsHighSurrogate(text[length - 1])) continue;
            if (Vocabulary.TryGet(text[..length], out id)) return start + length - prefix;
        }

        id = -1;
        return -1;
    }

    private int Unknown() => Vocabulary.Find(_unkToken) ?? throw TokenizerErrors.MissingUnknown("WordPiece");

    public override void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("type", "WordPiece");
        json.WriteString("unk_token", _unkToken);
        json.WriteString("continuing_subword_prefix", _prefix);
        json.WriteNumber("max_input_chars_per_word", _mostChars);
        json.WriteVocabulary(Vocabulary);
        json.WriteEndObject();
    }
}

/// <summary>One token a word.</summary>
internal sealed class WordLevel(Vocabulary vocabulary, string unkToken) : Model(vocabulary)
{
    public override void Tokenize(ReadOnlySpan<char> piece, Workspace work, TokenBuffer output)
    {
        if (!Vocabulary.TryGet(piece, out int id)) id = Vocabulary.Find(unkToken) ?? throw TokenizerErrors.MissingUnknown("WordLevel");
        output.Add(id, 0, piece.Length);
    }

    public override void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("type", "WordLevel");
        json.WriteVocabulary(Vocabulary);
        json.WriteString("unk_token", unkToken);
        json.WriteEndObject();
    }
}
