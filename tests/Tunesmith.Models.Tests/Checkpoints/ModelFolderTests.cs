using System.Text.Json.Nodes;
using Tunesmith.Models;
using Tunesmith.Models.Checkpoints;
using Tunesmith.Runs;
using Tunesmith.Torch;

namespace Tunesmith.Tests.Checkpoints;

public sealed class ModelFolderTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("llama")]
    [InlineData("gpt2")]
    [InlineData("bert")]
    public void Saved_and_loaded_again_a_model_has_the_same_bytes(string family)
    {
        using var scope = Scope.Open();
        using Model model = Tensors.Load(family);
        ModelSaver.Save(model, _folder.File("one"));
        using Model again = ModelLoader.Load(_folder.File("one")).Model;
        ModelSaver.Save(again, _folder.File("two"));
        foreach (string name in (string[])["config.json", "model.safetensors"])
        {
            Assert.Equal(File.ReadAllBytes(Path.Combine(_folder.File("one"), name)), File.ReadAllBytes(Path.Combine(_folder.File("two"), name)));
        }

        foreach (((string name, var first), (string _, var second)) in model.NamedParameters().Zip(again.NamedParameters()))
        {
            Assert.True(first.Value.EqualBits(second.Value), name);
        }
    }

    [Fact]
    public void Gpt2_config_may_use_the_general_names_and_they_win()
    {
        var raw = JsonNode.Parse(File.ReadAllText(Path.Combine(Tensors.Family("gpt2"), "config.json")))!.AsObject();
        (string General, string Own)[] names = [("hidden_size", "n_embd"), ("max_position_embeddings", "n_positions"), ("num_attention_heads", "n_head"), ("num_hidden_layers", "n_layer")];
        foreach (var (general, own) in names)
        {
            raw[general] = raw[own]!.DeepClone();
            raw[own] = 1;
        }

        File.WriteAllText(_folder.File("config.json"), raw.ToJsonString());
        ModelConfig plain = ModelLoader.ReadConfig(Tensors.Family("gpt2")).Config, config = ModelLoader.ReadConfig(_folder.Path).Config;
        Assert.Equal((plain.Width, plain.MaxLength, plain.LayerCount), (config.Width, config.MaxLength, config.LayerCount));
        Assert.Equal(raw["num_attention_heads"]!.GetValue<int>(), config.Raw["n_head"]!.GetValue<int>());
        Assert.False(config.Raw.ContainsKey("hidden_size"));
    }

    [Fact]
    public void A_folder_that_cannot_be_made_is_said_with_its_name()
    {
        using var scope = Scope.Open();
        using Model model = Tensors.Load("llama");
        File.WriteAllText(_folder.File("file"), "");
        Assert.Contains("cannot be written (", Assert.Throws<RunException>(() => ModelSaver.Save(model, _folder.File("file/folder"))).Message);
    }

    [Fact]
    public void Shards_hold_what_one_file_holds()
    {
        using var scope = Scope.Open();
        using Model model = Tensors.Load("llama");
        ModelSaver.Save(model, _folder.Path, maxShardBytes: 20_000);
        Assert.False(File.Exists(_folder.File("model.safetensors")));
        Assert.True(Directory.GetFiles(_folder.Path, "model-*-of-*.safetensors").Length > 2);
        using Model again = ModelLoader.Load(_folder.Path).Model;
        foreach (((string name, var first), (string _, var second)) in model.NamedParameters().Zip(again.NamedParameters()))
        {
            Assert.True(first.Value.EqualBits(second.Value), name);
        }

        File.Delete(Directory.GetFiles(_folder.Path, "model-00002*")[0]);
        Assert.Contains("model-00002-of-", Assert.Throws<UsageException>(() => ModelLoader.Load(_folder.Path)).Message);
    }

    [Fact]
    public void Fields_that_no_record_knows_are_written_back()
    {
        using var scope = Scope.Open();
        JsonObject config = Config("llama");
        config["my_own_field"] = new JsonObject { ["a"] = 1 };
        Copy("llama", config);
        using Model model = ModelLoader.Load(_folder.Path).Model;
        ModelSaver.Save(model, _folder.File("saved"), dtype: DType.BFloat16);
        JsonObject saved = JsonNode.Parse(File.ReadAllText(Path.Combine(_folder.File("saved"), "config.json")))!.AsObject();
        Assert.Equal(1, saved["my_own_field"]!["a"]!.GetValue<int>());
        Assert.Equal("bfloat16", saved["torch_dtype"]!.GetValue<string>());
        using SafeTensorsFile file = SafeTensorsFile.Open(Path.Combine(_folder.File("saved"), "model.safetensors"));
        Assert.All(file.Header.Tensors, info => Assert.Equal(DType.BFloat16, info.DType));
    }

    [Fact]
    public void All_tensors_that_do_not_fit_stand_in_one_error()
    {
        using var scope = Scope.Open();
        Copy("llama", Config("llama"));
        using (SafeTensorsFile file = SafeTensorsFile.Open(Path.Combine(Tensors.Family("llama"), "model.safetensors")))
        {
            var tensors = file.Names.Where(name => name != "model.norm.weight").Select(name => (name, name == "lm_head.weight" ? Tensor.Zeros([3, 3]) : file.Read(name)));
            SafeTensorsWriter.Write(_folder.File("model.safetensors"), tensors.Append(("model.extra.weight", Tensor.Zeros([1]))));
        }

        string message = Assert.Throws<UsageException>(() => ModelLoader.Load(_folder.Path)).Message;
        Assert.Contains("1 missing: model.norm.weight.", message);
        Assert.Contains("1 unexpected: model.extra.weight.", message);
        Assert.Contains("1 of another shape: lm_head.weight [3, 3] for [128, 32].", message);
    }

    [Fact]
    public void Pickled_weights_are_refused_with_the_way_out()
    {
        Copy("llama", Config("llama"));
        File.Move(_folder.File("model.safetensors"), _folder.File("pytorch_model.bin"));
        Assert.Contains("save_pretrained(folder, safe_serialization=True)", Assert.Throws<UsageException>(() => ModelLoader.Load(_folder.Path)).Message);
    }

    [Theory]
    [InlineData("model_type", "mixtral", "got model_type 'mixtral'; expected one of bert, gpt2, llama")]
    [InlineData("hidden_act", "mish2", "got activation 'mish2'")]
    [InlineData("num_key_value_heads", 3, "expected a divisor of num_attention_heads")]
    [InlineData("hidden_size", "wide", "hidden_size")]
    public void A_config_that_cannot_be_used_names_its_field(string field, object value, string message)
    {
        JsonObject config = Config("llama");
        config[field] = JsonValue.Create(value);
        Copy("llama", config);
        Assert.Contains(message, Assert.Throws<UsageException>(() => ModelLoader.Load(_folder.Path)).Message);
    }

    [Fact]
    public void A_new_head_is_drawn_and_named()
    {
        using var scope = Scope.Open();
        LoadedModel loaded = ModelLoader.Load(Tensors.Family("llama"), new LoadOptions { Kind = ModelKind.SequenceClassification, Labels = ["ham", "spam", "egg"], Generator = new Generator(3) });
        using Model model = loaded.Model;
        Assert.Equal(["score.weight"], loaded.NewParameters);
        Assert.Equal(["ham", "spam", "egg"], ((SequenceClassifier)model).Id2Label);
        Assert.True(model.NamedParameters().Single(pair => pair.Name == "score.weight").Parameter.Value.Abs().Sum().Item() > 0);
    }

    [Theory]
    [InlineData(200L, 200, 4.0)]
    [InlineData(null, 64, 2.0)]
    [InlineData(64L, 64, null)]
    public void Rope_scaling_stretches_by_what_the_text_needs(long? length, long positions, double? factor)
    {
        using var scope = Scope.Open();
        using Model model = ModelLoader.Load(Tensors.Family("llama"), new LoadOptions { RopeScaling = "yarn", TextLength = length }).Model;
        Assert.Equal(positions, model.Config.MaxLength);
        Assert.Equal(factor, model.Config.Raw["rope_scaling"]?["factor"]?.GetValue<double>());
        Assert.Contains("got a model of family 'gpt2'", Assert.Throws<UsageException>(() => ModelLoader.Load(Tensors.Family("gpt2"), new LoadOptions { RopeScaling = "yarn" })).Message);
    }

    private static JsonObject Config(string family) => JsonNode.Parse(File.ReadAllText(Path.Combine(Tensors.Family(family), "config.json")))!.AsObject();

    private void Copy(string family, JsonObject config)
    {
        File.WriteAllText(_folder.File("config.json"), config.ToJsonString());
        File.Copy(Path.Combine(Tensors.Family(family), "model.safetensors"), _folder.File("model.safetensors"), overwrite: true);
    }
}
