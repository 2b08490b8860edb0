using System.Text.Json;
using Tunesmith.Data.Readers;
using Tunesmith.Text.Conversations;

namespace Tunesmith.Data.Formats;

/// <summary>
/// A list of messages, each with its role: users and observations at odd places, assistants and function calls at even ones, a
/// system message before them (LLaMA-Factory data/converter.py, SharegptDatasetConverter).
/// </summary>
internal sealed class ShareGpt(DatasetEntry entry) : IFormat
{
    private readonly TurnRules _rules = new(entry);

    public IEnumerable<string> Columns => _rules.Columns;

    public AlignedExample Align(Row row)
    {
        var messages = _rules.Messages(row);
        string? system = _rules.TakeSystem(row, messages);
        var turns = new List<Message>(messages.Count);
        var faults = TurnFault.None;
        foreach (var message in messages)
        {
            if (_rules.RoleOf(message.Role) is not { } role || !TurnRules.Fits(role, turns.Count))
            {
                faults |= TurnFault.Role;
                break;
            }
            turns.Add(new Message(role, message.Text(row, _rules.MessagesColumn)));
        }
        return _rules.Finish(row, turns, faults, system, entry.Columns.Tools is null ? "" : RowText.OptionalJson(row, entry.Columns.Tools));
    }
}
