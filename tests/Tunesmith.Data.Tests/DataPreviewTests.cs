using Tunesmith.Runs;

namespace Tunesmith.Data.Tests;

public sealed class DataPreviewTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static string Show(PreviewRecord record) => string.Join(" | ", record.Parts.Select(p => $"{p.Key}: {p.Value}"));

    [Fact]
    public void The_first_records_show_texts_and_labels()
    {
        string file = _folder.Write("a.csv", "text,other,label\nx,y,a\nz,w,b\nbroken row\n");
        var records = DataPreview.First(new DataOptions { TrainFile = [file], TextPairColumn = "other" }, "cls", 2);
        Assert.Equal(["text: x | pair: y | label: a", "text: z | pair: w | label: b"], records.Select(Show));
        Assert.Equal(3, records[1].Place.Line);
    }

    [Fact]
    public void The_first_records_show_turns()
    {
        _folder.Write("dataset_info.json", "{\"d\": {\"file_name\": \"a.jsonl\", \"columns\": {\"prompt\": \"q\", \"response\": \"a\", \"system\": \"s\"}, \"num_samples\": 100}}");
        _folder.Write("a.jsonl", "{\"q\": \"one\", \"a\": \"two\", \"s\": \"be kind\"}\n{\"q\": \"three\", \"a\": \"four\", \"s\": null}\n");
        var options = new DataOptions { Dataset = ["d"], DatasetDir = _folder.Path };
        Assert.Equal(["system: be kind | user: one | assistant: two"], DataPreview.First(options, "sft", 1).Select(Show));
        Assert.Equal(2, DataPreview.First(options, "sft", 5).Count);
        Assert.Throws<UsageException>(() => DataPreview.First(options with { Dataset = ["e"] }, "sft", 1));
    }
}
