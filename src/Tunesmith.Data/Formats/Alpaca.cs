using System.Text.Json;
using Tunesmith.Data.Readers;
using Tunesmith.Text.Conversations;

namespace Tunesmith.Data.Formats;

/// <summary>
/// Instruction, input and output in columns of their own, optionally with earlier turns, a system text, a preferred and a
/// rejected answer, or a thumb up or down (LLaMA-Factory data/converter.py, AlpacaDatasetConverter). Plain text for pre-training
/// is the same with a prompt column alone.
/// </summary>
internal sealed class Alpaca(DatasetEntry entry) : IFormat
{
    private readonly ColumnNames _columns = entry.Columns;

    public IEnumerable<string> Columns => new[]
    {
        _columns.Prompt, _columns.Query, _columns.Response, _columns.History, _columns.System, _columns.Tools,
        _columns.Chosen, _columns.Rejected, _columns.KtoTag,
    }.OfType<string>();

    public AlignedExample Align(Row row)
    {
        var prompt = new List<Message>();
        History(row, prompt);
        var query = new[] { RowText.Optional(row, _columns.Prompt), RowText.Optional(row, _columns.Query) }.Where(t => t is { Length: > 0 });
        prompt.Add(new Message("user", string.Join('\n', query)));
        return new AlignedExample
        {
            Prompt = prompt,
            Response = Response(row),
            System = _columns.System is null ? "" : RowText.Optional(row, _columns.System),
            Tools = _columns.Tools is null ? "" : RowText.OptionalJson(row, _columns.Tools),
            Place = row.Place,
        };
    }

    private List<Message> Response(Row row)
    {
        if (_columns.KtoTag is { } tag && row[tag].Kind == CellKind.Truth)
        {
            var answer = new Message("assistant", RowText.Optional(row, _columns.Response) ?? throw Errors.WrongCell(row, _columns.Response ?? "response", "a text"));
            var nothing = new Message("assistant", "");
            return row[tag].Text == "true" ? [answer, nothing] : [nothing, answer];
        }
        if (entry.Ranking && RowText.Optional(row, _columns.Chosen) is { } chosen && RowText.Optional(row, _columns.Rejected) is { } rejected)
            return [new Message("assistant", chosen), new Message("assistant", rejected)];
        return RowText.Optional(row, _columns.Response) is { } response ? [new Message("assistant", response)] : [];
    }

    private void History(Row row, List<Message> prompt)
    {
        if (_columns.History is not { } column || row[column].IsAbsent) return;
        var cell = row[column];
        if (cell.Kind != CellKind.List) throw Errors.WrongCell(row, column, "a list of [question, answer] pairs");
        foreach (var pair in cell.Json.EnumerateArray())
        {
            if (pair.ValueKind != JsonValueKind.Array || pair.GetArrayLength() != 2 || pair.EnumerateArray().Any(t => t.ValueKind != JsonValueKind.String))
                throw Errors.WrongPart(row, column, "a turn that is no pair of two texts", "a list of [question, answer] pairs");
            prompt.Add(new Message("user", pair[0].GetString()!));
            prompt.Add(new Message("assistant", pair[1].GetString()!));
        }
    }
}
