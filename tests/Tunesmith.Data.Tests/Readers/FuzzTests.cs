using System.Text;
using Tunesmith.Data.Formats;
using Tunesmith.Data.Readers;
using Tunesmith.Runs;

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
    private static readonly string[] Pieces = ["\"", "\n", ",", "\r", "{", "}", "[", "]", ":", "\\", "\t", "€", "\0", "\\ud83d", "null", "1e999"];
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Five_hundred_damaged_files_give_rows_or_one_clear_error() => Damage(500, seed: 1);

    [Fact]
    [Trait("Category", "Slow")]
    public void Twenty_thousand_damaged_files_give_rows_or_one_clear_error() => Damage(20_000, seed: 2);

    private void Damage(int count, int seed)
    {
        var chance = new System.Random(seed);
        (string Name, string Content)[] files = [("a.csv", Csv), ("b.tsv", Tsv), ("c.json", Json), ("d.json", Wrapped), ("e.jsonl", Lines), ("f.csv.gz", Csv), ("dataset_info.json", Info)];
        int read = 0;
        int refused = 0;
        for (int i = 0; i < count; i++)
        {
            var (name, content) = files[i % files.Length];
            byte[] damaged = name.EndsWith(".gz", StringComparison.Ordinal)
                ? Mutate(TempFolder.Gzip(content), chance)
                : Mutate(Encoding.UTF8.GetBytes(content), chance);
            string path = _folder.Write(name, damaged);
            foreach (bool skip in new[] { false, true })
            {
                try
                {
                    Read(path, name, skip);
                    read++;
                }
                catch (UsageException problem)
                {
                    refused++;
                    Assert.Contains("expected", problem.Message, StringComparison.Ordinal);
                    Assert.True(problem.Message.Length < 2000, problem.Message);
                }
                catch (Exception other) when (other is not Xunit.Sdk.XunitException)
                {
                    Assert.Fail($"{name} (mutation {i}): {other}\n{Convert.ToHexString(damaged)}");
                }
            }
        }
        // Both must happen, or nothing was tested.
        Assert.True(read > count / 20 && refused > count / 20, $"{read} read, {refused} refused");
    }

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

    private static byte[] Mutate(byte[] bytes, System.Random chance)
    {
        var list = bytes.ToList();
        for (int times = chance.Next(1, 4); times > 0; times--)
        {
            int at = chance.Next(list.Count + 1);
            int length = Math.Min(chance.Next(1, 12), list.Count - at);
            switch (chance.Next(7))
            {
                case 0:
                    if (at < list.Count) list[at] ^= (byte)(1 << chance.Next(8));
                    break;
                case 1:
                    list.RemoveRange(at, length);
                    break;
                case 2:
                    list.InsertRange(at, list.GetRange(at, length));
                    break;
                case 3:
                    list.InsertRange(at, Encoding.UTF8.GetBytes(Pieces[chance.Next(Pieces.Length)]));
                    break;
                case 4:
                    list.Insert(at, (byte)chance.Next(256));
                    break;
                case 5:
                    list.RemoveRange(at, list.Count - at);
                    break;
                default:
                    list.InsertRange(at, Enumerable.Repeat(list.Count == 0 ? (byte)'"' : list[chance.Next(list.Count)], chance.Next(1, 300)));
                    break;
            }
        }
        return [.. list];
    }
}
