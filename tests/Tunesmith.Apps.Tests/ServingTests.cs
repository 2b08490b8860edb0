using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tunesmith.Tests;

/// <summary>What was trained is what is used: the folder that a run leaves carries all that its training did to the base.</summary>
public sealed class ServingTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tunesmith-serving-").FullName;

    public ServingTests() => File.WriteAllLines(Data("rows.jsonl"), Enumerable.Range(0, 4).Select(row =>
        $$"""{"instruction": "Once upon a time <x> {{row}}", "output": "{{string.Concat(Enumerable.Repeat("there was a girl. ", 40))}}"}"""));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Data(string name) => Path.Combine(_folder, name);

    private CliRun Run(string output, params string[] keys)
    {
        File.WriteAllText(Data("recipe.yaml"), $"model_name_or_path: {Repo.Root}/models/stories260k\nstage: sft\ntemplate: empty\ncutoff_len: 64\ndo_eval: true\neval_file: {Data("rows.jsonl")}\n");
        return Done(CliRun.Of(["train", Data("recipe.yaml"), $"output_dir={Data(output)}", .. keys]));
    }

    private CliRun Train(string output, params string[] keys) =>
        Run(output, ["do_train=true", $"train_file={Data("rows.jsonl")}", "max_steps=2", "per_device_train_batch_size=2", "learning_rate=1e-3", .. keys]);

    private static CliRun Done(CliRun run)
    {
        Assert.True(run.Code == 0, run.Error);
        return run;
    }

    private double Loss(string output) => JsonDocument.Parse(File.ReadAllText(Path.Combine(Data(output), "eval_results.json"))).RootElement.GetProperty("eval_loss").GetDouble();

    [Theory]
    [InlineData("finetuning_type=lora")]
    [InlineData("finetuning_type=lora", "use_dora=true")]
    [InlineData("finetuning_type=lora", "pissa_init=true")]
    [InlineData("finetuning_type=lora", "add_tokens=<x>")]
    [InlineData("finetuning_type=full", "add_special_tokens=<x>")]
    [InlineData("finetuning_type=lora", "additional_target=embed_tokens")]
    [InlineData("finetuning_type=lora", "lora_target=q_proj,embed_tokens")]
    [InlineData("finetuning_type=lora", "lora_target=q_proj,lm_head")]
    [InlineData("finetuning_type=lora", "rope_scaling=linear", "cutoff_len=1300")]
    [InlineData("finetuning_type=full", "rope_scaling=yarn", "cutoff_len=1024")]
    [InlineData("finetuning_type=lora", "adapter_name_or_path=FIRST")]
    [InlineData("finetuning_type=lora", "adapter_name_or_path=FIRST", "create_new_adapter=true", "seed=7")]
    public void What_was_evaluated_is_what_is_used_and_exported(params string[] keys)
    {
        if (keys.Contains("adapter_name_or_path=FIRST")) Train("first", "finetuning_type=lora");
        Train("out", [.. keys.Select(key => key.Replace("FIRST", Data("first"), StringComparison.Ordinal))]);
        string used = Done(CliRun.Of(["score", Data("out"), "--text", "Once upon a time <x> there was"])).Out;
        Done(CliRun.Of(["export", Data("out"), $"export_dir={Data("exported")}"]));
        Assert.Equal(used, Done(CliRun.Of(["score", Data("exported"), "--text", "Once upon a time <x> there was"])).Out);

        var again = Run("again", [$"model_name_or_path={Data("exported")}", .. keys.Where(key => key.StartsWith("cutoff_len", StringComparison.Ordinal))]);
        Assert.Equal(Loss("out"), Loss("again"), 1e-5);
        Assert.Contains("evaluation: loss ", again.Error);
    }

    private string Base(params (string Field, string Value)[] changes)
    {
        Directory.CreateDirectory(Data("base"));
        foreach (string file in Directory.GetFiles(Path.Combine(Repo.Root, "models", "stories260k"))) File.Copy(file, Path.Combine(Data("base"), Path.GetFileName(file)));
        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(Data("base"), "config.json")))!.AsObject();
        foreach (var (field, value) in changes) config[field] = JsonNode.Parse(value);
        File.WriteAllText(Path.Combine(Data("base"), "config.json"), config.ToJsonString());
        return Data("base");
    }

    [Fact]
    public void An_export_keeps_how_the_base_wants_to_be_sampled()
    {
        const string Settings = """{ "eos_token_id": [2, 403], "do_sample": true, "temperature": 0.6, "top_p": 0.9, "pad_token_id": 0 }""";
        string model = Base();
        File.WriteAllText(Path.Combine(model, "generation_config.json"), Settings);
        Train("out", $"model_name_or_path={model}", "finetuning_type=lora");
        Done(CliRun.Of(["export", Data("out"), $"export_dir={Data("exported")}"]));
        Assert.Equal(Settings, File.ReadAllText(Path.Combine(Data("exported"), "generation_config.json")));
        // A folder that was exported is a base in its turn.
        Done(CliRun.Of(["export", Data("exported"), $"export_dir={Data("again")}"]));
        Assert.Equal(Settings, File.ReadAllText(Path.Combine(Data("again"), "generation_config.json")));
    }

    [Theory]
    [InlineData("float32", "auto", "F32", "float32")]
    [InlineData("bfloat16", "auto", "BF16", "bfloat16")]
    [InlineData("float16", "auto", "F16", "float16")]
    [InlineData("float32", "float16", "F16", "float16")]
    [InlineData("float32", "bfloat16", "BF16", "bfloat16")]
    [InlineData("bfloat16", "float32", "F32", "float32")]
    public void An_export_stores_what_infer_dtype_says(string ofBase, string wanted, string stored, string named)
    {
        Train("out", $"model_name_or_path={Base(("torch_dtype", $"\"{ofBase}\""))}", "finetuning_type=lora");
        var told = Done(CliRun.Of(["export", Data("out"), $"export_dir={Data("exported")}", $"infer_dtype={wanted}", "--json"]));
        Assert.Equal(named, JsonDocument.Parse(told.Out).RootElement.GetProperty("dtype").GetString());
        Assert.Equal(named, JsonDocument.Parse(File.ReadAllText(Path.Combine(Data("exported"), "config.json"))).RootElement.GetProperty("torch_dtype").GetString());
        using var weights = File.OpenRead(Path.Combine(Data("exported"), "model.safetensors"));
        var header = new byte[BitConverter.ToInt64(Bytes(weights, 8))];
        weights.ReadExactly(header);
        foreach (var tensor in JsonDocument.Parse(header).RootElement.EnumerateObject().Where(entry => entry.Name != "__metadata__")) Assert.Equal(stored, tensor.Value.GetProperty("dtype").GetString());
    }

    private static byte[] Bytes(Stream stream, int count)
    {
        var bytes = new byte[count];
        stream.ReadExactly(bytes);
        return bytes;
    }

    [Theory]
    [InlineData("lora")]
    [InlineData("full")]
    public void A_classifier_of_many_labels_stays_one(string tuning)
    {
        File.WriteAllLines(Data("labels.jsonl"), Enumerable.Range(0, 12).Select(row => JsonSerializer.Serialize(new { text = $"item {row}", labels = row % 3 == 0 ? ["red", "big"] : new[] { row % 2 == 0 ? "red" : "big" } })));
        string[] keys = ["stage=cls", $"eval_file={Data("labels.jsonl")}", "text_column=text", "label_column=labels"];
        var trained = Train("out", [.. keys, $"train_file={Data("labels.jsonl")}", $"finetuning_type={tuning}"]);
        string predicted = Done(CliRun.Of(["predict", Data("out"), "--text", "item 3"])).Out;
        // Each label has a probability of its own.
        var probabilities = JsonDocument.Parse(predicted).RootElement.GetProperty("probabilities").EnumerateObject().Sum(label => label.Value.GetDouble());
        Assert.NotEqual(1, probabilities, 1e-3);
        Done(CliRun.Of(["export", Data("out"), $"export_dir={Data("exported")}"]));
        Assert.Equal(predicted, Done(CliRun.Of(["predict", Data("exported"), "--text", "item 3"])).Out);

        // Of a set whose rows happen to have one label each the model still knows what it is.
        File.WriteAllLines(Data("single.jsonl"), Enumerable.Range(0, 12).Select(row => JsonSerializer.Serialize(new { text = $"item {row}", labels = row % 2 == 0 ? "red" : "big" })));
        string[] single = [.. keys, $"eval_file={Data("single.jsonl")}"];
        Run("again", [.. single, $"model_name_or_path={Data("exported")}"]);
        Run("told", [.. single, $"model_name_or_path={Data("exported")}", "problem_type=multi_label_classification"]);
        Assert.Equal(Loss("told"), Loss("again"), 1e-5);
        if (tuning == "lora") Run("adapter", [.. single, $"adapter_name_or_path={Data("out")}"]);
        if (tuning == "lora") Assert.Equal(Loss("told"), Loss("adapter"), 1e-5);
        Assert.Matches("evaluation after training: loss .*, accuracy ", trained.Error);
    }
}
