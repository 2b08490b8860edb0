using System.Text.Json;
using Tunesmith.Runs;

namespace Tunesmith.Data.Formats;

/// <summary>LLaMA-Factory's dataset_info.json: what the data sets of a folder are called and how they are written.</summary>
public sealed class DatasetInfo
{
    public const string FileName = "dataset_info.json";
    private const int LargestFile = 64 << 20;

    private static readonly string[] Known =
    [
        "file_name", "formatting", "ranking", "subset", "split", "folder", "num_samples", "columns", "tags",
        "hf_hub_url", "ms_hub_url", "om_hub_url", "script_url", "cloud_file_name", "file_sha1", "description",
    ];

    private static readonly string[] Elsewhere = ["hf_hub_url", "ms_hub_url", "om_hub_url", "script_url", "cloud_file_name"];
    private static readonly string[] Formattings = ["alpaca", "sharegpt", "openai"];
    private static readonly string[] Media = ["images", "videos", "audios"];

    // Keys without which a data set is read otherwise: one that resembles them is a slip, and not to be passed over. LLaMA-Factory's
    // own files have keys beside these that nobody reads.
    private static readonly string[] Entry = ["formatting", "ranking", "split", "num_samples", "columns", "tags"];
    private static readonly string[] Column = ["prompt", "query", "response", "history", "messages", "system", "tools", "chosen", "rejected", "kto_tag"];
    private static readonly string[] Tag = ["role_tag", "content_tag", "user_tag", "assistant_tag", "observation_tag", "function_tag", "system_tag"];
    private readonly string _folder;
    private readonly string _path;
    private readonly JsonElement _entries;

    private DatasetInfo(string folder, string path, JsonElement entries)
    {
        _folder = folder;
        _path = path;
        _entries = entries;
    }

    /// <summary>The names of all data sets.</summary>
    public IEnumerable<string> Names => _entries.EnumerateObject().Select(e => e.Name);

    public static DatasetInfo Load(string datasetDir)
    {
        string path = Path.Combine(datasetDir, FileName);
        if (datasetDir is "ONLINE" || datasetDir.StartsWith("REMOTE:", StringComparison.Ordinal)) throw Errors.DataFromHub("dataset_dir", datasetDir);
        if (!File.Exists(path)) throw Errors.NoDatasetInfo(datasetDir, path);
        try
        {
            using var bytes = Readers.Utf8Stream.Open(path, path);
            using var whole = new MemoryStream();
            var block = new byte[1 << 16];
            for (int got; (got = bytes.Read(block)) > 0;)
            {
                if (whole.Length + got > LargestFile) throw Errors.InfoTooLarge(path, LargestFile >> 20);
                whole.Write(block, 0, got);
            }
            var raw = whole.GetBuffer().AsMemory(0, (int)whole.Length);
            using var document = JsonDocument.Parse(raw);
            if (!Readers.JsonTexts.AreWhole(raw.Span, document.RootElement)) throw Errors.HalfSurrogate(path);
            if (document.RootElement.ValueKind != JsonValueKind.Object) throw Errors.InfoValue(path, "the file", "a list or a value", "an object: name of the data set -> its description");
            return new DatasetInfo(datasetDir, path, document.RootElement.Clone());
        }
        catch (JsonException e)
        {
            throw Errors.BrokenJson(new Readers.Place(path, 1 + (e.LineNumber ?? 0), 0), Readers.JsonArrayReader.Reason(e));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.CannotRead(path, e.Message);
        }
    }

    /// <summary>The description of one data set.</summary>
    public DatasetEntry this[string name]
    {
        get
        {
            if (!_entries.TryGetProperty(name, out var entry)) throw Errors.UnknownDataset(name, _path, [.. Names]);
            string where = $"{_path}: {name}";
            if (entry.ValueKind != JsonValueKind.Object) throw Errors.InfoValue(where, "the entry", Readers.JsonArrayReader.Word(entry.ValueKind), "an object with file_name");
            foreach (string source in Elsewhere)
            {
                if (!entry.TryGetProperty("file_name", out _) && Text(entry, source, where) is { } hub) throw Errors.DataFromHub(where + ": " + source, hub);
            }
            RefuseSlips(entry, where, [.. Known, "file_names"], Entry);
            string formatting = Text(entry, "formatting", where) ?? "alpaca";
            if (!Formattings.Contains(formatting)) throw Errors.InfoValue(where, "formatting", formatting, "one of " + string.Join(", ", Formattings));
            return new DatasetEntry
            {
                Name = name,
                Folder = _folder,
                Files = Files(entry, where),
                Formatting = formatting,
                Ranking = entry.TryGetProperty("ranking", out var ranking) && Truth(ranking, where),
                Split = Text(entry, "split", where) ?? "train",
                NumSamples = Count(entry, where),
                Columns = Columns(entry, where),
                Tags = Tags(entry, where),
            };
        }
    }

    private static IReadOnlyList<string> Files(JsonElement entry, string where)
    {
        if (!entry.TryGetProperty("file_name", out var file) && !entry.TryGetProperty("file_names", out file)) throw Errors.NoFileName(where, Known.Where(k => entry.TryGetProperty(k, out _)));
        if (file.ValueKind == JsonValueKind.String) return [file.GetString()!];
        if (file.ValueKind == JsonValueKind.Array && file.GetArrayLength() > 0 && file.EnumerateArray().All(f => f.ValueKind == JsonValueKind.String))
            return [.. file.EnumerateArray().Select(f => f.GetString()!)];
        throw Errors.InfoValue(where, "file_name", Readers.JsonArrayReader.Word(file.ValueKind), "a file's name or a list of them");
    }

    private static ColumnNames Columns(JsonElement entry, string where)
    {
        if (!entry.TryGetProperty("columns", out var columns) || columns.ValueKind == JsonValueKind.Null) return new ColumnNames();
        if (columns.ValueKind != JsonValueKind.Object) throw Errors.InfoValue(where, "columns", Readers.JsonArrayReader.Word(columns.ValueKind), "an object: what -> the column's name");
        foreach (string media in Media)
        {
            if (Text(columns, media, where) is { } column) throw Errors.MediaColumn(where, media, column);
        }
        RefuseSlips(columns, where + ": columns", [.. Column, .. Media], Column);
        // As the reference has it: once columns are given, those not named do not exist.
        return new ColumnNames
        {
            Prompt = Text(columns, "prompt", where),
            Query = Text(columns, "query", where),
            Response = Text(columns, "response", where),
            History = Text(columns, "history", where),
            Messages = Text(columns, "messages", where),
            System = Text(columns, "system", where),
            Tools = Text(columns, "tools", where),
            Chosen = Text(columns, "chosen", where),
            Rejected = Text(columns, "rejected", where),
            KtoTag = Text(columns, "kto_tag", where),
        };
    }

    private static TagNames Tags(JsonElement entry, string where)
    {
        if (!entry.TryGetProperty("tags", out var tags) || tags.ValueKind == JsonValueKind.Null) return new TagNames();
        if (tags.ValueKind != JsonValueKind.Object) throw Errors.InfoValue(where, "tags", Readers.JsonArrayReader.Word(tags.ValueKind), "an object: which -> the tag's name");
        RefuseSlips(tags, where + ": tags", Tag, Tag);
        return new TagNames
        {
            RoleTag = Text(tags, "role_tag", where),
            ContentTag = Text(tags, "content_tag", where),
            UserTag = Text(tags, "user_tag", where),
            AssistantTag = Text(tags, "assistant_tag", where),
            ObservationTag = Text(tags, "observation_tag", where),
            FunctionTag = Text(tags, "function_tag", where),
            SystemTag = Text(tags, "system_tag", where),
        };
    }

    private static void RefuseSlips(JsonElement entry, string where, string[] known, string[] read)
    {
        foreach (var key in entry.EnumerateObject())
        {
            if (!known.Contains(key.Name) && Suggestions.Nearest(key.Name, read) is { } near) throw Errors.InfoKey(where, key.Name, near);
        }
    }

    private static string? Text(JsonElement entry, string key, string where)
    {
        if (!entry.TryGetProperty(key, out var value) || value.ValueKind == JsonValueKind.Null) return null;
        if (value.ValueKind != JsonValueKind.String) throw Errors.InfoValue(where, key, Readers.JsonArrayReader.Word(value.ValueKind), "a text");
        return value.GetString();
    }

    private static bool Truth(JsonElement value, string where) => value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False or JsonValueKind.Null => false,
        _ => throw Errors.InfoValue(where, "ranking", Readers.JsonArrayReader.Word(value.ValueKind), "true or false"),
    };

    private static int? Count(JsonElement entry, string where)
    {
        if (!entry.TryGetProperty("num_samples", out var value) || value.ValueKind == JsonValueKind.Null) return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int count) && count > 0) return count;
        throw Errors.InfoValue(where, "num_samples", value.GetRawText(), "a whole number above 0");
    }
}
