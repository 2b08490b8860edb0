using Tunesmith.Text.Conversations;
using Tunesmith.Text.Tokenizers;

namespace Tunesmith.Text.Templates;

/// <summary>Templates and a tokenizer together: ids of turns, and the special tokens that a template needs.</summary>
public static class TemplateTokens
{
    // The end token that a tokenizer without one gets (LLaMA-Factory, data/template.py, fix_special_tokens).
    private const string DefaultEos = "<|endoftext|>";

    /// <summary>The whole conversation as one prompt and the last message as its answer.</summary>
    public static EncodedTurn EncodeOneTurn(this Template template, Tokenizer tokenizer, IReadOnlyList<Message> messages, string? system = null, string? tools = null) =>
        template.Encode(tokenizer, template.RenderOneTurn(messages, system, tools));

    /// <summary>The conversation turn by turn.</summary>
    public static IReadOnlyList<EncodedTurn> EncodeMultiTurn(
        this Template template, Tokenizer tokenizer, IReadOnlyList<Message> messages, string? system = null, string? tools = null, bool discardThoughts = false) =>
        [.. template.RenderMultiTurn(messages, system, tools, discardThoughts).Select(t => template.Encode(tokenizer, t))];

    /// <summary>The ids of a rendered turn: each segment on its own, so that no token crosses a border.</summary>
    public static EncodedTurn Encode(this Template template, Tokenizer tokenizer, RenderedTurn turn) =>
        new(Ids(template, tokenizer, turn.Prompt), Ids(template, tokenizer, turn.Answer));

    /// <summary>
    /// Gives the tokenizer the end, padding and stop tokens that the template needs. Returns the tokens that are new to its vocabulary,
    /// in their order: a model must have rows for them.
    /// </summary>
    public static IReadOnlyList<string> FixTokenizer(this Template template, Tokenizer tokenizer)
    {
        var added = new List<string>();
        var stops = template.StopWords;
        if (template.ReplaceEos)
        {
            if (stops.Count == 0) throw TemplateErrors.NoStopWord(template.Name);
            if (tokenizer.EosToken != stops[0]) SetEos(tokenizer, stops[0], added);
            stops = [.. stops.Skip(1)];
        }
        if (tokenizer.EosId is null) SetEos(tokenizer, DefaultEos, added);
        if (tokenizer.PadId is null) tokenizer.PadToken = tokenizer.EosToken;
        foreach (string stop in stops) AddSpecial(tokenizer, stop, added);
        return added;
    }

    /// <summary>The ids that end an answer, sorted.</summary>
    public static IReadOnlyList<int> StopTokenIds(this Template template, Tokenizer tokenizer)
    {
        var ids = new SortedSet<int>();
        if (tokenizer.EosId is { } eos) ids.Add(eos);
        foreach (string stop in template.StopWords) ids.Add(tokenizer.TokenToId(stop) ?? throw TemplateErrors.UnknownToken(template.Name, stop));
        return [.. ids];
    }

    /// <summary>The Jinja text that LLaMA-Factory writes into a tokenizer for this template.</summary>
    public static string ToJinja(this Template template, Tokenizer tokenizer) => WrittenTemplate.Jinja(template, tokenizer.BosToken, tokenizer.EosToken);

    /// <summary>The id to put once after a conversation, for templates without an end in their slots; null for all others.</summary>
    public static int? EfficientEos(this Template template, Tokenizer tokenizer) =>
        !template.EfficientEos ? null : tokenizer.EosId ?? throw TemplateErrors.NoEos($"template '{template.Name}'");

    private static int[] Ids(Template template, Tokenizer tokenizer, IReadOnlyList<Slot> segments)
    {
        var ids = new List<int>();
        foreach (var segment in segments)
        {
            if (segment.Kind == SlotKind.Text) ids.AddRange(tokenizer.EncodeIds(segment.Text));
            else if (segment.Kind == SlotKind.Token) ids.Add(tokenizer.TokenToId(segment.Text) ?? tokenizer.UnkId ?? throw TemplateErrors.UnknownToken(template.Name, segment.Text));
            else if ((segment.Kind == SlotKind.Bos ? tokenizer.BosId : tokenizer.EosId) is { } id) ids.Add(id);
        }
        return [.. ids];
    }

    private static void SetEos(Tokenizer tokenizer, string token, List<string> added)
    {
        AddSpecial(tokenizer, token, added);
        tokenizer.EosToken = token;
    }

    private static void AddSpecial(Tokenizer tokenizer, string token, List<string> added)
    {
        if (tokenizer.TokenToId(token) is null) added.Add(token);
        tokenizer.AddTokens([new AddedToken(token, Normalized: false, Special: true)], special: true);
    }
}
