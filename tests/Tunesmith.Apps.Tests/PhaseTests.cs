using System.Text.Json;

namespace Tunesmith.Tests;

/// <summary>Runs that answer or measure, with and without training, on the stories model.</summary>
public sealed class PhaseTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tunesmith-phases-").FullName;
    private readonly string _model = Path.Combine(Repo.Root, "models", "stories260k");

    public PhaseTests()
    {
        File.WriteAllLines(Data("train.jsonl"), Enumerable.Range(0, 8).Select(row => $$"""{"instruction": "Once upon a time {{row}}", "output": "there was a girl."}"""));
        File.WriteAllLines(Data("eval.jsonl"), Enumerable.Range(0, 6).Select(row => $$"""{"instruction": "One day {{row}}", "output": "the dog ran."}"""));
        File.WriteAllText(Data("recipe.yaml"), $"model_name_or_path: {_model}\nstage: sft\ntemplate: empty\ncutoff_len: 32\n");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Data(string name) => Path.Combine(_folder, name);

    private CliRun Train(string output, params string[] keys) => CliRun.Of(["train", Data("recipe.yaml"), $"output_dir={Data(output)}", .. keys]);

    private JsonElement Json(string path) => JsonDocument.Parse(File.ReadAllText(Data(path))).RootElement;

    [Fact]
    public void Answers_are_written_and_measured_without_training()
    {
        var run = Train("out", "do_predict=true", "predict_with_generate=true", $"eval_file={Data("eval.jsonl")}", "max_new_tokens=5", "do_sample=false", "num_beams=2", "per_device_eval_batch_size=1");
        Assert.True(run.Code == 0, run.Error);
        var lines = File.ReadAllLines(Data("out/generated_predictions.jsonl"));
        Assert.Equal(6, lines.Length);
        Assert.StartsWith("{\"prompt\": \"One day 0\", \"predict\": \"", lines[0]);
        Assert.EndsWith("\"label\": \"the dog ran.\"}", lines[0]);
        var results = Json("out/predict_results.json");
        foreach (string name in (string[])["rouge-1", "rouge-2", "rouge-l", "bleu-4", "runtime", "model_preparation_time"]) Assert.True(results.TryGetProperty("predict_" + name, out _), name);
        Assert.StartsWith("{\"current_steps\": 5, \"total_steps\": 6, \"percentage\": 83.33", File.ReadAllText(Data("out/trainer_log.jsonl")));
        Assert.False(File.Exists(Data("out/README.md")));
    }

    [Fact]
    public void A_cut_off_model_is_told_before_the_data_are_read()
    {
        Directory.CreateDirectory(Data("model"));
        foreach (var file in Directory.EnumerateFiles(_model)) File.Copy(file, Path.Combine(Data("model"), Path.GetFileName(file)));
        using (var weights = File.OpenWrite(Path.Combine(Data("model"), "model.safetensors"))) weights.SetLength(weights.Length / 2);
        File.WriteAllText(Data("broken.jsonl"), "{");
        var run = Train("out", "do_train=true", $"model_name_or_path={Data("model")}", $"train_file={Data("broken.jsonl")}");
        Assert.Equal(2, run.Code);
        Assert.Contains("The file is cut off", run.Error);
        Assert.False(Directory.Exists(Data("out")));
    }

    [Theory]
    [InlineData("lora_target: got wrong, which no module of this model is called", "lora_target=wrong")]
    [InlineData("lora_target: got module 'model.layers.0.mlp'", "lora_target=mlp")]
    [InlineData("lora_rank: got 65 for", "pissa_init=true", "lora_rank=65")]
    [InlineData("freeze_trainable_modules: got 'wrong'", "finetuning_type=freeze", "freeze_trainable_modules=wrong")]
    [InlineData("freeze_extra_modules: got 'wrong'", "finetuning_type=freeze", "freeze_extra_modules=wrong")]
    public void What_is_to_be_trained_is_looked_for_before_the_data_are_read(string told, params string[] keys)
    {
        File.WriteAllText(Data("broken.jsonl"), "{");
        foreach (var command in (string[])["train", "check"])
        {
            var run = CliRun.Of([command, Data("recipe.yaml"), $"output_dir={Data("out")}", "do_train=true", $"train_file={Data("broken.jsonl")}", .. keys]);
            Assert.Equal(2, run.Code);
            Assert.Contains(told, run.Error);
            Assert.False(Directory.Exists(Data("out")));
        }
    }

    [Theory]
    [InlineData("\"hidden_size\": 64", "\"hidden_size\": 128", "[64, 64] for [64, 128]")]
    [InlineData("\"num_hidden_layers\": 5", "\"num_hidden_layers\": 6", "model.layers.5.")]
    [InlineData("\"num_hidden_layers\": 5", "\"num_hidden_layers\": 4", "model.layers.4.")]
    public void Weights_that_do_not_fit_their_config_are_told_before_the_data_are_read(string given, string changed, string told)
    {
        Directory.CreateDirectory(Data("model"));
        foreach (var file in Directory.EnumerateFiles(_model)) File.Copy(file, Path.Combine(Data("model"), Path.GetFileName(file)));
        var config = File.ReadAllText(Path.Combine(_model, "config.json"));
        Assert.Contains(given, config);
        File.WriteAllText(Path.Combine(Data("model"), "config.json"), config.Replace(given, changed, StringComparison.Ordinal));
        File.WriteAllText(Data("broken.jsonl"), "{");
        foreach (var command in (string[])["train", "check"])
        {
            var run = CliRun.Of([command, Data("recipe.yaml"), $"output_dir={Data("out")}", "do_train=true", $"model_name_or_path={Data("model")}", $"train_file={Data("broken.jsonl")}"]);
            Assert.Equal(2, run.Code);
            Assert.Contains(told, run.Error);
        }
    }

    [Fact]
    public void A_model_that_starts_from_scratch_needs_no_weights()
    {
        Directory.CreateDirectory(Data("model"));
        foreach (var file in Directory.EnumerateFiles(_model).Where(file => !file.EndsWith(".safetensors", StringComparison.Ordinal))) File.Copy(file, Path.Combine(Data("model"), Path.GetFileName(file)));
        string[] keys = ["do_train=true", $"model_name_or_path={Data("model")}", $"train_file={Data("eval.jsonl")}", "finetuning_type=full", "max_steps=1", $"output_dir={Data("out")}"];
        Assert.Contains("got no weights", CliRun.Of(["check", Data("recipe.yaml"), .. keys]).Error);
        foreach (var command in (string[])["check", "train"])
        {
            var run = CliRun.Of([command, Data("recipe.yaml"), .. keys, "train_from_scratch=true"]);
            Assert.True(run.Code == 0, run.Error);
        }
        Assert.True(File.Exists(Data("out/model.safetensors")));
    }

    [Theory]
    [InlineData("lora")]
    [InlineData("full")]
    public void A_classifier_that_goes_on_still_shows_what_was_measured_before_its_training(string tuning)
    {
        File.WriteAllLines(Data("rows.csv"), ["text,label", .. Enumerable.Range(0, 12).Select(row => $"{(row % 2 == 0 ? "a happy dog" : "a sad cat")} {row},{(row % 2 == 0 ? "good" : "bad")}")]);
        string[] command = ["train", Data("recipe.yaml"), $"output_dir={Data("out")}"];
        File.WriteAllText(Data("recipe.yaml"), $"model_name_or_path: {_model}\nstage: cls\ndo_train: true\ndo_eval: true\ntrain_file: {Data("rows.csv")}\neval_file: {Data("rows.csv")}\n"
            + $"text_column: text\nlabel_column: label\nper_device_train_batch_size: 4\nnum_train_epochs: 2\nlogging_steps: 1\nfinetuning_type: {tuning}\n");
        using var cancel = new CancellationTokenSource();
        using var talk = new Listener(text => { if (text.Contains("2/6", StringComparison.Ordinal)) cancel.Cancel(); });
        Assert.Equal(130, Tunesmith.Cli.App.Run(command, new Tunesmith.Cli.Terminal { In = TextReader.Null, Out = TextWriter.Null, Error = talk }, cancel.Token));
        Assert.Contains("evaluation before training: ", talk.ToString());
        Assert.Contains("start at random", talk.ToString());

        var rest = CliRun.Of(command);
        Assert.True(rest.Code == 0, rest.Error);
        Assert.DoesNotContain("evaluation before training: ", rest.Error);
        Assert.DoesNotContain("start at random", rest.Error);
        string loss = Json("out/all_results.json").GetProperty("before_loss").GetDouble().ToString("F4", System.Globalization.CultureInfo.InvariantCulture);
        Assert.Matches($@"(?m)^ +before +after$[\s\S]*^loss +{loss} +\d", rest.Out);

        // The stories model names no token to fill up batches with: training chose one, wrote it down, and use takes the same. A row alone says what it says in a batch.
        Assert.Contains("pad_token_id: 2 (</s>) fills up batches; config.json has none", rest.Error);
        if (tuning == "full") Assert.Equal(2, Json("out/config.json").GetProperty("pad_token_id").GetInt32());
        Assert.Equal(Probability("a happy dog\na sad cat that sat on a very long mat\n"), Probability("a happy dog\n"), 1e-4);
        double Probability(string input) => JsonDocument.Parse(CliRun.Of(input, ["predict", Data("out")]).Out.Split('\n')[0]).RootElement.GetProperty("probabilities").GetProperty("good").GetDouble();
    }

    [Theory]
    [InlineData("start at random", "epoch", "Stopped before the first update; nothing was trained yet. The same command starts anew.", "evaluation before training: ")]
    [InlineData("6/6", "epoch", "Stopped after the training; the model is in OUT. The same command does what is left.", "Goes on from checkpoint-6.")]
    [InlineData("6/6", "no", "Stopped after the training; the model is in OUT. The same command trains anew, since no checkpoint was kept.", "starts anew.")]
    public void Stopped_in_an_evaluation_beside_the_training_it_says_what_the_same_command_will_do(string at, string saves, string told, string then)
    {
        File.WriteAllLines(Data("rows.csv"), ["text,label", .. Enumerable.Range(0, 12).Select(row => $"{(row % 2 == 0 ? "a happy dog" : "a sad cat")} {row},{(row % 2 == 0 ? "good" : "bad")}")]);
        string[] command = ["train", Data("recipe.yaml"), "stage=cls", "do_train=true", "do_eval=true", $"train_file={Data("rows.csv")}", $"eval_file={Data("rows.csv")}", "text_column=text", "label_column=label",
            "per_device_train_batch_size=4", "num_train_epochs=2", "logging_steps=1", "finetuning_type=full", $"save_strategy={saves}", $"output_dir={Data("out")}"];
        using var cancel = new CancellationTokenSource();
        using var talk = new Listener(text => { if (text.Contains(at, StringComparison.Ordinal)) cancel.Cancel(); });
        Assert.Equal(130, Tunesmith.Cli.App.Run(command, new Tunesmith.Cli.Terminal { In = TextReader.Null, Out = TextWriter.Null, Error = talk }, cancel.Token));
        Assert.Contains(told.Replace("OUT", Data("out"), StringComparison.Ordinal), talk.ToString());

        var rest = CliRun.Of(command);
        Assert.True(rest.Code == 0, rest.Error);
        Assert.Contains(then, rest.Error);
        Assert.Contains("evaluation after training: ", rest.Error);
    }

    private sealed class Listener(Action<string> hears) : StringWriter
    {
        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            hears(value ?? "");
        }
    }

    [Fact]
    public void A_run_on_plain_text_says_that_it_predicts_nothing()
    {
        var run = Train("out", "stage=pt", "do_predict=true", $"eval_file={Data("eval.jsonl")}", "text_column=output");
        Assert.True(run.Code == 0, run.Error);
        Assert.Contains("do_predict: stage pt has nothing to predict, as in LLaMA-Factory", run.Error);
    }

    [Fact]
    public void Each_set_is_measured_by_itself_without_training()
    {
        var run = Train("out", "do_eval=true", $"eval_file={Data("eval.jsonl")},{Data("train.jsonl")}", "eval_on_each_dataset=true");
        Assert.True(run.Code == 0, run.Error);
        var results = Json("out/eval_results.json");
        Assert.Equal(0, results.GetProperty("epoch").GetInt32());
        var losses = results.EnumerateObject().Where(entry => entry.Name.EndsWith("_loss", StringComparison.Ordinal)).Select(entry => entry.Value.GetDouble()).ToList();
        Assert.Equal(2, losses.Distinct().Count());
        Assert.DoesNotContain("eval_loss", results.EnumerateObject().Select(entry => entry.Name));
    }

    [Fact]
    public void A_run_that_trains_answers_afterwards_what_was_held_out()
    {
        var run = Train("out", "do_train=true", "do_predict=true", "predict_with_generate=true", $"train_file={Data("train.jsonl")}", "val_size=2", "max_new_tokens=3", "max_steps=1", "finetuning_type=lora");
        Assert.True(run.Code == 0, run.Error);
        Assert.Equal(2, File.ReadAllLines(Data("out/generated_predictions.jsonl")).Length);
        Assert.True(File.Exists(Data("out/adapter_model.safetensors")));
        Assert.True(Json("out/all_results.json").TryGetProperty("train_loss", out _));
    }

    [Theory]
    [InlineData("do_train: got neither do_train nor do_eval nor do_predict; expected at least one. Add do_train: true", "do_train=false")]
    [InlineData("do_eval: got true without evaluation data", "do_eval=true")]
    [InlineData("do_predict: got true in stage sft without predict_with_generate", "do_predict=true", "eval_file=x")]
    [InlineData("predict_with_generate: got true in stage pt; expected it only in stage sft. Remove it", "stage=pt", "do_predict=true", "predict_with_generate=true", "eval_file=x")]
    [InlineData("predict_with_generate: got true together with compute_accuracy", "do_predict=true", "predict_with_generate=true", "compute_accuracy=true", "eval_file=x")]
    [InlineData("predict_with_generate: got true with eval_strategy: steps", "do_train=true", "train_file=x", "eval_strategy=steps", "predict_with_generate=true", "eval_file=x")]
    [InlineData("do_predict: got true with eval_on_each_dataset", "do_predict=true", "predict_with_generate=true", "eval_on_each_dataset=true", "eval_file=x")]
    [InlineData("do_train: got true without training data", "do_train=true")]
    [InlineData("ignore_pad_token_for_loss: got false; expected true", "do_eval=true", "eval_file=x", "ignore_pad_token_for_loss=false")]
    [InlineData("split_special_tokens: got true; expected false, the only value that is implemented. Remove the line", "do_eval=true", "eval_file=x", "split_special_tokens=true")]
    public void What_cannot_be_done_together_is_wrong_use(string expected, params string[] keys)
    {
        var run = Train("out", keys);
        Assert.Equal(2, run.Code);
        Assert.Contains(expected, run.Error);
        Assert.False(Directory.Exists(Data("out")));
    }
}
