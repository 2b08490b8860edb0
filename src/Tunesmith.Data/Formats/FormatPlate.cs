namespace Tunesmith.Data.Formats;

/// <summary>Every format of conversation rows, by the word in dataset_info.json.</summary>
public static class FormatPlate
{
    private static readonly SortedDictionary<string, Func<DatasetEntry, IFormat>> Plate = new(StringComparer.Ordinal)
    {
        ["alpaca"] = entry => new Alpaca(entry),
        ["openai"] = entry => new OpenAi(entry),
        ["sharegpt"] = entry => new ShareGpt(entry),
    };

    public static IReadOnlyCollection<string> Names => Plate.Keys;

    public static IFormat Create(DatasetEntry entry) =>
        Plate.TryGetValue(entry.Formatting, out var create) ? create(entry) : throw Errors.InfoValue(entry.Name, "formatting", entry.Formatting, "one of " + string.Join(", ", Plate.Keys));
}
