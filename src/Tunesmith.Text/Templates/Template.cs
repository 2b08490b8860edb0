using Tunesmith.Text.Conversations;

namespace Tunesmith.Text.Templates;

/// <summary>How a template treats the system prompt and thoughts.</summary>
public enum TemplateKind
{
    Plain,

    /// <summary>The system prompt stands inside the first user message.</summary>
    Llama2,

    /// <summary>Answers begin with a thought, which may be empty.</summary>
    Reasoning,

    /// <summary>As <see cref="Reasoning"/>, but an empty thought is the closing words only.</summary>
    ClosingReasoning,
}

/// <summary>
/// How a conversation becomes text: the slots of each role, and what ends an answer. A template is data;
/// the rules are LLaMA-Factory's (data/template.py, data/formatter.py), so that its recipes give the same ids here.
/// </summary>
public sealed record Template
{
    public required string Name { get; init; }

    public TemplateKind Kind { get; init; }

    public IReadOnlyList<Slot> Prefix { get; init; } = [];

    public IReadOnlyList<Slot> User { get; init; } = [Slot.Of("{{content}}")];

    public IReadOnlyList<Slot> Assistant { get; init; } = [Slot.Of("{{content}}"), new(SlotKind.Eos, "")];

    public IReadOnlyList<Slot> System { get; init; } = [Slot.Of("{{content}}")];

    /// <summary>A call of tools by the model.</summary>
    public IReadOnlyList<Slot> Function { get; init; } = [Slot.Of("{{content}}"), new(SlotKind.Eos, "")];

    /// <summary>What a tool answered.</summary>
    public IReadOnlyList<Slot> Observation { get; init; } = [Slot.Of("{{content}}")];

    /// <summary>The name of the way tools are described; a name on the plate of tool formats.</summary>
    public string ToolFormat { get; init; } = "default";

    /// <summary>A text around the tools' JSON as it was given, used instead of a tool format; null for none.</summary>
    public string? RawTools { get; init; }

    /// <summary>The name of the way calls of tools are written.</summary>
    public string FunctionFormat { get; init; } = "default";

    public string DefaultSystem { get; init; } = "";

    /// <summary>Texts that end an answer besides the end-of-sequence token.</summary>
    public IReadOnlyList<string> StopWords { get; init; } = [];

    public string ThoughtStart { get; init; } = "<think>\n";

    public string ThoughtEnd { get; init; } = "\n</think>\n\n";

    /// <summary>The slots hold no end; the end-of-sequence token is put once after the whole conversation.</summary>
    public bool EfficientEos { get; init; }

    /// <summary>The first stop word becomes the tokenizer's end-of-sequence token.</summary>
    public bool ReplaceEos { get; init; }

    /// <summary>A tokenizer's own chat template is replaced by this one when the model is saved.</summary>
    public bool ReplaceJinjaTemplate { get; init; }

    /// <summary>Reasoning templates: true trains an empty thought where none is, false masks it and strips thoughts, null only masks it.</summary>
    public bool? EnableThinking { get; init; } = true;

    /// <summary>Reasoning templates: thoughts of earlier turns stay.</summary>
    public bool PreserveThinking { get; init; }

    /// <summary>The checkpoint's own chat template, which then renders instead of the slots.</summary>
    public OwnTemplate? Own { get; init; }

    /// <summary>Where a tool description that names today's date gets it from.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    private bool Reasons => Kind is TemplateKind.Reasoning or TemplateKind.ClosingReasoning;

    private string EmptyThought => Kind == TemplateKind.ClosingReasoning ? ThoughtEnd : ThoughtStart + ThoughtEnd;

    /// <summary>The whole conversation as one prompt and the last message as its answer.</summary>
    public RenderedTurn RenderOneTurn(IReadOnlyList<Message> messages, string? system = null, string? tools = null)
    {
        if (Own is not null) return Own.OneTurn(messages, system, tools);
        TurnOrder.Check(messages);
        bool askThought = Reasons;
        if (Reasons)
        {
            var stripped = messages.ToArray();
            for (int i = 1; i < stripped.Length - 2 && !PreserveThinking; i += 2) stripped[i] = WithoutThought(stripped[i]);
            if (EnableThinking == false) stripped[^1] = WithoutThought(stripped[^1]);
            messages = stripped;
            askThought = !HasThought(messages[^1]);
        }
        var parts = RenderMessages(messages, system, tools);
        var prompt = parts.Take(parts.Count - 1).SelectMany(p => p).ToList();
        var answer = parts[^1];
        if (askThought) (EnableThinking == true ? answer : prompt).Insert(EnableThinking == true ? 0 : prompt.Count, Slot.Of(EmptyThought));
        return new RenderedTurn(prompt, answer);
    }

    /// <summary>The conversation turn by turn; <paramref name="discardThoughts"/> strips the thoughts of all turns but the last.</summary>
    public IReadOnlyList<RenderedTurn> RenderMultiTurn(IReadOnlyList<Message> messages, string? system = null, string? tools = null, bool discardThoughts = false)
    {
        if (Own is not null) return Own.MultiTurn(messages, system, tools);
        TurnOrder.Check(messages);
        if (Reasons)
        {
            var stripped = messages.ToArray();
            for (int i = 1; i < stripped.Length; i += 2)
                if (EnableThinking == false || (discardThoughts && i < stripped.Length - 2)) stripped[i] = WithoutThought(stripped[i]);
            messages = stripped;
        }
        var parts = RenderMessages(messages, system, tools);
        for (int i = discardThoughts ? messages.Count - 2 : 0; Reasons && i < messages.Count; i += 2)
        {
            if (HasThought(messages[i + 1])) continue;
            if (EnableThinking == true) parts[i + 1].Insert(0, Slot.Of(EmptyThought));
            else parts[i].Add(Slot.Of(EmptyThought));
        }
        return [.. parts.Chunk(2).Select(pair => new RenderedTurn(pair[0], pair[1]))];
    }

    /// <summary>The segments of each message; the first also holds the prefix and the system prompt.</summary>
    private List<List<Slot>> RenderMessages(IReadOnlyList<Message> messages, string? system, string? tools)
    {
        if (string.IsNullOrEmpty(system)) system = DefaultSystem;
        var parts = new List<List<Slot>>(messages.Count);
        for (int i = 0; i < messages.Count; i++)
        {
            var message = messages[i];
            var part = new List<Slot>();
            string before = "";
            if (i == 0)
            {
                part.AddRange(Filled(Prefix, null, null));
                if (system.Length > 0 || !string.IsNullOrEmpty(tools))
                {
                    var block = Filled(System, system + Describe(tools), null);
                    if (Kind == TemplateKind.Llama2) before = block.First().Text;
                    else part.AddRange(block);
                }
            }
            part.AddRange(message.Role switch
            {
                Roles.User => Filled(User, before + message.Content, Kind == TemplateKind.Llama2 ? null : i / 2),
                Roles.Assistant => Filled(Assistant, message.Content, null),
                Roles.Observation => Filled(Observation, message.Content, null),
                Roles.Function => Filled(Function, Call(message.Content), null),
                _ => throw TemplateErrors.UnknownRole(message.Role),
            });
            parts.Add([.. part.Where(s => s.Kind != SlotKind.Text || s.Text.Length > 0)]);
        }
        return parts;
    }

    private string Describe(string? tools)
    {
        if (string.IsNullOrEmpty(tools)) return "";
        return RawTools is null ? ToolFormats.Get(ToolFormat).Describe(tools, Clock) : ReplaceFirst(RawTools, "{{content}}", tools);
    }

    private string Call(string content)
    {
        int start = Kind == TemplateKind.Llama2 ? -1 : content.IndexOf(ThoughtStart, StringComparison.Ordinal);
        int end = start < 0 ? -1 : content.IndexOf(ThoughtEnd, start + ThoughtStart.Length, StringComparison.Ordinal);
        if (end < 0) return ToolFormats.Get(FunctionFormat).Call(content);
        string thought = content[start..(end + ThoughtEnd.Length)];
        return thought + ToolFormats.Get(FunctionFormat).Call(content.Replace(thought, "", StringComparison.Ordinal));
    }

    private bool HasThought(Message message) =>
        message.Content.Contains(ThoughtStart.Trim(), StringComparison.Ordinal) || message.Content.Contains(ThoughtEnd.Trim(), StringComparison.Ordinal);

    private Message WithoutThought(Message message)
    {
        string text = message.Content;
        for (int at = 0; (at = text.IndexOf(ThoughtStart, at, StringComparison.Ordinal)) >= 0;)
        {
            int end = text.IndexOf(ThoughtEnd, at + ThoughtStart.Length, StringComparison.Ordinal);
            if (end < 0) break;
            text = text.Remove(at, end + ThoughtEnd.Length - at);
        }
        return message with { Content = text.TrimStart('\n') };
    }

    /// <summary>Only the first mark of each text slot is filled, the turn's number after the content (so a mark in the content is filled too).</summary>
    private static IEnumerable<Slot> Filled(IReadOnlyList<Slot> slots, string? content, int? turn)
    {
        foreach (var slot in slots)
        {
            if (slot.Kind != SlotKind.Text)
            {
                yield return slot;
                continue;
            }
            string text = slot.Text;
            if (content is not null) text = ReplaceFirst(text, "{{content}}", content);
            if (turn is not null) text = ReplaceFirst(text, "{{idx}}", turn.Value.ToString(global::System.Globalization.CultureInfo.InvariantCulture));
            yield return Slot.Of(text);
        }
    }

    private static string ReplaceFirst(string text, string mark, string with)
    {
        int at = text.IndexOf(mark, StringComparison.Ordinal);
        return at < 0 ? text : string.Concat(text.AsSpan(0, at), with, text.AsSpan(at + mark.Length));
    }
}
