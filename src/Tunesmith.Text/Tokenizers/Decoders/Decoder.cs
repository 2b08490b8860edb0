using System.Text;
using System.Text.Json;
using Tunesmith.Text.Tokenizers.Patterns;
using Tunesmith.Text.Tokenizers.Unicode;

namespace Tunesmith.Text.Tokenizers.Decoders;

/// <summary>Turns tokens back into text, one step of a chain.</summary>
internal abstract class Decoder
{
    public abstract List<string> Apply(List<string> tokens);

    public abstract void Write(Utf8JsonWriter json);
}

/// <summary>Byte-level tokens back to UTF-8.</summary>
internal sealed class ByteLevelDecoder(bool addPrefixSpace, bool trimOffsets, bool useRegex) : Decoder
{
    public override List<string> Apply(List<string> tokens)
    {
        var bytes = new List<byte>();
        foreach (string token in tokens)
        {
            int before = bytes.Count;
            foreach (char c in token)
            {
                int b = ByteAlphabet.ByteOf(c);
                if (b < 0)
                {
                    // A token with a character outside the alphabet stands for itself.
                    bytes.RemoveRange(before, bytes.Count - before);
                    bytes.AddRange(System.Text.Encoding.UTF8.GetBytes(token));
                    break;
                }

                bytes.Add((byte)b);
            }
        }

        return [System.Text.Encoding.UTF8.GetString([.. bytes])];
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

/// <summary>Tokens such as <c>&lt;0xE2&gt;</c> back to UTF-8; bytes that do not make a text become one U+FFFD each.</summary>
internal sealed class ByteFallback : Decoder
{
    private static readonly UTF8Encoding Strict = new(false, true);

    public override List<string> Apply(List<string> tokens)
    {
        var output = new List<string>(tokens.Count);
        var bytes = new List<byte>();
        foreach (string token in tokens)
        {
            if (ByteOf(token) is { } value)
            {
                bytes.Add(value);
                continue;
            }

            Flush(bytes, output);
            output.Add(token);
        }

        Flush(bytes, output);
        return output;
    }

    public static byte? ByteOf(string token)
    {
        if (token.Length != 6 || !token.StartsWith("<0x", StringComparison.Ordinal) || token[5] != '>') return null;
        // A sign is a digit to the reference's number reader.
        int high = token[3] == '+' ? 0 : Hex(token[3]);
        int low = Hex(token[4]);
        return high < 0 || low < 0 ? null : (byte)(high * 16 + low);
    }

    private static int Hex(char c) => char.IsAsciiHexDigit(c) ? Convert.ToInt32(c.ToString(), 16) : -1;

    private static void Flush(List<byte> bytes, List<string> output)
    {
        if (bytes.Count == 0) return;
        try
        {
            output.Add(Strict.GetString([.. bytes]));
        }
        catch (DecoderFallbackException)
        {
            for (int i = 0; i < bytes.Count; i++) output.Add("\uFFFD");
        }

        bytes.Clear();
    }

    public override void Write(Utf8JsonWriter json) => json.WriteType("ByteFallback");
}

/// <summary>All tokens into one.</summary>
internal sealed class Fuse : Decoder
{
    public override List<string> Apply(List<string> tokens) => [string.Concat(tokens)];

    public override void Write(Utf8JsonWriter json) => json.WriteType("Fuse");
}

/// <summary>A pattern replaced in every token.</summary>
internal sealed class ReplaceDecoder(TextPattern pattern, string content) : Decoder
{
    public override List<string> Apply(List<string> tokens)
    {
        var matches = new List<PatternMatch>();
        return tokens.ConvertAll(token =>
        {
            if (pattern.Literal is { Length: > 0 } literal) return token.Replace(literal, content, StringComparison.Ordinal);
            matches.Clear();
            pattern.Find(token, matches);
            var text = new StringBuilder();
            foreach (var match in matches) text.Append(match.IsMatch ? content : token.AsSpan(match.Start, match.End - match.Start));
            return text.ToString();
        });
    }

    public override void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("type", "Replace");
        pattern.Write(json);
        json.WriteString("content", content);
        json.WriteEndObject();
    }
}

/// <summary>A character taken off the ends of every token, at most so many times.</summary>
internal sealed class StripDecoder(int content, int start, int stop) : Decoder
{
    public override List<string> Apply(List<string> tokens) => tokens.ConvertAll(token =>
    {
        var runes = new List<int>();
        for (int i = 0; i < token.Length;)
        {
            runes.Add(Runes.At(token, i, out int length));
            i += length;
        }

        int first = 0;
        while (first < start && first < runes.Count && runes[first] == content) first++;
        int last = runes.Count;
        while (runes.Count - last < stop && last > first && runes[last - 1] == content) last--;
        return string.Concat(runes.GetRange(first, last - first).ConvertAll(Runes.ToText));
    });

    public override void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("type", "Strip");
        json.WriteString("content", Runes.ToText(content));
        json.WriteNumber("start", start);
        json.WriteNumber("stop", stop);
        json.WriteEndObject();
    }
}

/// <summary>Decoders one after the other.</summary>
internal sealed class DecoderSequence(IReadOnlyList<Decoder> steps) : Decoder
{
    public override List<string> Apply(List<string> tokens)
    {
        foreach (var step in steps) tokens = step.Apply(tokens);
        return tokens;
    }

    public override void Write(Utf8JsonWriter json) => json.WriteSequence("decoders", steps, (step, to) => step.Write(to));
}
