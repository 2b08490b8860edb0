using System.Text.Json;
using Tunesmith.Text.Tokenizers.Unicode;

namespace Tunesmith.Text.Tokenizers.PostProcessors;

/// <summary>Puts special tokens around one or two encoded texts and trims offsets.</summary>
internal abstract class PostProcessor
{
    public abstract int AddedTokens(bool pair);

    public abstract List<Encoding> Apply(List<Encoding> encodings, bool addSpecialTokens);

    public abstract void Write(Utf8JsonWriter json);

    protected static Encoding Special(int typeId, params ReadOnlySpan<(string Token, int Id)> tokens)
    {
        var parts = new List<EncodedToken>();
        foreach ((string token, int id) in tokens) parts.Add(new EncodedToken(id, token, default, default, -1, typeId, -1, IsSpecial: true));
        return new Encoding(parts, []);
    }

    protected static Encoding WithType(Encoding encoding, int typeId) => EncodingWindows.Map(encoding, (token, _) => token with { TypeId = typeId });

    /// <summary>Takes the spaces that byte-level tokens carry out of their offsets.</summary>
    protected static Encoding Trim(Encoding encoding, bool addPrefixSpace) => EncodingWindows.Map(encoding, (token, index) =>
    {
        int leading = 0;
        string text = token.Text;
        while (leading < text.Length && IsSpace(text[leading])) leading++;
        int trailing = 0;
        while (trailing < text.Length && IsSpace(text[text.Length - 1 - trailing])) trailing++;
        // One space at the start is the one that was put there.
        if (leading == 1 && addPrefixSpace && (index == 0 || token.Offset.Start == 0)) leading = 0;
        return token with { Offset = Trim(token.Offset, leading, trailing), CodePoints = Trim(token.CodePoints, leading, trailing) };
    });

    private static TokenOffset Trim(TokenOffset offset, int leading, int trailing)
    {
        int start = Math.Min(offset.Start + leading, offset.End);
        int end = trailing > 0 && offset.End >= trailing ? Math.Max(offset.End - trailing, start) : offset.End;
        return new TokenOffset(start, end);
    }

    private static bool IsSpace(char c) => c == '\u0120' || CharClasses.IsWhiteSpace(c);
}

/// <summary>No special tokens; offsets perhaps without spaces.</summary>
internal sealed class ByteLevelProcessor(bool addPrefixSpace, bool trimOffsets, bool useRegex) : PostProcessor
{
    public override int AddedTokens(bool pair) => 0;

    public override List<Encoding> Apply(List<Encoding> encodings, bool addSpecialTokens) =>
        trimOffsets ? encodings.ConvertAll(encoding => Trim(encoding, addPrefixSpace)) : encodings;

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

/// <summary>BERT's [CLS] A [SEP] B [SEP], or RoBERTa's &lt;s&gt; A &lt;/s&gt; &lt;/s&gt; B &lt;/s&gt;.</summary>
internal sealed class PairProcessor((string Token, int Id) sep, (string Token, int Id) cls, bool roberta, bool trimOffsets, bool addPrefixSpace) : PostProcessor
{
    public override int AddedTokens(bool pair) => !pair ? 2 : roberta ? 4 : 3;

    public override List<Encoding> Apply(List<Encoding> encodings, bool addSpecialTokens)
    {
        if (roberta && trimOffsets) encodings = encodings.ConvertAll(encoding => Trim(encoding, addPrefixSpace));
        if (roberta) encodings = encodings.ConvertAll(encoding => WithType(encoding, 0));
        if (!addSpecialTokens) return encodings;
        var output = new List<Encoding>();
        for (int i = 0; i < encodings.Count; i++)
        {
            int type = roberta ? 0 : i;
            if (i == 0) output.Add(Special(0, cls));
            else if (roberta) output.Add(Special(0, sep));
            output.Add(WithType(encodings[i], type));
            output.Add(Special(type, sep));
        }

        return output;
    }

    public override void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("type", roberta ? "RobertaProcessing" : "BertProcessing");
        WritePair(json, "sep", sep);
        WritePair(json, "cls", cls);
        if (roberta)
        {
            json.WriteBoolean("trim_offsets", trimOffsets);
            json.WriteBoolean("add_prefix_space", addPrefixSpace);
        }

        json.WriteEndObject();
    }

    private static void WritePair(Utf8JsonWriter json, string name, (string Token, int Id) token)
    {
        json.WriteStartArray(name);
        json.WriteStringValue(token.Token);
        json.WriteNumberValue(token.Id);
        json.WriteEndArray();
    }
}

/// <summary>One part of a template: a text (A or B) or a special token by its name.</summary>
internal readonly record struct TemplatePart(bool IsText, string Name, int TypeId);

/// <summary>A special token of a template: it may be several tokens.</summary>
internal sealed record TemplateToken(string Name, IReadOnlyList<(string Token, int Id)> Tokens);

/// <summary>Special tokens by template.</summary>
internal sealed class TemplateProcessing(IReadOnlyList<TemplatePart> single, IReadOnlyList<TemplatePart> pair, IReadOnlyDictionary<string, TemplateToken> specials) : PostProcessor
{
    public override int AddedTokens(bool isPair) => (isPair ? pair : single).Sum(part => part.IsText ? 0 : TokenOf(part).Tokens.Count);

    public override List<Encoding> Apply(List<Encoding> encodings, bool addSpecialTokens)
    {
        var output = new List<Encoding>();
        foreach (var part in encodings.Count == 2 ? pair : single)
        {
            if (part.IsText) output.Add(FirstWithType(encodings[Math.Min(part.Name == "A" ? 0 : 1, encodings.Count - 1)], part.TypeId));
            else if (addSpecialTokens) output.Add(Special(part.TypeId, [.. TokenOf(part).Tokens]));
        }

        return output;
    }

    /// <summary>The reference gives the template's type to the first window only; the others keep 0 or 1.</summary>
    private static Encoding FirstWithType(Encoding encoding, int typeId) =>
        new(encoding.Parts.ConvertAll(token => token with { TypeId = typeId }), [.. encoding.Overflowing]);

    private TemplateToken TokenOf(TemplatePart part) =>
        specials.TryGetValue(part.Name, out var token) ? token : throw TokenizerErrors.PostProcessorNeeds(part.Name);

    public override void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("type", "TemplateProcessing");
        WriteParts(json, "single", single);
        WriteParts(json, "pair", pair);
        json.WriteStartObject("special_tokens");
        foreach ((string name, var token) in specials.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            json.WriteStartObject(name);
            json.WriteString("id", token.Name);
            json.WriteStartArray("ids");
            foreach ((_, int id) in token.Tokens) json.WriteNumberValue(id);
            json.WriteEndArray();
            json.WriteStartArray("tokens");
            foreach ((string text, _) in token.Tokens) json.WriteStringValue(text);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteParts(Utf8JsonWriter json, string name, IReadOnlyList<TemplatePart> parts)
    {
        json.WriteStartArray(name);
        foreach (var part in parts)
        {
            json.WriteStartObject();
            json.WriteStartObject(part.IsText ? "Sequence" : "SpecialToken");
            json.WriteString("id", part.Name);
            json.WriteNumber("type_id", part.TypeId);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}

/// <summary>Post-processors one after the other.</summary>
internal sealed class ProcessorSequence(IReadOnlyList<PostProcessor> steps) : PostProcessor
{
    public override int AddedTokens(bool pair) => steps.Sum(step => step.AddedTokens(pair));

    public override List<Encoding> Apply(List<Encoding> encodings, bool addSpecialTokens)
    {
        foreach (var step in steps) encodings = step.Apply(encodings, addSpecialTokens);
        return encodings;
    }

    public override void Write(Utf8JsonWriter json) => json.WriteSequence("processors", steps, (step, to) => step.Write(to));
}
