using System.Text.Json;
using Tunesmith.Text.Tokenizers.Unicode;

namespace Tunesmith.Text.Tokenizers.Decoders;

/// <summary>WordPiece tokens: a space before each one that does not continue a word.</summary>
internal sealed class WordPieceDecoder(string prefix, bool cleanup) : Decoder
{
    public override List<string> Apply(List<string> tokens)
    {
        var output = new List<string>(tokens.Count);
        foreach (string token in tokens)
        {
            string text = output.Count == 0 ? token : token.StartsWith(prefix, StringComparison.Ordinal) ? token[prefix.Length..] : " " + token;
            output.Add(cleanup ? Cleanup(text) : text);
        }

        return output;
    }

    /// <summary>Takes the spaces out before punctuation and English contractions.</summary>
    public static string Cleanup(string text) => CleanEnd(CleanStart(text).Replace(" do not", " don't", StringComparison.Ordinal));

    private static string CleanStart(string text) => text
        .Replace(" .", ".", StringComparison.Ordinal)
        .Replace(" ?", "?", StringComparison.Ordinal)
        .Replace(" !", "!", StringComparison.Ordinal)
        .Replace(" ,", ",", StringComparison.Ordinal)
        .Replace(" ' ", "'", StringComparison.Ordinal)
        .Replace(" n't", "n't", StringComparison.Ordinal)
        .Replace(" 'm", "'m", StringComparison.Ordinal);

    private static string CleanEnd(string text) => text
        .Replace(" 's", "'s", StringComparison.Ordinal)
        .Replace(" 've", "'ve", StringComparison.Ordinal)
        .Replace(" 're", "'re", StringComparison.Ordinal);

    /// <summary>The same without the contraction of do not (transformers' clean_up_tokenization).</summary>
    public static string CleanupSpaces(string text) => CleanEnd(CleanStart(text));

    public override void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("type", "WordPiece");
        json.WriteString("prefix", prefix);
        json.WriteBoolean("cleanup", cleanup);
        json.WriteEndObject();
    }
}

/// <summary>SentencePiece's mark back to a space; none at the start unless nothing was put there.</summary>
internal sealed class MetaspaceDecoder(int replacement, PreTokenizers.PrependScheme scheme, bool split) : Decoder
{
    private readonly string _mark = Runes.ToText(replacement);

    public override List<string> Apply(List<string> tokens)
    {
        var output = new List<string>(tokens.Count);
        foreach (string token in tokens)
        {
            bool drops = output.Count == 0 && scheme != PreTokenizers.PrependScheme.Never;
            output.Add(token.Replace(_mark, drops ? "" : " ", StringComparison.Ordinal));
        }

        return output;
    }

    public override void Write(Utf8JsonWriter json) => json.WriteMetaspace(_mark, scheme, split);
}

/// <summary>The end-of-word suffix back to a space.</summary>
internal sealed class BpeDecoder(string suffix) : Decoder
{
    public override List<string> Apply(List<string> tokens)
    {
        var output = new List<string>(tokens.Count);
        for (int i = 0; i < tokens.Count; i++)
        {
            output.Add(suffix.Length == 0 ? tokens[i] : tokens[i].Replace(suffix, i == tokens.Count - 1 ? "" : " ", StringComparison.Ordinal));
        }

        return output;
    }

    public override void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("type", "BPEDecoder");
        json.WriteString("suffix", suffix);
        json.WriteEndObject();
    }
}

/// <summary>Connectionist temporal classification: repeated tokens once, the padding out.</summary>
internal sealed class Ctc(string padToken, string wordDelimiterToken, bool cleanup) : Decoder
{
    public override List<string> Apply(List<string> tokens)
    {
        var output = new List<string>();
        string? previous = null;
        foreach (string token in tokens)
        {
            if (token == previous) continue;
            previous = token;
            string text = padToken.Length == 0 ? token : token.Replace(padToken, "", StringComparison.Ordinal);
            if (cleanup)
            {
                text = WordPieceDecoder.Cleanup(text);
                if (wordDelimiterToken.Length > 0) text = text.Replace(wordDelimiterToken, " ", StringComparison.Ordinal);
            }

            if (text.Length > 0) output.Add(text);
        }

        return output;
    }

    public override void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("type", "CTC");
        json.WriteString("pad_token", padToken);
        json.WriteString("word_delimiter_token", wordDelimiterToken);
        json.WriteBoolean("cleanup", cleanup);
        json.WriteEndObject();
    }
}
