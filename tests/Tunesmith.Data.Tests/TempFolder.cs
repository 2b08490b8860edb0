using System.IO.Compression;
using System.Text;
using Tunesmith.Data.Readers;

namespace Tunesmith.Data.Tests;

/// <summary>A folder for the files of one test; gone with it.</summary>
internal sealed class TempFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("tunesmith-data-").FullName;

    public string Write(string name, string content) => Write(name, Encoding.UTF8.GetBytes(content));

    public string Write(string name, byte[] content)
    {
        string path = System.IO.Path.Combine(Path, name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, content);
        return path;
    }

    public string WriteGzip(string name, string content) => Write(name, Gzip(content));

    public static byte[] Gzip(string content)
    {
        using var bytes = new MemoryStream();
        using (var gzip = new GZipStream(bytes, CompressionLevel.Fastest)) gzip.Write(Encoding.UTF8.GetBytes(content));
        return bytes.ToArray();
    }

    /// <summary>All rows of one file, each as column=kind:text.</summary>
    public List<string> Rows(string name, ReadOptions? options = null) =>
        [.. RowReaders.Read(System.IO.Path.Combine(Path, name), name, options ?? ReadOptions.Strict).Select(Show)];

    public static string Show(Row row) => string.Join(" | ", row.Columns.Select(c => row[c].Kind switch
    {
        CellKind.Text => $"{c}={row[c].Text}",
        CellKind.Null => $"{c}:null",
        CellKind.Number or CellKind.Truth => $"{c}:{row[c].Text}",
        var other => $"{c}:{other}",
    }));

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
