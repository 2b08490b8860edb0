namespace Tunesmith.Data.Readers;

/// <summary>Every kind of file that can be read, by its ending; each also with <c>.gz</c>. A folder must hold one kind.</summary>
public static class RowReaders
{
    private static readonly SortedDictionary<string, Func<string, string, ReadOptions, IEnumerable<Row>>> Plate = new(StringComparer.Ordinal)
    {
        ["csv"] = (path, name, options) => TableReader.Read(path, name, options, ','),
        ["json"] = (path, name, options) => JsonArrayReader.Read(path, name, options.BadRows),
        ["jsonl"] = (path, name, options) => JsonLinesReader.Read(path, name, options.BadRows),
        ["ndjson"] = (path, name, options) => JsonLinesReader.Read(path, name, options.BadRows),
        ["tsv"] = (path, name, options) => TableReader.Read(path, name, options, '\t'),
        ["txt"] = (path, name, _) => TextLinesReader.Read(path, name),
    };

    /// <summary>The rows of a file, or of all files of a folder in the order of their names.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="name">How messages call it.</param>
    /// <param name="options">How to read it.</param>
    public static IEnumerable<Row> Read(string path, string name, ReadOptions options)
    {
        var files = Files(path, name);
        return files.SelectMany(file => Plate[Ending(file.Path)](file.Path, file.Name, options));
    }

    /// <summary>The lines of a text file, whatever its ending; bytes that are no UTF-8 are an error with their line.</summary>
    public static IEnumerable<string> Lines(string path, string name) => TextLinesReader.Read(path, name).Select(row => row[TextRow.Column].Text);

    /// <summary>The endings that can be read.</summary>
    public static IReadOnlyCollection<string> Endings => Plate.Keys;

    private static List<(string Path, string Name)> Files(string path, string name)
    {
        var files = new List<(string Path, string Name)>();
        if (Directory.Exists(path))
        {
            foreach (string file in Directory.EnumerateFiles(path).Order(StringComparer.Ordinal)) files.Add((file, $"{name}/{Path.GetFileName(file)}"));
            if (files.Count == 0) throw Errors.EmptyFolder(name);
        }
        else if (File.Exists(path))
        {
            files.Add((path, name));
        }
        else
        {
            throw Errors.NoSuchFile(name);
        }
        var endings = files.Select(f => Ending(f.Path)).Distinct().ToList();
        string? unknown = endings.Find(e => !Plate.ContainsKey(e));
        if (unknown is not null) throw Errors.UnknownEnding(files.First(f => Ending(f.Path) == unknown).Name, unknown, Plate.Keys);
        if (endings.Count > 1) throw Errors.MixedFolder(name, endings);
        return files;
    }

    private static string Ending(string path)
    {
        if (path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase)) path = path[..^3];
        return Path.GetExtension(path).TrimStart('.').ToLowerInvariant();
    }
}
