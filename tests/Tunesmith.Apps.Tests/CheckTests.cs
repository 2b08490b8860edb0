using System.Globalization;
using System.Text.Json;

namespace Tunesmith.Tests;

public sealed class CheckTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("check-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private CliRun Check(string data, params string[] more)
    {
        var file = Path.Combine(_folder, "data.csv");
        File.WriteAllText(file, data);
        var recipe = Path.Combine(_folder, "recipe.yaml");
        File.WriteAllText(recipe, $"""
            model_name_or_path: {Path.Combine(Repo.Root, "models", "all-minilm-l6-v2")}
            stage: cls
            finetuning_type: full
            do_train: true
            train_file: {file}
            output_dir: {Path.Combine(_folder, "out")}
            """);
        return CliRun.Of(["check", recipe, .. more]);
    }

    private static string Rows(int count, Func<int, string> label) =>
        "text,label\n" + string.Concat(Enumerable.Range(0, count).Select(i => $"a message that stands in row {i.ToString(CultureInfo.InvariantCulture)} {new string('x', 900)},{label(i)}\n"));

    [Fact]
    public void A_small_file_is_read_to_its_end()
    {
        var run = Check("text,label\nhello,a\nbye,b\nthree,a\nfour,b\nfive,a\nsix\n");
        Assert.Equal((2, ""), (run.Code, run.Out));
        Assert.Contains("data.csv, line 7: got 1 cell; expected 2", run.Error);
    }

    [Fact]
    public void Of_a_large_file_the_beginning_is_read_and_all_of_it_when_asked()
    {
        // Its second class comes after what is read: no error, because nothing is said of what was not read.
        var data = Rows(2400, i => i < 2200 ? "a" : "b") + "cut,off,here\n";
        var beginning = Check(data);
        Assert.Equal((0, ""), (beginning.Code, beginning.Error));
        Assert.Contains("of the data only the first 2,000 rows were read; --all reads everything\ntrain: 2,000 rows -> 2,000 examples", beginning.Out);
        Assert.Contains("line 2402: got 3 cells; expected 2", Check(data, "--all").Error);
    }

    [Fact]
    public void An_adapter_that_is_not_there_is_told()
    {
        var run = Check("text,label\nhello,a\nbye,b\n", "finetuning_type=lora", $"adapter_name_or_path={Path.Combine(_folder, "nowhere")}");
        Assert.Equal((2, ""), (run.Code, run.Out));
        Assert.Contains("nowhere/adapter_config.json: got no such file", run.Error);
    }

    [Fact]
    public void Json_has_the_records_the_updates_and_the_estimates()
    {
        var run = Check("text,label\nhello,a\nbye,b\n", "--json", "num_train_epochs=2");
        using var report = JsonDocument.Parse(run.Out);
        var root = report.RootElement;
        Assert.Equal(2, root.GetProperty("updates").GetInt32());
        Assert.Equal("hello", root.GetProperty("records")[0].GetProperty("parts")[0].GetProperty("text").GetString());
        Assert.True(root.GetProperty("data").GetProperty("read_whole").GetBoolean());
        Assert.InRange(root.GetProperty("memory_mib").GetDouble(), 500, 1200);
        Assert.InRange(root.GetProperty("seconds").GetDouble(), 0.01, 5);
        Assert.EndsWith("will be made", root.GetProperty("output_dir").GetString());
    }

    [Theory]
    [InlineData("template=llama3", 2)]
    [InlineData("template=default", 0)]
    public void Marks_that_the_model_has_no_embedding_for_are_told_before_anything_is_loaded(string template, int code)
    {
        string[] keys = [$"model_name_or_path={Path.Combine(Repo.Root, "models", "stories260k")}", "stage=sft", template];
        var run = Check("prompt,response\nhello,hi\nbye,bye\n", keys);
        Assert.Equal(code, run.Code);
        if (code == 0) return;
        Assert.Matches(@"error: template: got the token <\|\w+\|> with the id 51\d; expected ids below 512", run.Error);
        Assert.Equal(0, Check("prompt,response\nhello,hi\nbye,bye\n", [.. keys, "resize_vocab=true", "finetuning_type=lora"]).Code);
    }

    [Fact]
    public void An_output_folder_that_train_will_refuse_is_refused_here()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "out"));
        File.WriteAllText(Path.Combine(_folder, "out", "thesis.doc"), "");
        var run = Check("text,label\nhello,a\nbye,b\n");
        Assert.Equal(2, run.Code);
        Assert.Contains("holds files that are no run of Tunesmith's (thesis.doc)", run.Error);
        Assert.Contains("model: bert", run.Out);
        Assert.Equal(["thesis.doc"], Directory.EnumerateFileSystemEntries(Path.Combine(_folder, "out")).Select(Path.GetFileName));
    }
}
