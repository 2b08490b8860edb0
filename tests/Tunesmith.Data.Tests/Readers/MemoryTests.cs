using System.IO.Compression;
using System.Text;
using Tunesmith.Data.Readers;
using Tunesmith.Runs;

namespace Tunesmith.Data.Tests.Readers;

/// <summary>Runs alone: what other tests allocate meanwhile would be counted.</summary>
[CollectionDefinition(nameof(MemoryTests), DisableParallelization = true)]
public sealed class AloneCollection;

[Collection(nameof(MemoryTests))]
public sealed class MemoryTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("big.csv.gz", "text,label\n", "some words in a row that repeats,ham\n", "")]
    [InlineData("big.json.gz", "[", "{\"text\": \"some words in a row that repeats\"},\n", "{}]")]
    [InlineData("big.jsonl.gz", "", "{\"text\": \"some words in a row that repeats\"}\n", "")]
    [InlineData("big.txt.gz", "", "some words in a row that repeats\n", "")]
    public void Memory_does_not_grow_with_the_file(string name, string head, string row, string tail)
    {
        int rows = 16_000_000 / row.Length;
        string path = Path.Combine(_folder.Path, name);
        using (var packed = new GZipStream(File.Create(path), CompressionLevel.Fastest))
        {
            packed.Write(Encoding.UTF8.GetBytes(head));
            byte[] many = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(row, 1000)));
            for (int i = 0; i < rows / 1000; i++) packed.Write(many);
            packed.Write(Encoding.UTF8.GetBytes(tail));
        }
        long before = GC.GetTotalMemory(forceFullCollection: true);
        long most = 0;
        int count = 0;
        foreach (var _ in RowReaders.Read(path, name, ReadOptions.Strict))
        {
            if (++count % 150_000 == 0) most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: true) - before);
        }
        Assert.True(count >= rows / 1000 * 1000, $"{count} rows");
        Assert.True(most < 4_000_000, $"{most:N0} bytes are held while reading a file of 16 MB");
    }

    [Fact]
    public void A_quote_or_bracket_that_never_closes_does_not_fill_the_memory()
    {
        foreach (var (name, head) in new[] { ("open.csv.gz", "t\n\""), ("open.json.gz", "[{\"t\": \""), ("open.jsonl.gz", "{\"t\": \"") })
        {
            using (var packed = new GZipStream(File.Create(Path.Combine(_folder.Path, name)), CompressionLevel.Fastest))
            {
                packed.Write(Encoding.UTF8.GetBytes(head));
                byte[] many = Encoding.UTF8.GetBytes(new string('x', 1 << 20));
                for (int i = 0; i < 80; i++) packed.Write(many);
            }
            var error = Assert.Throws<UsageException>(() => _folder.Rows(name));
            Assert.Contains("a row of more than 64 MiB; expected smaller ones. A quote or bracket that is opened there is probably never closed", error.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("header.csv.gz", "", "line 1: got a row of more than 1000000 cells; expected fewer. Check that this is the right file")]
    [InlineData("row.csv.gz", "text,label\n", "line 2: got a row of more than 1000000 cells")]
    public void A_row_of_delimiters_alone_does_not_fill_the_memory(string name, string head, string expected)
    {
        using (var packed = new GZipStream(File.Create(Path.Combine(_folder.Path, name)), CompressionLevel.Fastest))
            packed.Write(Encoding.UTF8.GetBytes(head + new string(',', TableReader.MostCells)));
        Assert.Contains(expected, Assert.Throws<UsageException>(() => _folder.Rows(name)).Message, StringComparison.Ordinal);
    }
}
