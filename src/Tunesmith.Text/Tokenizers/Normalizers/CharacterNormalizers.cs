using System.Text.Json;
using Tunesmith.Text.Tokenizers.Unicode;

namespace Tunesmith.Text.Tokenizers.Normalizers;

/// <summary>NFC, NFD, NFKC or NFKD.</summary>
internal sealed class UnicodeForm(string name) : Normalizer
{
    private readonly bool _compose = name.EndsWith('C');
    private readonly bool _compatibility = name.Contains('K');

    public override bool LeavesAlone(ReadOnlySpan<char> text) => Normalization.IsInert(text);

    public override void Apply(NormalizedText text) => Apply(text, _compose, _compatibility);

    public static void Apply(NormalizedText text, bool compose, bool compatibility)
    {
        if (Normalization.IsInert(text.Span)) return;
        var steps = compose ? Normalization.Compose(text.Span, compatibility) : Normalization.Decompose(text.Span, compatibility);
        var writer = new NormalizedText.Writer(text);
        foreach (var step in steps) writer.Emit(step.Rune, step.Change);
        text.Replace(writer);
    }

    public override void Write(Utf8JsonWriter json) => json.WriteType(name);
}

/// <summary>Drops the characters that a rule names.</summary>
internal static class CharacterFilter
{
    public static void Apply(NormalizedText text, Func<int, bool> drop)
    {
        var span = text.Span;
        int first = 0;
        while (first < span.Length)
        {
            int rune = Runes.At(span, first, out int length);
            if (drop(rune)) break;
            first += length;
        }

        if (first >= span.Length) return;
        var writer = new NormalizedText.Writer(text);
        for (int i = 0; i < span.Length;)
        {
            int rune = Runes.At(span, i, out int length);
            if (drop(rune)) writer.JumpTo(i + length);
            else writer.CopyTo(i + length);
            i += length;
        }

        text.Replace(writer);
    }

    /// <summary>Replaces characters one by one.</summary>
    public static void Map(NormalizedText text, Func<int, int> map)
    {
        var span = text.Span;
        var writer = new NormalizedText.Writer(text);
        bool changed = false;
        for (int i = 0; i < span.Length;)
        {
            int rune = Runes.At(span, i, out int length);
            i += length;
            int mapped = map(rune);
            changed |= mapped != rune;
            writer.Emit(mapped, 0);
        }

        if (changed) text.Replace(writer);
    }
}

/// <summary>Lower case, character by character, without regard to language or position.</summary>
internal sealed class Lowercase : Normalizer
{
    public override void Apply(NormalizedText text) => Lower(text);

    public override bool LeavesAlone(ReadOnlySpan<char> text) =>
        Normalization.IsInert(text) && !text.ContainsAnyInRange('A', 'Z');

    public static void Lower(NormalizedText text)
    {
        var span = text.Span;
        var writer = new NormalizedText.Writer(text);
        for (int i = 0; i < span.Length;)
        {
            int rune = Runes.At(span, i, out int length);
            i += length;
            if (rune == 0x130)
            {
                // The one character whose lower case is two: i and a dot above.
                writer.Emit('i', 0);
                writer.Emit(0x307, 1);
            }
            else
            {
                writer.Emit(ToLower(rune), 0);
            }
        }

        text.Replace(writer);
    }

    public static int ToLower(int rune) => rune switch
    {
        < 128 => rune is >= 'A' and <= 'Z' ? rune + 32 : rune,
        >= 0xD800 and < 0xE000 => rune,
        // Capitals of Unicode 17, which the reference knows and the base library does not yet.
        0xA7CE or 0xA7D2 or 0xA7D4 => rune + 1,
        >= 0x16EA0 and <= 0x16EB8 => rune + 0x1B,
        _ => System.Text.Rune.ToLowerInvariant(new System.Text.Rune(rune)).Value,
    };

    public override void Write(Utf8JsonWriter json) => json.WriteType("Lowercase");
}

/// <summary>Drops combining marks.</summary>
internal sealed class StripAccents : Normalizer
{
    public override void Apply(NormalizedText text) => CharacterFilter.Apply(text, CharClasses.IsCombining);

    public override bool LeavesAlone(ReadOnlySpan<char> text) => Normalization.IsInert(text);

    public override void Write(Utf8JsonWriter json) => json.WriteType("StripAccents");
}

/// <summary>SentencePiece's rule for control characters and odd spaces.</summary>
internal sealed class Nmt : Normalizer
{
    public override void Apply(NormalizedText text)
    {
        CharacterFilter.Apply(text, c => c is >= 1 and <= 8 or 0x0B or >= 0x0E and <= 0x1F or 0x7F or 0x8F or 0x9F);
        CharacterFilter.Map(text, c => c is 9 or 10 or 12 or 13 or 0x1680 or >= 0x200B and <= 0x200F or 0x2028 or 0x2029 or 0x2581 or 0xFEFF or 0xFFFD ? ' ' : c);
    }

    public override void Write(Utf8JsonWriter json) => json.WriteType("Nmt");
}

/// <summary>Spells the UTF-8 bytes with the 256 printable characters of byte-level models.</summary>
internal sealed class ByteLevelNormalizer : Normalizer
{
    public override void Apply(NormalizedText text) => ByteAlphabet.Spell(text);

    public override void Write(Utf8JsonWriter json) => json.WriteType("ByteLevel");
}

/// <summary>Takes white space off the ends.</summary>
internal sealed class Strip(bool left, bool right) : Normalizer
{
    public override void Apply(NormalizedText text)
    {
        var span = text.Span;
        int start = 0;
        int end = span.Length;
        while (left && start < end && CharClasses.IsWhiteSpace(span[start])) start++;
        while (right && end > start && CharClasses.IsWhiteSpace(span[end - 1])) end--;
        if (start == 0 && end == span.Length) return;
        var writer = new NormalizedText.Writer(text);
        writer.JumpTo(start);
        writer.CopyTo(end);
        text.Replace(writer);
    }

    public override void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("type", "Strip");
        json.WriteBoolean("strip_left", left);
        json.WriteBoolean("strip_right", right);
        json.WriteEndObject();
    }
}

/// <summary>Puts a string in front of a text that is not empty.</summary>
internal sealed class Prepend(string prefix) : Normalizer
{
    public string Prefix => prefix;

    public override void Apply(NormalizedText text) => Put(text, prefix);

    public static void Put(NormalizedText text, string prefix)
    {
        if (text.Length == 0 || prefix.Length == 0) return;
        var writer = new NormalizedText.Writer(text);
        for (int i = 0; i < prefix.Length;)
        {
            int rune = Runes.At(prefix, i, out int length);
            i += length;
            writer.Append(rune, text.Starts[0], text.Ends[0]);
        }

        writer.CopyTo(text.Length);
        text.Replace(writer);
    }

    public override void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("type", "Prepend");
        json.WriteString("prepend", prefix);
        json.WriteEndObject();
    }
}

/// <summary>Several normalizers, one after the other.</summary>
internal sealed class NormalizerSequence(IReadOnlyList<Normalizer> steps) : Normalizer
{
    public IReadOnlyList<Normalizer> Steps => steps;

    public override void Apply(NormalizedText text)
    {
        foreach (var step in steps) step.Apply(text);
    }

    public override bool LeavesAlone(ReadOnlySpan<char> text)
    {
        foreach (var step in steps)
        {
            if (!step.LeavesAlone(text)) return false;
        }

        return true;
    }

    public override void Write(Utf8JsonWriter json) => json.WriteSequence("normalizers", steps, (step, to) => step.Write(to));
}
