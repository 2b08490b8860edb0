using System.Text.Json;
using Tunesmith.Runs;
using Tunesmith.Text.Conversations;
using Tunesmith.Text.Templates.Jinja;

namespace Tunesmith.Text.Templates;

/// <summary>How a chat is to be rendered.</summary>
public sealed record ChatOptions
{
    /// <summary>The tools offered, a JSON list of schemas; null for none.</summary>
    public JsonElement? Tools { get; init; }

    /// <summary>Whether the text ends with what stands before the model's next answer.</summary>
    public bool AddGenerationPrompt { get; init; }

    /// <summary>Whether the text ends inside the last message, so that the model goes on with it.</summary>
    public bool ContinueFinalMessage { get; init; }

    /// <summary>Further variables, such as <c>bos_token</c> or <c>enable_thinking</c>.</summary>
    public IReadOnlyDictionary<string, object?> Variables { get; init; } = new Dictionary<string, object?>();

    /// <summary>Where a template that writes today's date gets it from.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}

/// <summary>A checkpoint's chat template: messages in, the one text out that the model was trained to read.</summary>
public sealed class ChatTemplate
{
    // Written after the last message's text to find where that text ends in the rendering.
    private const string EndMark = "CONTINUE_FINAL_MESSAGE_TAG ";

    private readonly JinjaTemplate _template;

    private ChatTemplate(JinjaTemplate template) => _template = template;

    /// <summary>Whether the template itself marks what the model writes.</summary>
    public bool HasGeneration => _template.HasGeneration;

    /// <exception cref="UsageException">The text is not a template that can be read; the message has the line.</exception>
    public static ChatTemplate Parse(string source)
    {
        try
        {
            return new ChatTemplate(JinjaTemplate.Parse(source));
        }
        catch (JinjaException e)
        {
            throw TemplateErrors.ChatTemplate(e);
        }
    }

    /// <summary>Renders a conversation.</summary>
    public Rendered Render(IReadOnlyList<Message> messages, ChatOptions? options = null) =>
        Render([.. messages.Select(m => new Dictionary<string, object?> { ["role"] = m.Role, ["content"] = m.Content })], options ?? new ChatOptions());

    /// <summary>Renders messages in their published JSON form, which may have parts, tool calls and fields of their own.</summary>
    public Rendered Render(JsonElement messages, ChatOptions? options = null) =>
        Render([.. messages.EnumerateArray().Select(m => m.EnumerateObject().ToDictionary(p => p.Name, p => (object?)p.Value))], options ?? new ChatOptions());

    private Rendered Render(List<Dictionary<string, object?>> messages, ChatOptions options)
    {
        if (options.ContinueFinalMessage) messages = Marked(messages, options);
        var variables = new Dictionary<string, object?>
        {
            ["messages"] = messages,
            ["tools"] = options.Tools,
            ["documents"] = null,
            ["add_generation_prompt"] = options.AddGenerationPrompt,
        };
        foreach (var (name, value) in options.Variables) variables[name] = value;
        try
        {
            var rendered = _template.Render(variables, options.Clock);
            return options.ContinueFinalMessage ? CutAtMark(rendered) : rendered;
        }
        catch (JinjaException e)
        {
            throw TemplateErrors.ChatTemplate(e);
        }
    }

    private static List<Dictionary<string, object?>> Marked(List<Dictionary<string, object?>> messages, ChatOptions options)
    {
        if (options.AddGenerationPrompt) throw TemplateErrors.ContinueAndGenerate();
        if (messages.Count == 0 || !messages[^1].TryGetValue("content", out object? content)) throw TemplateErrors.NothingToContinue();
        object? marked = content switch
        {
            string text => text + EndMark,
            JsonElement { ValueKind: JsonValueKind.String } json => json.GetString() + EndMark,
            JsonElement { ValueKind: JsonValueKind.Array } json => MarkedParts(json),
            _ => throw TemplateErrors.NothingToContinue(),
        };
        return [.. messages[..^1], new Dictionary<string, object?>(messages[^1]) { ["content"] = marked }];
    }

    private static List<object?> MarkedParts(JsonElement parts)
    {
        var marked = parts.EnumerateArray().Select(p => (object?)p).ToList();
        for (int i = marked.Count - 1; i >= 0; i--)
        {
            if (marked[i] is not JsonElement { ValueKind: JsonValueKind.Object } part || !part.TryGetProperty("text", out var text)) continue;
            var copy = part.EnumerateObject().ToDictionary(p => p.Name, p => (object?)p.Value);
            copy["text"] = text.GetString() + EndMark;
            marked[i] = copy;
            return marked;
        }
        throw TemplateErrors.NothingToContinue();
    }

    /// <summary>A template that trims the message has eaten the mark's blank too; then the text before it is trimmed likewise.</summary>
    private static Rendered CutAtMark(Rendered rendered)
    {
        int at = rendered.Text.LastIndexOf(EndMark.TrimEnd(), StringComparison.Ordinal);
        if (at < 0) throw TemplateErrors.FinalMessageMissing();
        bool kept = string.CompareOrdinal(rendered.Text, at, EndMark, 0, EndMark.Length) == 0;
        string text = kept ? rendered.Text[..at] : rendered.Text[..at].TrimEnd();
        int end = TextSink.CountCodePoints(text);
        return new Rendered(text, [.. rendered.Generated.Where(s => s.Start < end).Select(s => (s.Start, Math.Min(s.End, end)))]);
    }
}
