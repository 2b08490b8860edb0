namespace Tunesmith.Tests;

/// <summary>The same command after a stop, where something around it has changed meanwhile.</summary>
public sealed class ResumeTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tunesmith-resume-").FullName;

    public ResumeTests()
    {
        WriteRows(8);
        File.WriteAllText(Data("recipe.yaml"), $"model_name_or_path: {Repo.Root}/models/stories260k\nstage: sft\ntemplate: empty\ncutoff_len: 32\ndo_train: true\ntrain_file: {Data("rows.jsonl")}\n"
            + $"per_device_train_batch_size: 2\nsave_steps: 2\nmax_steps: 4\noutput_dir: {Data("out")}\n");
        var whole = Train();
        Assert.True(whole.Code == 0, whole.Error);
        Unfinished(Data("out"));
    }

    // As if it had been killed after update 2.
    private static void Unfinished(string folder)
    {
        Directory.Delete(Path.Combine(folder, "checkpoint-4"), recursive: true);
        var file = Path.Combine(folder, "run.json");
        var record = File.ReadAllText(file);
        Assert.Contains("\"finished\"", record);
        File.WriteAllText(file, record.Replace("\"finished\"", "\"running\"", StringComparison.Ordinal));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Data(string name) => Path.Combine(_folder, name);

    private void WriteRows(int count) =>
        File.WriteAllLines(Data("rows.jsonl"), Enumerable.Range(0, count).Select(row => $$"""{"instruction": "Once upon a time {{row}}", "output": "there was a girl."}"""));

    private CliRun Train(params string[] keys) => CliRun.Of(["train", Data("recipe.yaml"), .. keys]);

    [Fact]
    public void Nothing_has_changed()
    {
        var run = Train();
        Assert.True(run.Code == 0, run.Error);
        Assert.Contains("Goes on from checkpoint-2.", run.Error);
        Assert.DoesNotContain("warning", run.Error);
    }

    [Fact]
    public void Other_data_are_refused_and_nothing_is_lost()
    {
        WriteRows(9);
        var files = Files();
        var run = Train();
        Assert.Equal(2, run.Code);
        Assert.Contains("error: training examples: got others (9, sha256", run.Error);
        Assert.Equal(files, Files());

        run = Train($"resume_from_checkpoint={Data("out/checkpoint-2")}");
        Assert.True(run.Code == 0, run.Error);
        Assert.Contains("the run goes on with these", run.Error);
    }

    [Fact]
    public void A_named_checkpoint_goes_on_where_its_updates_are_in_other_epochs()
    {
        string[] own = ["num_train_epochs=2", "max_steps=-1", $"output_dir={Data("two")}"];
        Assert.Equal(0, Train(own).Code); // 8 updates in 2 epochs
        WriteRows(32);
        var run = Train([.. own, $"output_dir={Data("more")}", $"resume_from_checkpoint={Data("two/checkpoint-6")}"]);
        Assert.True(run.Code == 0, run.Error);
        Assert.Contains("\"global_step\": 32", File.ReadAllText(Data("more/trainer_state.json")));
    }

    [Fact]
    public void A_finished_run_that_is_to_become_a_longer_one_goes_on_from_the_named_checkpoint()
    {
        Assert.Equal(0, Train().Code);
        string[] longer = ["max_steps=6", $"resume_from_checkpoint={Data("out/checkpoint-4")}"];
        var run = Train(longer);
        Assert.True(run.Code == 0, run.Error);
        Assert.Contains("\"global_step\": 6", File.ReadAllText(Data("out/trainer_state.json")));
        Assert.Contains("Nothing was done", Train(longer).Error);
    }

    [Fact]
    public void A_checkpoint_behind_the_end_of_the_run_is_refused()
    {
        var run = Train("max_steps=1", $"resume_from_checkpoint={Data("out/checkpoint-2")}", $"output_dir={Data("short")}");
        Assert.Equal(2, run.Code);
        Assert.Contains("checkpoint-2, which stands after update 2; expected one within the 1 updates", run.Error);
    }

    [Fact]
    public void The_folder_of_the_base_is_no_place_for_results()
    {
        var run = Train($"output_dir={Repo.Root}/models/../models/stories260k/", "overwrite_output_dir=true");
        Assert.Equal(2, run.Code);
        Assert.Contains("the folder of the model that is to be trained", run.Error);
    }

    [Fact]
    public void A_run_that_began_at_a_named_checkpoint_says_how_it_goes_on_when_it_is_stopped()
    {
        using var stop = new CancellationTokenSource();
        var stopped = CliRun.Of("", ["train", Data("recipe.yaml"), "num_train_epochs=100000", "max_steps=-1", "save_steps=100000", "logging_steps=1", $"resume_from_checkpoint={Data("out/checkpoint-2")}", $"output_dir={Data("from")}"], StoppedOnceLogged(stop));
        Assert.Equal(130, stopped.Code);
        Assert.Contains($"Set resume_from_checkpoint={Data("from")}/checkpoint-", stopped.Error);
        Assert.DoesNotContain("The same command goes on from there", stopped.Error);
    }

    private CancellationToken StoppedOnceLogged(CancellationTokenSource stop)
    {
        new Thread(() =>
        {
            for (var tries = 0; tries < 6000 && !File.Exists(Data("from/trainer_log.jsonl")); tries++) Thread.Sleep(10);
            stop.Cancel();
        }).Start();
        return stop.Token;
    }

    [Fact]
    public void What_a_recipe_says_in_vain_is_told()
    {
        string[] first = ["finetuning_type=lora", "lora_target=q_proj,v_prj", "additional_target=nosuch", $"output_dir={Data("lora")}"];
        var check = CliRun.Of(["check", Data("recipe.yaml"), .. first]);
        Assert.True(check.Code == 0, check.Error);
        foreach (var run in (CliRun[])[check, Train(first)])
        {
            Assert.Contains("warning: lora_target, additional_target: the model has no module 'v_prj'; it is passed over", run.Error);
            Assert.Contains("no module 'nosuch'", run.Error);
            Assert.DoesNotContain("'q_proj'", run.Error);
        }
        string[] second = ["finetuning_type=lora", $"adapter_name_or_path={Data("lora")}", "lora_rank=16", $"output_dir={Data("second")}"];
        Assert.Contains("warning: lora_rank: has no effect", Train(second).Error);
        Assert.DoesNotContain("warning", Train([.. second, "create_new_adapter=true", $"output_dir={Data("third")}"]).Error);
    }

    [Fact]
    public void An_adapter_that_is_named_as_the_model_is_told_where_it_belongs()
    {
        Assert.Equal(0, Train("finetuning_type=lora", $"output_dir={Data("lora")}").Code);
        var run = Train($"model_name_or_path={Data("lora")}", $"output_dir={Data("other")}");
        Assert.Equal(2, run.Code);
        Assert.Contains("the folder of an adapter; expected the model that it belongs to", run.Error);
    }

    [Fact]
    public void A_seed_may_be_as_large_as_numpy_takes_it()
    {
        string[] own = ["val_size=0.25", "max_steps=1", $"output_dir={Data("seed")}"];
        var run = Train([.. own, "seed=4294967295"]);
        Assert.True(run.Code == 0, run.Error);
        Assert.Equal(2, Train([.. own, "seed=4294967296"]).Code);
    }

    [Theory]
    [InlineData("load_best_model_at_end=true", "save_strategy=epoch")]
    [InlineData("eval_strategy=steps")]
    [InlineData("early_stopping_steps=2")]
    [InlineData("lr_scheduler_type=cosine_with_min_lr")]
    [InlineData("optim_args=foo=1")]
    [InlineData("adam_beta2=1")]
    [InlineData("num_train_epochs=.inf", "max_steps=-1")]
    [InlineData("learning_rate=1e999")]
    [InlineData("metric_for_best_model=accuracy", "eval_strategy=steps", "val_size=0.5")]
    [InlineData("evaluation_strategy=epoch")]
    public void What_training_would_refuse_is_refused_by_check_in_the_same_words(params string[] keys)
    {
        var check = CliRun.Of(["check", Data("recipe.yaml"), .. keys]);
        Assert.Equal(2, check.Code);
        Assert.Contains(keys[0].Split('=')[0].Replace("lr_scheduler_type", "lr_scheduler_kwargs", StringComparison.Ordinal) + ": got", check.Error);
        Assert.Equal(check.Error, Train(keys).Error);
    }

    [Theory]
    [InlineData("lora", 2)]
    [InlineData("freeze", 2)]
    [InlineData("full", 0)]
    public void Other_base_weights_are_refused_where_they_matter(string tuning, int code)
    {
        var model = Directory.CreateDirectory(Data("model")).FullName;
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Repo.Root, "models", "stories260k"))) File.Copy(file, Path.Combine(model, Path.GetFileName(file)));
        string[] keys = [$"model_name_or_path={model}", $"finetuning_type={tuning}", $"output_dir={Data("other")}"];
        Assert.Equal(0, Train([.. keys]).Code);
        Unfinished(Data("other"));

        var weights = Path.Combine(model, "model.safetensors");
        var bytes = File.ReadAllBytes(weights);
        bytes[^1] ^= 1;
        File.WriteAllBytes(weights, bytes);
        var run = Train([.. keys]);
        Assert.Equal(code, run.Code);
        if (code != 0) Assert.Contains("error: base weights: got others (sha256", run.Error);
    }

    [Fact]
    public void Asked_to_go_on_where_nothing_is_it_says_that_it_starts_from_the_beginning()
    {
        var run = Train("resume_from_checkpoint=true", $"output_dir={Data("new")}");
        Assert.True(run.Code == 0, run.Error);
        Assert.Contains("new has no checkpoint yet: starts from the beginning.", run.Error);
    }

    [Fact]
    public void Fewer_threads_are_told()
    {
        var run = Script.Run($"./tunesmith train {Data("recipe.yaml")}", new Dictionary<string, string?> { ["OMP_NUM_THREADS"] = Tunesmith.Torch.Threads.Count == 1 ? "2" : "1" });
        Assert.True(run.Code == 0, run.Error);
        Assert.Contains("warning: other arithmetic than before (", run.Error);
        Assert.Contains("threads", run.Error);
        Assert.Contains("other arithmetic than before", File.ReadAllText(Data("out/events.jsonl")));
    }

    [Theory]
    [InlineData("check")]
    [InlineData("train")]
    public void A_named_checkpoint_that_is_not_there_or_not_whole_is_told_before_the_data_are_read(string command)
    {
        var run = CliRun.Of([command, Data("recipe.yaml"), $"resume_from_checkpoint={Data("out/checkpoint-3")}"]);
        Assert.Equal(2, run.Code);
        Assert.Contains("checkpoint-3, which is not there", run.Error);
        Assert.DoesNotContain("train: ", run.Error);
        File.WriteAllText(Data("out/checkpoint-2/scheduler.json"), "{");
        run = CliRun.Of([command, Data("recipe.yaml"), $"resume_from_checkpoint={Data("out/checkpoint-2")}"]);
        Assert.Equal(2, run.Code);
        Assert.Contains("instead of", run.Error);
        Assert.DoesNotContain("train: ", run.Error);
    }

    private List<(string, string)> Files() =>
        [.. Directory.EnumerateFiles(Data("out"), "*", SearchOption.AllDirectories).Where(file => !Path.GetFileName(file).StartsWith(".lock", StringComparison.Ordinal)).Order().Select(file => (file, Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file)))))];
}
