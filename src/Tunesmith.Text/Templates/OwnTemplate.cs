using System.Text.Json;
using Tunesmith.Text.Conversations;
using Tunesmith.Text.Templates.Jinja;

namespace Tunesmith.Text.Templates;

/// <summary>
/// A checkpoint's own chat template used for training. What is trained on is found by rendering: the template's generation blocks where
/// it has some; else each turn is rendered with its prompt only and with its answer, and what the answer added is trained on.
/// </summary>
/// <param name="template">The chat template.</param>
/// <param name="variables">What it may use, such as <c>bos_token</c> and <c>eos_token</c>.</param>
/// <param name="clock">Where it gets today's date from.</param>
public sealed class OwnTemplate(ChatTemplate template, IReadOnlyDictionary<string, object?> variables, TimeProvider clock)
{
    /// <summary>The whole conversation as one prompt and the last message as its answer.</summary>
    public RenderedTurn OneTurn(IReadOnlyList<Message> messages, string? system, string? tools)
    {
        TurnOrder.Check(messages);
        string prompt = Text(messages.Take(messages.Count - 1), system, tools, prompt: true);
        string whole = Text(messages, system, tools, prompt: false);
        if (messages[^1].Content.Length == 0 && !whole.StartsWith(prompt, StringComparison.Ordinal)) return new RenderedTurn([Slot.Of(prompt)], []);
        return new RenderedTurn([Slot.Of(prompt)], [Slot.Of(Added(prompt, whole, messages.Count / 2))]);
    }

    /// <summary>The conversation turn by turn.</summary>
    public IReadOnlyList<RenderedTurn> MultiTurn(IReadOnlyList<Message> messages, string? system, string? tools)
    {
        TurnOrder.Check(messages);
        if (template.HasGeneration) return Marked(messages, system, tools);
        var turns = new List<RenderedTurn>();
        string before = "";
        for (int i = 0; i < messages.Count; i += 2)
        {
            string prompt = Text(messages.Take(i + 1), system, tools, prompt: true);
            string whole = Text(messages.Take(i + 2), system, tools, prompt: false);
            turns.Add(new RenderedTurn(Segment(Added(before, prompt, i / 2 + 1)), Segment(Added(prompt, whole, i / 2 + 1))));
            before = whole;
        }
        return turns;
    }

    /// <summary>The text for a model to go on from, as it is given in use.</summary>
    public string Prompt(IReadOnlyList<Message> messages, string? system, string? tools) => Text(messages, system, tools, prompt: true);

    private List<RenderedTurn> Marked(IReadOnlyList<Message> messages, string? system, string? tools)
    {
        var rendered = Render(messages, system, tools, prompt: false);
        if (rendered.Generated.Count == 0) throw TemplateErrors.NoAnswerInTemplate();
        var turns = new List<RenderedTurn>();
        int at = 0, point = 0;
        string Upto(int wanted)
        {
            int from = at;
            for (; point < wanted && at < rendered.Text.Length; point++) at += char.IsHighSurrogate(rendered.Text[at]) && at + 1 < rendered.Text.Length ? 2 : 1;
            return rendered.Text[from..at];
        }
        foreach (var (start, end) in rendered.Generated) turns.Add(new RenderedTurn(Segment(Upto(start)), Segment(Upto(end))));
        if (at < rendered.Text.Length) turns.Add(new RenderedTurn(Segment(rendered.Text[at..]), []));
        return turns;
    }

    private static string Added(string before, string after, int turn) =>
        after.StartsWith(before, StringComparison.Ordinal) ? after[before.Length..] : throw TemplateErrors.NotAPrefix(turn);

    private static IReadOnlyList<Slot> Segment(string text) => text.Length == 0 ? [] : [Slot.Of(text)];

    private string Text(IEnumerable<Message> messages, string? system, string? tools, bool prompt) => Render(messages, system, tools, prompt).Text;

    private Rendered Render(IEnumerable<Message> messages, string? system, string? tools, bool prompt)
    {
        using var described = string.IsNullOrEmpty(tools) ? null : ParseTools(tools);
        var all = messages.Select(Published);
        if (!string.IsNullOrEmpty(system)) all = all.Prepend(new { role = Roles.System, content = system });
        var options = new ChatOptions { AddGenerationPrompt = prompt, Variables = variables, Clock = clock, Tools = described?.RootElement };
        return template.Render(JsonSerializer.SerializeToElement(all), options);
    }

    /// <summary>A message under the names that published chat templates know.</summary>
    private static object Published(Message message)
    {
        if (message.Role == Roles.Observation) return new { role = "tool", content = message.Content };
        if (message.Role != Roles.Function) return new { role = message.Role, content = message.Content };
        using var calls = ParseTools(message.Content);
        var list = calls.RootElement.ValueKind == JsonValueKind.Array ? calls.RootElement.EnumerateArray().ToArray() : [calls.RootElement];
        return new { role = Roles.Assistant, content = "", tool_calls = list.Select(c => new { type = "function", function = c.Clone() }).ToArray() };
    }

    private static JsonDocument ParseTools(string json)
    {
        try
        {
            return JsonDocument.Parse(json);
        }
        catch (JsonException)
        {
            throw TemplateErrors.NotJsonText(json);
        }
    }
}
