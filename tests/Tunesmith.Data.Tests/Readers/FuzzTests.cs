using System.Text;
using Tunesmith.Data.Formats;
using Tunesmith.Data.Readers;
using Tunesmith.Runs;
using Tunesmith.Tests;

namespace Tunesmith.Data.Tests.Readers;

/// <summary>Damaged files: one clear error or rows, never anything else.</summary>
public sealed class FuzzTests : IDisposable
{
    private const string Csv = "text,label,pair\r\n\"a, \"\"b\"\"\",spam,\r\nünï €,ham,\"two\nlines\"\r\n,ham,x\r\n007,ham,1.5\r\n";
    private const string Tsv = "ham\t\"Happy day\" I know\nspam\t\"whole \"\"cell\"\"\"\nham\tplain € text\n";
    private const string Json = "[\n {\"instruction\": \"a\\u00e9\\n\", \"input\": \"\", \"output\": \"b €\"},\n {\"instruction\": \"c\", \"input\": null, \"output\": \"d\", \"history\": [[\"q\", \"r\"]]}\n]\n";
    private const string Wrapped = "{\"version\": 2, \"data\": [{\"conversations\": [{\"from\": \"human\", \"value\": \"x\"}, {\"from\": \"gpt\", \"value\": \"y\"}]}], \"tags\": [1, 2]}";
    private const string Lines = "{\"messages\": [{\"role\": \"user\", \"content\": \"q\"}, {\"role\": \"assistant\", \"content\": null, \"tool_calls\": [{\"function\": {\"name\": \"f\", \"arguments\": {\"x\": 1.50}}}]}], \"tools\": [{}]}\n{\"messages\": []}\n";
    private const string Info = "{\"a\": {\"file_name\": \"x.json\", \"columns\": {\"prompt\": \"q\"}, \"num_samples\": 3, \"split\": \"train[:2]\"}, \"b\": {\"file_name\": [\"y.csv\"], \"formatting\": \"sharegpt\", \"tags\": {\"role_tag\": \"r\"}, \"ranking\": true}}";
    private static readonly string[] Pieces = ["\"", "\n", ",", "\r", "{", "}", "[", "]", ":", "\\", "\t", "€", "\0", "\\ud83d", "null", "1e999", "\"\"", "\r\n", ",,,,", "{\"a\":", "\\u0000", "\uFEFF", "text", "label", "#", ";", "'"];
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("a.csv", Csv)]
    [InlineData("b.tsv", Tsv)]
    [InlineData("c.json", Json)]
    [InlineData("d.json", Wrapped)]
    [InlineData("e.jsonl", Lines)]
    [InlineData("dataset_info.json", Info)]
    public void Damaged_files_give_rows_or_one_clear_error(string name, string content) =>
        Reader(name).Run(name, Fuzz.Count(300), new Damage(name[0], [Encoding.UTF8.GetBytes(content)], Pieces, json: name.Contains("json", StringComparison.Ordinal)));

    [Fact]
    public void Damaged_packed_files_give_rows_or_one_clear_error() =>
        Reader("f.csv.gz").Run("f.csv.gz", Fuzz.Count(200), new Damage(9, [TempFolder.Gzip(Csv), TempFolder.Gzip(string.Concat(Enumerable.Repeat(Csv, 40)))], []));

    // Strict or with bad rows left out, as the file's length has it.
    private Fuzz Reader(string name) => new()
    {
        IsOurs = error => error is UsageException problem && problem.Message.Contains("expected", StringComparison.Ordinal),
        Read = file => Read(_folder.Write(name, file), name, skip: file.Length % 2 == 0),
    };

    private static void Read(string path, string name, bool skip)
    {
        if (name == DatasetInfo.FileName)
        {
            var info = DatasetInfo.Load(Path.GetDirectoryName(path)!);
            foreach (string set in info.Names) _ = info[set];
            return;
        }
        var bad = new BadRows(skip);
        string[] columns = name.StartsWith('b') ? ["label", "text"] : [];
        IFormat? format = null;
        ClassRows? classes = null;
        foreach (var row in RowReaders.Read(path, name, new ReadOptions(null, "auto", columns, bad)))
        {
            try
            {
                if (name[0] is 'c' or 'd' or 'e') (format ??= FormatPlate.Create(FileDetection.Describe(name, row, "sft", null, name[0] == 'e' ? "openai" : "auto"))).Align(row);
                else (classes ??= new ClassRows(name, row, new DataOptions())).Read(row);
            }
            catch (UsageException problem)
            {
                bad.Add(problem);
            }
        }
    }
}
