namespace Tunesmith.Tests;

/// <summary>overwrite_output_dir: what an old run has made goes only where a new one takes its place.</summary>
public sealed class OverwriteTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tunesmith-overwrite-").FullName;

    public OverwriteTests()
    {
        File.WriteAllLines(Data("rows.jsonl"), Enumerable.Range(0, 8).Select(row => $$"""{"instruction": "Once upon a time {{row}}", "output": "there was a girl."}"""));
        File.WriteAllText(Data("recipe.yaml"), $"model_name_or_path: {Repo.Root}/models/stories260k\nstage: sft\ntemplate: empty\ncutoff_len: 32\ndo_train: true\ntrain_file: {Data("rows.jsonl")}\n"
            + $"per_device_train_batch_size: 2\nsave_steps: 2\nmax_steps: 4\noverwrite_output_dir: true\noutput_dir: {Data("out")}\n");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Data(string name) => Path.Combine(_folder, name);

    private CliRun Train(params string[] keys) => CliRun.Of(["train", Data("recipe.yaml"), .. keys]);

    private CliRun Done(params string[] keys)
    {
        var run = Train(keys);
        Assert.True(run.Code == 0, run.Error);
        return run;
    }

    private string[] Checkpoints() => [.. Directory.EnumerateDirectories(Data("out"), "checkpoint-*").Select(path => Path.GetFileName(path)).Order()];

    [Theory]
    [InlineData("train_file=nowhere.jsonl")]
    [InlineData("model_name_or_path=nowhere")]
    [InlineData("adapter_name_or_path=nowhere")]
    [InlineData("optim_args=nowhere=1")]
    [InlineData("lr_scheduler_kwargs={nowhere: 1}")]
    public void A_run_that_cannot_begin_takes_nothing_away(string wrong)
    {
        Done();
        var before = Directory.EnumerateFiles(Data("out"), "*", SearchOption.AllDirectories).Where(file => !Path.GetFileName(file).StartsWith('.')).Order().Select(file => (file, File.GetLastWriteTimeUtc(file))).ToList();
        var run = Train(wrong);
        Assert.Equal(2, run.Code);
        Assert.Contains("nowhere", run.Error);
        Assert.DoesNotContain("train: ", run.Error); // told before the data are read
        Assert.Equal(before, Directory.EnumerateFiles(Data("out"), "*", SearchOption.AllDirectories).Where(file => !Path.GetFileName(file).StartsWith('.')).Order().Select(file => (file, File.GetLastWriteTimeUtc(file))));
    }

    [Fact]
    public void A_whole_model_is_not_taken_for_the_base_of_an_older_adapter()
    {
        Done("finetuning_type=lora");
        Assert.True(File.Exists(Path.Combine(Data("out"), "adapter_model.safetensors")));
        Done("finetuning_type=full");
        Assert.Empty(Directory.EnumerateFiles(Data("out"), "adapter_*"));
        Assert.Equal(0, CliRun.Of(["score", Data("out"), "--text", "Once"]).Code);
    }

    [Theory]
    [InlineData("OUT/checkpoint-2", "checkpoint-2")]
    [InlineData("true", "checkpoint-4")]
    [InlineData("OUT/checkpoint-2", "checkpoint-2", "OUT/")]
    [InlineData("OUT/checkpoint-2", "checkpoint-2", "LINK")]
    public void A_checkpoint_that_the_run_is_to_go_on_from_is_not_overwritten(string resume, string from, string output = "OUT")
    {
        Done();
        Directory.CreateSymbolicLink(Data("link"), Data("out"));
        var run = Done($"output_dir={output.Replace("OUT", Data("out"), StringComparison.Ordinal).Replace("LINK", Data("link"), StringComparison.Ordinal)}", $"resume_from_checkpoint={resume.Replace("OUT", Data("out"), StringComparison.Ordinal)}", "max_steps=6", "learning_rate=2e-5");
        Assert.Equal(["checkpoint-2", "checkpoint-4", "checkpoint-6"], Checkpoints());
        var log = File.ReadAllText(Path.Combine(Data("out"), "events.jsonl"));
        Assert.Contains("\"event\":\"finished\"", log);
        Assert.Contains(from, run.Error);

        Done("max_steps=2");
        Assert.Equal(["checkpoint-2"], Checkpoints());
    }
}
