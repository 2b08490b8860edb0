using System.Text.Json;
using Tunesmith.Text.Tokenizers.Normalizers;
using Tunesmith.Text.Tokenizers.Patterns;
using Tunesmith.Text.Tokenizers.Unicode;

namespace Tunesmith.Text.Tokenizers.PreTokenizers;

/// <summary>Where Metaspace puts its mark in front.</summary>
internal enum PrependScheme
{
    Always, First, Never,
}

/// <summary>SentencePiece's spaces: shown as a mark, which starts a piece.</summary>
internal sealed class Metaspace(int replacement, PrependScheme scheme, bool split) : PreTokenizer
{
    private readonly string _mark = Runes.ToText(replacement);

    public string Mark => _mark;

    public PrependScheme Scheme => scheme;

    public bool Splits => split;

    public override void Split(Piece piece, List<Piece> output)
    {
        var text = piece.Text.Slice(piece.Start, piece.End);
        int source = piece.SourceStart;
        if (text.Span.Contains(' ')) CharacterFilter.Map(text, rune => rune == ' ' ? replacement : rune);
        bool wanted = scheme == PrependScheme.Always || scheme == PrependScheme.First && source == 0;
        if (wanted && !text.Span.StartsWith(_mark)) Prepend.Put(text, _mark);
        var whole = new Piece(text, 0, text.Length);
        if (split) Splitting.Cut(whole, rune => rune == replacement, SplitBehavior.MergedWithNext, output);
        else Splitting.Add(whole, 0, text.Length, output);
    }

    public override void Write(Utf8JsonWriter json) => json.WriteMetaspace(_mark, scheme, split);
}

/// <summary>GPT-2's pre-tokenizer: its split pattern (optional), then the bytes of each piece in the byte alphabet.</summary>
internal sealed class ByteLevel(bool addPrefixSpace, bool trimOffsets, bool useRegex) : PreTokenizer
{
    public bool AddPrefixSpace => addPrefixSpace;

    public bool UseRegex => useRegex;

    public override void Split(Piece piece, List<Piece> output)
    {
        var text = piece.Text.Slice(piece.Start, piece.End);
        if (addPrefixSpace && !text.Span.StartsWith(' ')) Prepend.Put(text, " ");
        for (int start = 0; start < text.Length;)
        {
            int end = useRegex ? Gpt2Scanner.Instance.Next(text.Span, start) : text.Length;
            var word = text.Slice(start, end);
            ByteAlphabet.Spell(word);
            output.Add(new Piece(word, 0, word.Length));
            start = end;
        }
    }

    public override void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("type", "ByteLevel");
        json.WriteBoolean("add_prefix_space", addPrefixSpace);
        json.WriteBoolean("trim_offsets", trimOffsets);
        json.WriteBoolean("use_regex", useRegex);
        json.WriteEndObject();
    }
}
