using System.Text.Json.Nodes;
using Tunesmith.Models;
using Tunesmith.Models.Adapters;
using Tunesmith.Models.Checkpoints;
using Tunesmith.Runs;
using Tunesmith.Torch;

namespace Tunesmith.Tests;

/// <summary>Messages of this room that no other test provokes.</summary>
public sealed class ErrorTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_folder_that_holds_no_model_says_what_is_missing()
    {
        Says("got '/no/such', which is no folder; expected a folder with config.json and model.safetensors. Nothing is downloaded", () => ModelLoader.Load("/no/such"));
        Says("config.json: got no such file; expected a readable file. Check the path.", () => ModelLoader.Load(_folder.Path));
        File.WriteAllText(_folder.File("config.json"), "[1]");
        Says("config.json: got invalid JSON (the file is not one object); expected one JSON object. Correct or copy the file again.", () => ModelLoader.Load(_folder.Path));
        File.WriteAllText(_folder.File("config.json"), "{\"model_type\": 7}");
        Says("got no model_type; expected the name of the model's family. Add \"model_type\"", () => ModelLoader.Load(_folder.Path));
        File.Copy(Path.Combine(Tensors.Family("llama"), "config.json"), _folder.File("config.json"), overwrite: true);
        Says("got no weights; expected model.safetensors, or model.safetensors.index.json with its shards. Copy them", () => ModelLoader.Load(_folder.Path));
        using (var large = File.Create(_folder.File("config.json"))) large.SetLength((64 << 20) + 1);
        Says("got 67108865 bytes; expected at most 67108864 for a JSON file of a model folder. Check that this is the right file.", () => ModelLoader.Load(_folder.Path));
    }

    [Fact]
    public void An_index_that_does_not_fit_its_shards_is_refused()
    {
        using var scope = Scope.Open();
        File.Copy(Path.Combine(Tensors.Family("llama"), "config.json"), _folder.File("config.json"));
        SafeTensorsWriter.Write(_folder.File("one.safetensors"), [("a", Tensor.Zeros(1))]);
        SafeTensorsWriter.Write(_folder.File("two.safetensors"), [("a", Tensor.Zeros(1))]);
        Index("{}");
        Says("got an index in which it has no weight_map; expected weight_map with a file name for every tensor.", () => CheckpointFiles.Open(_folder.Path));
        Index("{\"weight_map\": {\"a\": \"three.safetensors\"}}");
        Says("got an index whose files three.safetensors are not there; expected all shards in the folder. Copy them into it.", () => CheckpointFiles.Open(_folder.Path));
        Index("{\"weight_map\": {\"a\": \"one.safetensors\", \"b\": \"two.safetensors\"}}");
        Says("got tensor 'a', which ", () => CheckpointFiles.Open(_folder.Path));
        Says(" has too; expected each tensor in one shard. Copy the checkpoint again.", () => CheckpointFiles.Open(_folder.Path));
        void Index(string text) => File.WriteAllText(_folder.File("model.safetensors.index.json"), text);
    }

    [Fact]
    public void A_safetensors_file_that_changes_or_lacks_a_tensor_is_refused()
    {
        using var scope = Scope.Open();
        string path = _folder.File("a.safetensors");
        SafeTensorsWriter.Write(path, [("a", Tensor.Zeros(100))]);
        using SafeTensorsFile file = SafeTensorsFile.Open(path);
        Says("got no tensor 'b'; expected one. Check that the file belongs to this model.", () => file.Read("b"));
        using (var other = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite)) other.SetLength(other.Length - 4);
        Assert.Contains("while reading; expected the length it had when it was opened. Another program changed it", Assert.Throws<RunException>(() => file.Read("a")).Message);
        var bytes = File.ReadAllBytes(path);
        File.WriteAllBytes(path, [.. bytes, 0]);
        Says(" by its header. The file is cut off or something was appended: Copy the file again from where it came from.", () => SafeTensorsFile.Open(path));
        File.WriteAllBytes(path, [.. System.Text.Encoding.UTF8.GetBytes(System.Text.Encoding.Latin1.GetString(bytes).Replace("F32", "F8x"))]);
        Says("got dtype F8x for 'a'; expected one of ", () => SafeTensorsFile.Open(path));
        Says("Convert the checkpoint to one of these.", () => SafeTensorsFile.Open(path));
    }

    [Fact]
    public void A_config_says_which_field_to_correct()
    {
        using var scope = Scope.Open();
        Says("HasWrong", "expected a divisor of num_attention_heads. Correct the field.", config => config["num_key_value_heads"] = 3);
        Says("Deep", "config.json: got 100000000 layers; expected at most 10000. Correct the field.", config => config["num_hidden_layers"] = 100_000_000);
        Says("Rope", "rope_scaling: got rope_type 'spiral'; expected one of ", config => config["rope_scaling"] = new JsonObject { ["rope_type"] = "spiral" });
        Says("Rope", "This kind of position scaling is not implemented.", config => config["rope_scaling"] = new JsonObject { ["rope_type"] = "spiral" });
        Says("Field", "rope_scaling: got linear without factor; expected the field. Add it to config.json.", config => config["rope_scaling"] = new JsonObject { ["rope_type"] = "linear" });
        Says("Factors", "rope_scaling: got 1 numbers as short_factor; expected 4, one for each pair of rotated dimensions, none 0. Correct config.json.",
            config => config["rope_scaling"] = new JsonObject { ["rope_type"] = "longrope", ["short_factor"] = new JsonArray(1.0), ["long_factor"] = new JsonArray(1.0) });
        Says("Weights", "got weights that do not fit config.json; expected the tensors of this family. ", config => config["num_hidden_layers"] = 5);
        Says("got a request for MaskedLm; expected one of CausalLm, ",
            () => ModelLoader.Load(Tensors.Family("llama"), new LoadOptions { Kind = ModelKind.MaskedLm }));
    }

    [Fact]
    public void Rows_cannot_be_scored_without_the_padding_id()
    {
        using var scope = Scope.Open();
        using Model model = Tensors.Load("llama", ModelKind.SequenceClassification);
        var input = new ModelInput { InputIds = Tensor.From([1L, 2, 3, 4], 2, 2) };
        Says("pad_token_id: got none for a batch of several rows; expected the id", () => model.Outputs(input));
    }

    [Fact]
    public void An_adapter_that_a_layer_cannot_take_is_refused()
    {
        using var scope = Scope.Open();
        Attach("got module 'model.layers.0.self_attn'; expected a linear layer or an embedding. Name only such modules, or all.", new LoraConfig { Rank = 2, TargetModules = ["self_attn"] });
        Attach("lora_rank: got 999 for 'model.layers.0.self_attn.q_proj'; expected at most 32, since its weight has no more singular values.", new LoraConfig { Rank = 999, TargetModules = ["q_proj"], InitLoraWeights = "pissa" });
        Attach("init_lora_weights: got 'eva'; expected true, false, gaussian, pissa, pissa_niter_N or olora. Choose one of these.", new LoraConfig { Rank = 2, TargetModules = ["q_proj"], InitLoraWeights = "eva" });
        Attach("target_modules: got '('", new LoraConfig { Rank = 2, TargetPattern = "(" });
        Attach("; expected a regular expression. Correct it in adapter_config.json.", new LoraConfig { Rank = 2, TargetPattern = "(" });

        void Attach(string message, LoraConfig config)
        {
            using Model model = Tensors.Load("llama");
            Says(message, () => LoraAttach.Run(model, config, new Generator(1)));
        }
    }

    [Fact]
    public void An_adapter_is_merged_converted_and_saved_in_order()
    {
        using var scope = Scope.Open();
        using Model model = Tensors.Load("llama");
        using Adapter adapter = LoraAttach.Run(model, new LoraConfig { Rank = 2, TargetModules = ["q_proj"] }, new Generator(1));
        Says("pissa_convert: got an adapter with init_lora_weights true; expected one whose start changed the base, such as pissa. Leave pissa_convert out.", () => adapter.SaveConverted(_folder.Path));
        Assert.Equal("adapter: got an adapter that is not merged; expected a merged one. Call Merge first.", Assert.Throws<RunException>(adapter.Unmerge).Message);
        Assert.Equal("model: got an adapter that is not merged; expected plain weights to save. Merge it, or save the adapter instead.", Assert.Throws<RunException>(() => ModelSaver.Save(model, _folder.Path)).Message);
        Says("freeze_trainable_modules: got 'attention'; expected some of ", () => FreezeTuning.Apply(model, new AdapterOptions { FreezeTrainableModules = ["attention"] }));
        Says("self_attn. Correct the name.", () => FreezeTuning.Apply(model, new AdapterOptions { FreezeTrainableModules = ["attention"] }));
    }

    [Fact]
    public void A_bias_needs_a_layer_that_has_one()
    {
        using var scope = Scope.Open();
        using Model model = Tensors.Load("llama");
        using Adapter adapter = LoraAttach.Run(model, new LoraConfig { Rank = 2, LoraBias = true, TargetModules = ["q_proj"] }, new Generator(1));
        Says("which have no bias; expected layers with one. Such an adapter cannot be merged: use it unmerged.", adapter.Merge);
    }

    [Fact]
    public void Adapters_that_cannot_be_combined_are_refused()
    {
        using var scope = Scope.Open();
        using Model model = Tensors.Load("llama");
        string two = Saved(2), four = Saved(4);
        Says("adapter combination: got 'mean' of 1 adapters with 1 weights; expected one of cat, linear", () => new AdapterCombination("mean", [1]).Load(model, [two]));
        Says(" and one weight an adapter. Correct the request.", () => new AdapterCombination("cat", [1]).Load(model, [two, four]));
        Says("adapter combination: got 'linear' over different ranks at 'model.layers.0.self_attn.q_proj'; expected equal ranks. Use cat or svd.", () => new AdapterCombination("linear", [1, 1]).Load(model, [two, four]));
        Says("adapter combination: got 'ties' without a density; expected the share of values to keep, 0 to 1. Give it.", () => new AdapterCombination("ties", [1, 1]).Load(model, [two, two]));

        string Saved(int rank)
        {
            string folder = _folder.File($"rank-{rank}");
            using Adapter adapter = LoraAttach.Run(model, new LoraConfig { Rank = rank, TargetModules = ["q_proj"] }, new Generator(1));
            adapter.Save(folder);
            adapter.Detach();
            return folder;
        }
    }

    private static void Says(string message, Action act) => Assert.Contains(message, Assert.Throws<UsageException>(act).Message);

    private static void Says(string message, Func<object?> act) => Says(message, () => { _ = act(); });

    // A llama whose config.json was changed.
    private void Says(string name, string message, Action<JsonObject> change)
    {
        string folder = Directory.CreateDirectory(_folder.File(name)).FullName;
        JsonObject config = JsonNode.Parse(File.ReadAllText(Path.Combine(Tensors.Family("llama"), "config.json")))!.AsObject();
        change(config);
        File.WriteAllText(Path.Combine(folder, "config.json"), config.ToJsonString());
        File.Copy(Path.Combine(Tensors.Family("llama"), "model.safetensors"), Path.Combine(folder, "model.safetensors"), overwrite: true);
        Says(message, () => ModelLoader.Load(folder));
    }
}
