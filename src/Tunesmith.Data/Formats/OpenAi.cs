using System.Text;
using System.Text.Json;
using Tunesmith.Data.Readers;
using Tunesmith.Text.Conversations;

namespace Tunesmith.Data.Formats;

/// <summary>
/// Messages as OpenAI's chat API has them: calls of tools in <c>tool_calls</c>, several tool messages in a row are one observation
/// (LLaMA-Factory data/converter.py, OpenAIDatasetConverter, which also adds the note about thinking to the system text).
/// </summary>
internal sealed class OpenAi(DatasetEntry entry) : IFormat
{
    private const string BetweenTools = "\n</tool_response>\n<tool_response>\n";
    private const string ThinkingOff = "detailed thinking off";
    private const string ThinkingOn = "detailed thinking on";
    private readonly TurnRules _rules = new(entry);

    public IEnumerable<string> Columns => _rules.Columns;

    public AlignedExample Align(Row row)
    {
        var messages = _rules.Messages(row);
        string? system = _rules.TakeSystem(row, messages);
        var turns = new List<Message>(messages.Count);
        var results = new List<string>();
        foreach (var message in messages)
        {
            if (message.Role is not null && message.Role == entry.Tags.ObservationTag)
            {
                results.Add(message.Text(row, _rules.MessagesColumn));
                continue;
            }
            // Results at the very end answer nothing that is trained on, so only those before another message count.
            if (results.Count > 0) turns.Add(new Message("observation", string.Join(BetweenTools, results)));
            results.Clear();
            turns.Add(Turn(row, message));
        }
        var faults = turns.Where((turn, place) => !TurnRules.Fits(turn.Role, place)).Any() ? TurnFault.Role : TurnFault.None;
        string? tools = entry.Columns.Tools is null ? "" : RowText.OptionalJson(row, entry.Columns.Tools);
        return _rules.Finish(row, turns, faults, WithNote(system, tools), tools);
    }

    private Message Turn(Row row, RawMessage message)
    {
        string role = _rules.RoleOf(message.Role) ?? throw Errors.WrongPart(row, _rules.MessagesColumn, $"message {message.Number} with the unknown role {message.Role ?? "null"}", "one of the roles named by the data set's tags");
        if (role is "assistant" or "function" && message.Value.TryGetProperty("tool_calls", out var calls) && calls.ValueKind == JsonValueKind.Array && calls.GetArrayLength() > 0)
            return new Message("function", Calls(row, message, calls));
        return new Message(role, message.Text(row, _rules.MessagesColumn));
    }

    private string Calls(Row row, RawMessage message, JsonElement calls)
    {
        var text = new StringBuilder("[");
        foreach (var call in calls.EnumerateArray())
        {
            if (call.ValueKind != JsonValueKind.Object || !call.TryGetProperty("function", out var function))
                throw Errors.WrongPart(row, _rules.MessagesColumn, $"message {message.Number} with a tool call that has no function", "tool_calls of {\"function\": {\"name\", \"arguments\"}}");
            if (text.Length > 1) text.Append(", ");
            text.Append(PythonJson.Write(function));
        }
        return text.Append(']').ToString();
    }

    private static string? WithNote(string? system, string? tools)
    {
        bool hasTools = !string.IsNullOrEmpty(tools);
        if (string.IsNullOrEmpty(system)) return hasTools ? system : ThinkingOff;
        if (hasTools) return system + "\n";
        bool told = system.Contains(ThinkingOn, StringComparison.Ordinal) || system.Contains(ThinkingOff, StringComparison.Ordinal);
        return told ? system : system + "\n" + ThinkingOff;
    }
}
