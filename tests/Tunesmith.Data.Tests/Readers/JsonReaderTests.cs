using Tunesmith.Data.Readers;
using Tunesmith.Runs;

namespace Tunesmith.Data.Tests.Readers;

public sealed class JsonReaderTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("[{\"t\": \"a\", \"n\": 1}, {\"t\": null, \"x\": [1], \"y\": {}, \"b\": true}]")]
    [InlineData("\uFEFF \n[\n{\"t\": \"a\",\n\"n\": 1}\n,\n{\"t\": null, \"x\": [1], \"y\": {}, \"b\": true}]\n\n")]
    [InlineData("{\"version\": 1, \"names\": [\"p\", \"q\"], \"rows\": [{\"t\": \"a\", \"n\": 1}, {\"t\": null, \"x\": [1], \"y\": {}, \"b\": true}], \"more\": {\"a\": [{}]}}")]
    [InlineData("{\"t\": \"a\", \"n\": 1}\n{\"t\": null, \"x\": [1], \"y\": {}, \"b\": true}\n")]
    public void Lists_wrapped_lists_and_lines_give_the_same_rows(string content)
    {
        _folder.Write("a.json", content);
        Assert.Equal(["t=a | n:1", "t:null | x:List | y:Object | b:true"], _folder.Rows("a.json"));
    }

    [Fact]
    public void Json_lines_skip_blank_lines_and_know_their_numbers()
    {
        _folder.Write("a.jsonl", "{\"t\": \"a\"}\r\n\r\n  \n{\"t\": \"b\"}");
        var rows = RowReaders.Read(Path.Combine(_folder.Path, "a.jsonl"), "a.jsonl", ReadOptions.Strict).ToList();
        Assert.Equal([1L, 4L], rows.Select(r => r.Place.Line));
        Assert.Equal([1L, 2L], rows.Select(r => r.Place.Record));
    }

    [Fact]
    public void Rows_of_a_list_know_the_line_they_begin_on()
    {
        _folder.Write("a.json", "[\n {\"t\":\n \"a\"},\n\n {\"t\": \"b\"}]");
        Assert.Equal([2L, 5L], RowReaders.Read(Path.Combine(_folder.Path, "a.json"), "a.json", ReadOptions.Strict).Select(r => r.Place.Line));
    }

    [Fact]
    public void Rows_larger_than_the_window_are_read_whole()
    {
        string text = new('x', 300_000);
        string rows = string.Join(",\n", Enumerable.Range(0, 20).Select(i => $"{{\"t\": \"{i}{text}\"}}"));
        _folder.Write("a.json", "[" + rows + "]");
        _folder.Write("b.jsonl", rows.Replace(",\n", "\n", StringComparison.Ordinal));
        _folder.Write("c.json", "{\"d\": [" + rows + "]}");
        foreach (string name in new[] { "a.json", "b.jsonl", "c.json" })
            Assert.Equal(Enumerable.Range(0, 20).Select(i => $"t={i}{text}"), _folder.Rows(name));
    }

    [Theory]
    [InlineData("a.json", "[{\"t\": \"a\"}, {\"t\": \"b\"", "a.json, line 1 (record 2): the file ends in the middle of its JSON")]
    [InlineData("a.json", "[{\"t\": \"a\"},\n", "a.json, line 2 (record 2): the file ends in the middle of its JSON")]
    [InlineData("a.json", "[{\"t\": \"a", "a.json, line 1 (record 1): the file ends in the middle of its JSON")]
    [InlineData("a.json", "[\n{\"t\": \"a\"}\n{\"t\": 1}]", "a.json, line 3 (record 2): got broken JSON")]
    [InlineData("a.json", "[{\"t\": nope}]", "a.json, line 1 (record 1): got broken JSON")]
    [InlineData("a.json", "[{\"t\": 1}] x", "a.json, line 1: got broken JSON")]
    [InlineData("a.json", "[{\"t\": 1}, 5]", "a.json, line 1 (record 2): got a number; expected a JSON object")]
    [InlineData("a.json", "5", "a.json: got JSON without a list of objects")]
    [InlineData("a.json", "{\"a\": 1}", "a.json: got JSON without a list of objects")]
    [InlineData("a.json", "{\"a\": [{}], \"b\": [{}]}", "a.json: got two lists of objects (a and b)")]
    [InlineData("a.json", "", "a.json: got an empty file")]
    [InlineData("a.json", "  \n ", "a.json: got an empty file")]
    [InlineData("a.jsonl", "{\"t\": 1}\nnot json\n", "a.jsonl, line 2: got a line that is no JSON")]
    [InlineData("a.jsonl", "{\"t\": 1}\n{\"t\": ", "a.jsonl, line 2: got a line that is no JSON")]
    [InlineData("a.jsonl", "{\"t\": 1} {\"t\": 2}\n", "a.jsonl, line 1: got a line that is no JSON")]
    [InlineData("a.jsonl", "{\"t\": 1}\n[1]\n", "a.jsonl, line 2: got a list; expected a JSON object")]
    [InlineData("a.jsonl", "\n", "a.jsonl: got an empty file")]
    public void Broken_json_is_an_error_that_names_the_line(string name, string content, string message)
    {
        _folder.Write(name, content);
        Assert.StartsWith(message, Assert.Throws<UsageException>(() => _folder.Rows(name)).Message);
    }

    [Fact]
    public void Deep_nesting_is_an_error_and_no_crash()
    {
        _folder.Write("a.json", "[{\"t\": " + new string('[', 100_000));
        Assert.Throws<UsageException>(() => _folder.Rows("a.json"));
        _folder.Write("a.jsonl", "{\"t\": " + new string('[', 100_000) + "\n");
        Assert.Throws<UsageException>(() => _folder.Rows("a.jsonl"));
    }

    [Fact]
    public void Half_a_surrogate_pair_is_an_error_of_its_row()
    {
        _folder.Write("a.jsonl", "{\"t\": \"\\ud83d\"}\n");
        Assert.StartsWith("a.jsonl, line 1: got half of a surrogate pair", Assert.Throws<UsageException>(() => _folder.Rows("a.jsonl")).Message);
    }

    [Fact]
    public void Bad_lines_are_left_out_and_counted_where_the_recipe_says_so()
    {
        _folder.Write("a.jsonl", "{\"t\": \"a\"}\nnot json\n7\n{\"t\": \"b\"}\n{\"t\"");
        var bad = new BadRows(skip: true);
        Assert.Equal(["t=a", "t=b"], _folder.Rows("a.jsonl", new ReadOptions(null, "auto", [], bad)));
        Assert.Equal(3, bad.Skipped);
    }

    [Fact]
    public void Plain_text_gives_every_line()
    {
        _folder.Write("a.txt", "one\r\n\n  two\nthree");
        Assert.Equal(["text=one", "text=", "text=  two", "text=three"], _folder.Rows("a.txt"));
    }

    [Fact]
    public void A_folder_is_read_in_the_order_of_its_names_and_must_hold_one_kind()
    {
        _folder.Write("f/b.jsonl", "{\"t\": \"2\"}\n");
        _folder.Write("f/a.jsonl", "{\"t\": \"1\"}\n");
        Assert.Equal(["t=1", "t=2"], _folder.Rows("f"));
        _folder.Write("f/c.csv", "t\nx\n");
        Assert.StartsWith("f: got files of several kinds", Assert.Throws<UsageException>(() => _folder.Rows("f")).Message);
        Directory.CreateDirectory(Path.Combine(_folder.Path, "empty"));
        Assert.StartsWith("empty: the folder is empty", Assert.Throws<UsageException>(() => _folder.Rows("empty")).Message);
    }

    [Theory]
    [InlineData("a.parquet", "a.parquet: got a file ending in .parquet; expected one of .csv, .json")]
    [InlineData("a.md", "a.md: got a file ending in .md")]
    [InlineData("a", "a: got a file without an ending")]
    public void An_unknown_kind_of_file_is_an_error_that_names_the_known_ones(string name, string message)
    {
        _folder.Write(name, "x");
        Assert.StartsWith(message, Assert.Throws<UsageException>(() => _folder.Rows(name)).Message);
    }

    [Fact]
    public void A_file_that_is_not_there_is_an_error() =>
        Assert.StartsWith("gone.csv: there is no such file", Assert.Throws<UsageException>(() => _folder.Rows("gone.csv")).Message);
}
