using System.Text.Json;
using Tunesmith.Text.Tokenizers.Unicode;

namespace Tunesmith.Text.Tokenizers.Normalizers;

/// <summary>BERT's cleaning: control characters, spaces around Chinese characters, accents, case.</summary>
internal sealed class BertNormalizer(bool cleanText, bool handleChineseChars, bool? stripAccents, bool lowercase) : Normalizer
{
    public bool CleanText => cleanText;

    public override void Apply(NormalizedText text)
    {
        if (cleanText)
        {
            CharacterFilter.Apply(text, c => c is 0 or 0xFFFD || IsControl(c));
            CharacterFilter.Map(text, c => CharClasses.IsWhiteSpace(c) ? ' ' : c);
        }

        if (handleChineseChars) SpaceChinese(text);
        if (stripAccents ?? lowercase)
        {
            UnicodeForm.Apply(text, compose: false, compatibility: false);
            CharacterFilter.Apply(text, CharClasses.IsNonSpacingMark);
        }

        if (lowercase) Lowercase.Lower(text);
    }

    public static bool IsControl(int rune) => rune is not ('\t' or '\n' or '\r') && CharClasses.IsOther(rune);

    public static bool IsChinese(int rune) => rune is >= 0x4E00 and <= 0x9FFF or >= 0x3400 and <= 0x4DBF or >= 0x20000 and <= 0x2A6DF
        or >= 0x2A700 and <= 0x2B73F or >= 0x2B740 and <= 0x2B81F or >= 0x2B920 and <= 0x2CEAF or >= 0xF900 and <= 0xFAFF or >= 0x2F800 and <= 0x2FA1F;

    private static void SpaceChinese(NormalizedText text)
    {
        var span = text.Span;
        if (!span.ContainsAnyExceptInRange('\0', '\x7F')) return;
        var writer = new NormalizedText.Writer(text);
        for (int i = 0; i < span.Length;)
        {
            int rune = Runes.At(span, i, out int length);
            i += length;
            if (IsChinese(rune))
            {
                writer.Emit(' ', 0);
                writer.Emit(rune, 1);
                writer.Emit(' ', 1);
            }
            else
            {
                writer.Emit(rune, 0);
            }
        }

        text.Replace(writer);
    }

    public override void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("type", "BertNormalizer");
        json.WriteBoolean("clean_text", cleanText);
        json.WriteBoolean("handle_chinese_chars", handleChineseChars);
        if (stripAccents is { } strip) json.WriteBoolean("strip_accents", strip);
        else json.WriteNull("strip_accents");
        json.WriteBoolean("lowercase", lowercase);
        json.WriteEndObject();
    }
}
