using System.Text.Json;
using Tunesmith.Text.Tokenizers.Patterns;
using Tunesmith.Text.Tokenizers.Unicode;

namespace Tunesmith.Text.Tokenizers.PreTokenizers;

/// <summary>BERT's words: cut at white space, punctuation on its own.</summary>
internal sealed class BertPreTokenizer : PreTokenizer
{
    public override void Split(Piece piece, List<Piece> output)
    {
        var words = new List<Piece>();
        Splitting.Cut(piece, CharClasses.IsWhiteSpace, SplitBehavior.Removed, words);
        foreach (var word in words) Splitting.Cut(word, CharClasses.IsPunctuation, SplitBehavior.Isolated, output);
    }

    public override void Write(Utf8JsonWriter json) => json.WriteType("BertPreTokenizer");
}

/// <summary>Runs of word characters and runs of other characters; white space falls away.</summary>
internal sealed class Whitespace : PreTokenizer
{
    public override void Split(Piece piece, List<Piece> output)
    {
        var text = piece.Span;
        int start = 0;
        int kind = 0;
        for (int i = 0; i < text.Length;)
        {
            int rune = Runes.At(text, i, out int length);
            int next = CharClasses.IsWord(rune) ? 1 : CharClasses.IsWhiteSpace(rune) ? 0 : 2;
            if (next != kind)
            {
                if (kind != 0) Splitting.Add(piece, start, i, output);
                (start, kind) = (i, next);
            }

            i += length;
        }

        if (kind != 0) Splitting.Add(piece, start, text.Length, output);
    }

    public override void Write(Utf8JsonWriter json) => json.WriteType("Whitespace");
}

/// <summary>Cut at white space.</summary>
internal sealed class WhitespaceSplit : PreTokenizer
{
    public override void Split(Piece piece, List<Piece> output) =>
        Splitting.Cut(piece, CharClasses.IsWhiteSpace, SplitBehavior.Removed, output);

    public override void Write(Utf8JsonWriter json) => json.WriteType("WhitespaceSplit");
}

/// <summary>Cut where the script changes.</summary>
internal sealed class UnicodeScripts : PreTokenizer
{
    private static readonly int Han = Scripts.Find("Han")!.Value;
    private static readonly int Hiragana = Scripts.Find("Hiragana")!.Value;
    private static readonly int Katakana = Scripts.Find("Katakana")!.Value;

    public override void Split(Piece piece, List<Piece> output)
    {
        var text = piece.Span;
        int start = 0;
        int last = -1;
        for (int i = 0; i < text.Length;)
        {
            int rune = Runes.At(text, i, out int length);
            int script = ScriptOf(rune);
            if (script != 0)
            {
                if (last != script)
                {
                    // What stands before the first script (spaces) belongs to no piece.
                    if (last >= 0) Splitting.Add(piece, start, i, output);
                    start = i;
                }

                last = script;
            }

            i += length;
        }

        if (last >= 0) Splitting.Add(piece, start, text.Length, output);
    }

    private static int ScriptOf(int rune)
    {
        if (rune == 0x30FC) return Han;
        if (rune == ' ') return 0;
        int script = Scripts.Of(rune);
        return script == Hiragana || script == Katakana ? Han : script;
    }

    public override void Write(Utf8JsonWriter json) => json.WriteType("UnicodeScripts");
}

/// <summary>Cut at one character, which falls away.</summary>
internal sealed class CharDelimiterSplit(int delimiter) : PreTokenizer
{
    public override void Split(Piece piece, List<Piece> output) =>
        Splitting.Cut(piece, rune => rune == delimiter, SplitBehavior.Removed, output);

    public override void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("type", "CharDelimiterSplit");
        json.WriteString("delimiter", Runes.ToText(delimiter));
        json.WriteEndObject();
    }
}

/// <summary>Numbers on their own, or every digit on its own.</summary>
internal sealed class Digits(bool individual) : PreTokenizer
{
    public bool Individual => individual;

    public override void Split(Piece piece, List<Piece> output) =>
        Splitting.Cut(piece, CharClasses.IsNumeric, individual ? SplitBehavior.Isolated : SplitBehavior.Contiguous, output);

    public override void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("type", "Digits");
        json.WriteBoolean("individual_digits", individual);
        json.WriteEndObject();
    }
}

/// <summary>Cut at punctuation.</summary>
internal sealed class Punctuation(SplitBehavior behavior) : PreTokenizer
{
    public override void Split(Piece piece, List<Piece> output) =>
        Splitting.Cut(piece, CharClasses.IsPunctuation, behavior, output);

    public override void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("type", "Punctuation");
        json.WriteString("behavior", behavior.ToString());
        json.WriteEndObject();
    }
}

/// <summary>Cut at a pattern.</summary>
internal sealed class PatternSplit(TextPattern pattern, SplitBehavior behavior, bool invert) : PreTokenizer
{
    /// <summary>The pattern's scanner where every match becomes a piece.</summary>
    public ISplitScanner? Scanner => behavior == SplitBehavior.Isolated || behavior == SplitBehavior.Removed && invert ? pattern.Scanner : null;

    public override void Split(Piece piece, List<Piece> output)
    {
        var matches = new List<PatternMatch>();
        pattern.Find(piece.Span, matches);
        if (invert)
        {
            for (int i = 0; i < matches.Count; i++) matches[i] = matches[i] with { IsMatch = !matches[i].IsMatch };
        }

        Splitting.Cut(piece, matches, behavior, output);
    }

    public override void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("type", "Split");
        pattern.Write(json);
        json.WriteString("behavior", behavior.ToString());
        json.WriteBoolean("invert", invert);
        json.WriteEndObject();
    }
}

/// <summary>Pieces of a fixed number of characters.</summary>
internal sealed class FixedLength(int size) : PreTokenizer
{
    public override void Split(Piece piece, List<Piece> output)
    {
        var text = piece.Span;
        int start = 0;
        int count = 0;
        for (int i = 0; i < text.Length;)
        {
            Runes.At(text, i, out int length);
            i += length;
            if (++count < size) continue;
            Splitting.Add(piece, start, i, output);
            (start, count) = (i, 0);
        }

        Splitting.Add(piece, start, text.Length, output);
    }

    public override void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("type", "FixedLength");
        json.WriteNumber("length", size);
        json.WriteEndObject();
    }
}

/// <summary>Several pre-tokenizers, one after the other.</summary>
internal sealed class PreTokenizerSequence(IReadOnlyList<PreTokenizer> steps) : PreTokenizer
{
    public IReadOnlyList<PreTokenizer> Steps => steps;

    public override void Split(Piece piece, List<Piece> output)
    {
        List<Piece> pieces = [piece];
        foreach (var step in steps) pieces = step.Split(pieces);
        output.AddRange(pieces);
    }

    public override void Write(Utf8JsonWriter json) => json.WriteSequence("pretokenizers", steps, (step, to) => step.Write(to));
}
