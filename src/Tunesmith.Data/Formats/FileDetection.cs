using System.Text.Json;
using Tunesmith.Data.Readers;

namespace Tunesmith.Data.Formats;

/// <summary>Tells by its first row how a file without a dataset_info.json is written.</summary>
internal static class FileDetection
{
    private static readonly string[] Prompts = ["prompt", "question", "query", "input"];
    private static readonly string[] Responses = ["response", "completion", "answer", "output"];
    private static readonly string[] Texts = ["text", "content"];
    private static readonly TagNames RoleTags = new() { RoleTag = "role", ContentTag = "content", UserTag = "user", AssistantTag = "assistant", ObservationTag = "tool", FunctionTag = "function", SystemTag = "system" };

    public static DatasetEntry Describe(string file, Row first, string stage, string? textColumn, string formatting)
    {
        var columns = first.Columns.ToHashSet(StringComparer.Ordinal);
        var entry = new DatasetEntry { Name = file, Files = [file] };
        if (stage == "pt")
        {
            string text = textColumn ?? Texts.FirstOrDefault(columns.Contains) ?? throw Errors.NoTextColumn(file, columns);
            return entry with { Columns = ColumnNames.None with { Prompt = text } };
        }
        return formatting switch
        {
            "auto" => Guess(entry, first, columns),
            "alpaca" => Alpaca(entry, columns),
            "openai" => entry with { Formatting = "openai", Columns = Messages("messages", columns), Tags = RoleTags },
            _ => Chat(entry, first, columns.Contains("conversations") ? "conversations" : "messages", columns),
        };
    }

    private static DatasetEntry Guess(DatasetEntry entry, Row first, HashSet<string> columns)
    {
        if (columns.Contains("conversations")) return Chat(entry, first, "conversations", columns);
        if (columns.Contains("messages")) return Chat(entry, first, "messages", columns);
        if (columns.Contains("instruction")) return Alpaca(entry, columns);
        string? prompt = Prompts.FirstOrDefault(columns.Contains);
        string? response = Responses.FirstOrDefault(columns.Contains);
        if (prompt is null || response is null) throw Errors.UnknownColumns(entry.Name, columns);
        return entry with { Columns = Extras(ColumnNames.None with { Prompt = prompt, Response = response }, columns) };
    }

    private static DatasetEntry Alpaca(DatasetEntry entry, HashSet<string> columns) =>
        entry with { Columns = Extras(new ColumnNames { Query = columns.Contains("input") ? "input" : null, Messages = null }, columns) };

    private static DatasetEntry Chat(DatasetEntry entry, Row first, string column, HashSet<string> columns)
    {
        var cell = first[column];
        bool roles = cell.Kind == CellKind.List && cell.Json.GetArrayLength() > 0 && cell.Json[0].ValueKind == JsonValueKind.Object && cell.Json[0].TryGetProperty("role", out _);
        return entry with { Formatting = "sharegpt", Columns = Messages(column, columns), Tags = roles ? RoleTags : new TagNames() };
    }

    private static ColumnNames Messages(string column, HashSet<string> columns) => Extras(ColumnNames.None with { Messages = column }, columns);

    private static ColumnNames Extras(ColumnNames names, HashSet<string> columns) => names with
    {
        System = columns.Contains("system") ? "system" : null,
        Tools = columns.Contains("tools") ? "tools" : null,
        History = columns.Contains("history") && names.Messages is null ? "history" : null,
    };
}
