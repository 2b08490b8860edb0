using System.Text;
using Tunesmith.Data.Readers;
using Tunesmith.Runs;

namespace Tunesmith.Data.Tests.Readers;

public sealed class TableReaderTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static readonly BadRows SkipNone = new(skip: false);

    private static ReadOptions Options(BadRows? bad = null, char? delimiter = null, string quoting = "auto", params string[] columns) => new(delimiter, quoting, columns, bad ?? SkipNone);

    [Fact]
    public void Quoted_cells_hold_delimiters_doubled_quotes_and_line_breaks()
    {
        _folder.Write("a.csv", "text,label\r\n\"a, \"\"b\"\"\",x\r\n\"two\nlines\r\nhere\",y\r\n");
        Assert.Equal(["text=a, \"b\" | label=x", "text=two\nlines\r\nhere | label=y"], _folder.Rows("a.csv"));
    }

    [Fact]
    public void A_row_knows_the_line_it_begins_on()
    {
        _folder.Write("a.csv", "t\n\"1\n2\n3\"\n\nlast\n");
        Assert.Equal([2L, 6L], RowReaders.Read(Path.Combine(_folder.Path, "a.csv"), "a.csv", ReadOptions.Strict).Select(r => r.Place.Line));
    }

    [Theory]
    [InlineData("t,l\na,b\nc,d\n")]
    [InlineData("t,l\r\na,b\r\nc,d")]
    [InlineData("t,l\ra,b\rc,d\r")]
    [InlineData("\uFEFFt,l\na,b\n\n\nc,d")]
    public void Line_ends_blank_lines_and_the_byte_order_mark_do_not_matter(string content)
    {
        _folder.Write("a.csv", content);
        Assert.Equal(["t=a | l=b", "t=c | l=d"], _folder.Rows("a.csv"));
    }

    [Fact]
    public void An_empty_cell_is_null()
    {
        _folder.Write("a.csv", "t,l\n,b\n\"\",c\n");
        Assert.Equal(["t:null | l=b", "t:null | l=c"], _folder.Rows("a.csv"));
    }

    [Fact]
    public void Numbers_stay_as_they_are_written()
    {
        _folder.Write("a.csv", "t\n007\n1.50\nNA\n");
        Assert.Equal(["t=007", "t=1.50", "t=NA"], _folder.Rows("a.csv"));
    }

    [Fact]
    public void Quotes_of_tab_separated_text_count_only_around_a_whole_cell()
    {
        _folder.Write("a.tsv", "l\tt\nham\t\"Happy day\" I know\nham\t\"whole \"\"cell\"\"\"\nspam\t\"never closed\nham\t\"a\tb\"\n");
        Assert.Equal(["l=ham | t=\"Happy day\" I know", "l=ham | t=whole \"cell\"", "l=spam | t=\"never closed", "l=ham | t=a\tb"], _folder.Rows("a.tsv"));
    }

    [Fact]
    public void Tab_separated_text_can_be_read_with_full_quoting_or_none()
    {
        _folder.Write("a.tsv", "l\tt\nham\t\"two\nlines\"\n");
        Assert.Equal(["l=ham | t=two\nlines"], _folder.Rows("a.tsv", Options(quoting: "rfc4180")));
        _folder.Write("b.tsv", "l\tt\nham\t\"x\"\n");
        Assert.Equal(["l=ham | t=\"x\""], _folder.Rows("b.tsv", Options(quoting: "none")));
    }

    [Fact]
    public void A_given_delimiter_and_given_column_names_are_used()
    {
        _folder.Write("a.csv", "x;1,5\ny;2\n");
        Assert.Equal(["t=x | n=1,5", "t=y | n=2"], _folder.Rows("a.csv", Options(null, ';', "auto", "t", "n")));
    }

    [Fact]
    public void Packed_files_are_read_as_they_would_be_unpacked()
    {
        _folder.WriteGzip("a.csv.gz", "t\nünï\n");
        Assert.Equal(["t=ünï"], _folder.Rows("a.csv.gz"));
    }

    [Theory]
    [InlineData("t,l\na,b,c\n", "a.csv, line 2: got 3 cells; expected 2 (t, l)")]
    [InlineData("t,l\na,b\nonly\n", "a.csv, line 3: got 1 cell; expected 2 (t, l)")]
    [InlineData("t,l\n\"a,b\nc,d\n", "a.csv, line 2: got a quote that is never closed")]
    [InlineData("t,l\n\"a\"b,c\n", "a.csv, line 2: got the character 'b' after a closing quote")]
    [InlineData("t,t\na,b\n", "a.csv: got the column t twice in the header")]
    [InlineData("", "a.csv: got an empty file")]
    [InlineData("\n\n", "a.csv: got an empty file")]
    public void A_broken_table_is_an_error_that_names_the_line(string content, string message)
    {
        _folder.Write("a.csv", content);
        var error = Assert.Throws<UsageException>(() => _folder.Rows("a.csv"));
        Assert.StartsWith(message, error.Message);
    }

    [Fact]
    public void Bad_rows_are_left_out_and_counted_where_the_recipe_says_so()
    {
        _folder.Write("a.csv", "t,l\na,b,c\nd,e\n\"x\"y,z\nf,g\n");
        var bad = new BadRows(skip: true);
        Assert.Equal(["t=d | l=e", "t=f | l=g"], _folder.Rows("a.csv", Options(bad)));
        Assert.Equal(2, bad.Skipped);
        Assert.Contains("line 2", bad.First[0]);
    }

    [Fact]
    public void A_column_without_a_name_gets_its_number()
    {
        _folder.Write("a.csv", ",t\n0,x\n");
        Assert.Equal(["column_1=0 | t=x"], _folder.Rows("a.csv"));
    }

    [Theory]
    [InlineData("csv")]
    [InlineData("txt")]
    [InlineData("jsonl")]
    [InlineData("json")]
    public void A_byte_that_is_not_utf8_is_named_with_its_line(string ending)
    {
        _folder.Write("a." + ending, [.. "a\nb\nc"u8, 0xE9, .. "d\n"u8]);
        var error = Assert.Throws<UsageException>(() => _folder.Rows("a." + ending));
        Assert.StartsWith($"a.{ending}, line 3: got the byte 0xE9, which is not UTF-8", error.Message);
    }

    [Fact]
    public void A_character_cut_off_at_the_end_of_the_file_is_an_error()
    {
        _folder.Write("a.txt", [.. "abc\n"u8, 0xE2, 0x82]);
        Assert.StartsWith("a.txt, line 2: got the byte 0xE2", Assert.Throws<UsageException>(() => _folder.Rows("a.txt")).Message);
    }

    [Fact]
    public void Utf16_and_zero_bytes_are_told_apart()
    {
        _folder.Write("a.csv", [0xFF, 0xFE, .. Encoding.Unicode.GetBytes("t\nx\n")]);
        Assert.StartsWith("a.csv: got UTF-16", Assert.Throws<UsageException>(() => _folder.Rows("a.csv")).Message);
        _folder.Write("b.csv", Encoding.Unicode.GetBytes("t\nx\n"));
        Assert.StartsWith("b.csv, line 1: got a zero byte", Assert.Throws<UsageException>(() => _folder.Rows("b.csv")).Message);
    }

    [Fact]
    public void Characters_across_the_border_of_two_reads_stay_whole()
    {
        // 3-byte characters at every offset against chunks of 65,536 and 32,768 bytes.
        string text = new('€', 100_000);
        _folder.Write("a.csv", "t\nx" + text + "\nxy" + text + "\n");
        Assert.Equal(["t=x" + text, "t=xy" + text], _folder.Rows("a.csv"));
    }

    [Fact]
    public void A_packed_file_that_is_cut_off_or_damaged_is_an_error()
    {
        byte[] whole = TempFolder.Gzip("t\n" + string.Join('\n', Enumerable.Range(0, 50_000)) + "\n");
        foreach (int kept in new[] { 3, 12, whole.Length / 2, whole.Length - 9, whole.Length - 3, whole.Length - 1 })
        {
            _folder.Write("a.csv.gz", whole[..kept]);
            Assert.StartsWith("a.csv.gz: the packed file is damaged or cut off", Assert.Throws<UsageException>(() => _folder.Rows("a.csv.gz")).Message);
        }
        whole[whole.Length / 2] ^= 0x55;
        _folder.Write("b.csv.gz", whole);
        Assert.Throws<UsageException>(() => _folder.Rows("b.csv.gz"));
    }
}
