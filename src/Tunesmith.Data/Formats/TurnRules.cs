using System.Text.Json;
using Tunesmith.Data.Readers;
using Tunesmith.Text.Conversations;

namespace Tunesmith.Data.Formats;

/// <summary>A message as its row has it: any role, perhaps without a text, perhaps with calls of tools.</summary>
internal readonly record struct RawMessage(string? Role, string? Content, JsonElement Value, int Number)
{
    public string Text(Row row, string column) => Content ?? throw Errors.WrongPart(row, column, $"message {Number} without a text", "a role and a text in every message");
}

/// <summary>What the two formats of message lists share: roles, their places, system text, preferences.</summary>
internal sealed class TurnRules(DatasetEntry entry)
{
    private readonly TagNames _tags = entry.Tags;
    private readonly ColumnNames _columns = entry.Columns;

    public string MessagesColumn => _columns.Messages ?? throw Errors.NoMessagesColumn(entry.Name);

    public IEnumerable<string> Columns => new[] { MessagesColumn, _columns.System, _columns.Tools, _columns.Chosen, _columns.Rejected, _columns.KtoTag }.OfType<string>();

    /// <summary>user, assistant, observation, function or system; null for a role that is none of the set's tags.</summary>
    public string? RoleOf(string? role) =>
        role is null ? null
        : role == _tags.UserTag ? "user"
        : role == _tags.AssistantTag ? "assistant"
        : role == _tags.ObservationTag ? "observation"
        : role == _tags.FunctionTag ? "function"
        : role == _tags.SystemTag ? "system"
        : null;

    /// <summary>Whether a role may stand at a place counted from 0: what is answered at even ones, what answers at odd ones.</summary>
    public static bool Fits(string role, int place) => place % 2 == 0 ? role is "user" or "observation" : role is "assistant" or "function";

    public List<RawMessage> Messages(Row row)
    {
        var cell = row[MessagesColumn];
        if (cell.Kind != CellKind.List) throw Errors.WrongCell(row, MessagesColumn, "a list of messages");
        var messages = new List<RawMessage>(cell.Json.GetArrayLength());
        foreach (var value in cell.Json.EnumerateArray()) messages.Add(Message(row, MessagesColumn, value, messages.Count + 1));
        return messages;
    }

    /// <summary>The system text: that of a first message of this role, which is taken away; else that of its column.</summary>
    public string? TakeSystem(Row row, List<RawMessage> messages)
    {
        if (_tags.SystemTag is { } tag && messages.Count > 0 && messages[0].Role == tag)
        {
            string system = messages[0].Text(row, MessagesColumn);
            messages.RemoveAt(0);
            return system;
        }
        return _columns.System is null ? "" : RowText.Optional(row, _columns.System);
    }

    public AlignedExample Finish(Row row, List<Message> turns, TurnFault faults, string? system, string? tools)
    {
        if (turns.Count % 2 != (entry.Ranking ? 1 : 0)) faults |= TurnFault.Count;
        List<Message> prompt = [];
        List<Message> response = [];
        if (faults != TurnFault.None)
        {
            faults |= TurnFault.Emptied;
        }
        else if (_columns.KtoTag is { } tag && row[tag].Kind == CellKind.Truth)
        {
            var nothing = new Message("assistant", "");
            prompt = turns[..Math.Max(0, turns.Count - 1)];
            response = row[tag].Text == "true" ? [.. turns[prompt.Count..], nothing] : [nothing, .. turns[prompt.Count..]];
        }
        else if (entry.Ranking && _columns.Chosen is { } chosen && _columns.Rejected is { } rejected && row[chosen].Kind == CellKind.Object && row[rejected].Kind == CellKind.Object)
        {
            prompt = turns;
            response = [Answer(row, chosen, ref faults), Answer(row, rejected, ref faults)];
        }
        else
        {
            prompt = turns[..Math.Max(0, turns.Count - 1)];
            response = turns[prompt.Count..];
        }
        return new AlignedExample { Prompt = prompt, Response = response, System = system, Tools = tools, Place = row.Place, Faults = faults };
    }

    // A role that cannot answer is told, but the pair stays: so does the reference.
    private Message Answer(Row row, string column, ref TurnFault faults)
    {
        var raw = Message(row, column, row[column].Json, 1);
        string role = RoleOf(raw.Role) ?? throw Errors.WrongPart(row, column, $"the unknown role {raw.Role ?? "null"}", "a message of the assistant");
        if (!Fits(role, 1)) faults |= TurnFault.Role;
        return new Message(role, raw.Text(row, column));
    }

    private RawMessage Message(Row row, string column, JsonElement value, int number)
    {
        if (value.ValueKind != JsonValueKind.Object) throw Errors.WrongPart(row, column, $"message {number} that is {JsonArrayReader.Word(value.ValueKind)}", "objects with a role and a text");
        return new RawMessage(Part(_tags.RoleTag), Part(_tags.ContentTag), value, number);

        string? Part(string? tag)
        {
            if (tag is null || !value.TryGetProperty(tag, out var part) || part.ValueKind == JsonValueKind.Null) return null;
            if (part.ValueKind != JsonValueKind.String) throw Errors.WrongPart(row, column, $"message {number} whose {tag} is {JsonArrayReader.Word(part.ValueKind)}", "a text there");
            return part.GetString()!;
        }
    }
}
