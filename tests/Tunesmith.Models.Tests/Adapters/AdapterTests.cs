using Tunesmith.Models;
using Tunesmith.Models.Adapters;
using Tunesmith.Models.Blocks;
using Tunesmith.Models.Checkpoints;
using Tunesmith.Runs;
using Tunesmith.Torch;
using Tunesmith.Torch.Nn;

namespace Tunesmith.Tests.Adapters;

public sealed class AdapterTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public static TheoryData<string, string> Methods => new()
    {
        { "llama", "lora" }, { "llama", "rslora" }, { "llama", "dora" }, { "llama", "pissa" }, { "llama", "pissa-fast" },
        { "gpt2", "lora" }, { "gpt2", "dora" }, { "gpt2", "pissa" }, { "bert", "lora" }, { "bert", "dora" },
    };

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Methods))]
    public void A_new_adapter_changes_nothing_and_trains_only_its_own(string family, string method)
    {
        using var scope = Scope.Open();
        using Model model = Tensors.Load(family);
        Tensor before = Logits(model);
        using Adapter adapter = Adapter.Attach(model, Options(method), new Generator(5));
        Tensors.AreClose(before, Logits(model), 1e-4);
        Logits(model).Sum().Backward();
        foreach ((string name, Parameter parameter) in model.NamedParameters())
        {
            bool own = name.Contains("lora_") || name.StartsWith("classifier.");
            Assert.True(own == parameter.Trainable, name);
            Assert.True(own || parameter.Value.Grad is null, name);
        }
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void What_it_would_train_is_known_without_weights(string family, string method)
    {
        using var scope = Scope.Open();
        using Model model = Tensors.Load(family);
        long live = TorchInfo.TensorsLive;
        using Model outline = ModelLoader.Outline(Tensors.Family(family)).Model;
        Assert.Equal(model.ParameterCount(), outline.ParameterCount());
        long expected = Adapter.CheckTargets(outline, Options(method));
        Assert.Equal(live, TorchInfo.TensorsLive);
        using Adapter adapter = Adapter.Attach(model, Options(method), new Generator(5));
        Assert.Equal(expected, model.NamedParameters().Where(pair => pair.Parameter.Trainable).Sum(pair => pair.Parameter.Count));
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void Merged_saved_and_loaded_it_computes_the_same(string family, string method)
    {
        using var scope = Scope.Open();
        using Model model = Tensors.Load(family);
        Tensor plain = Logits(model);
        using Adapter adapter = Adapter.Attach(model, Options(method), new Generator(5));
        Shake(model);
        Tensor trained = Logits(model);
        Assert.True((trained - plain).Abs().Max().Item() > 1e-3);
        adapter.Save(_folder.Path);

        using Model other = Tensors.Load(family);
        using Adapter loaded = Adapter.Load(other, _folder.Path);
        Tensors.AreClose(trained, Logits(other), 1e-5);
        using (loaded.Disabled())
        {
            if (!loaded.Config.ChangesBase)
            {
                Tensors.AreClose(plain, Logits(other), 0);
            }
        }

        Tensors.AreClose(trained, Logits(other), 1e-5);
        loaded.Merge();
        Tensors.AreClose(trained, Logits(other), 1e-4);
        loaded.Unmerge();
        Tensors.AreClose(trained, Logits(other), 1e-5);

        if (adapter.Config.ChangesBase)
        {
            adapter.SaveConverted(_folder.File("converted"));
            using Model third = Tensors.Load(family);
            using Adapter converted = Adapter.Load(third, _folder.File("converted"));
            Tensors.AreClose(trained, Logits(third), 1e-4);
        }
    }

    [Theory]
    [InlineData("llama", "lora", true)]
    [InlineData("llama", "dora", false)]
    [InlineData("llama", "dora", true)]
    [InlineData("gpt2", "dora", true)]
    [InlineData("bert", "lora", false)]
    public void A_float32_adapter_works_on_a_bfloat16_base(string family, string method, bool autocast)
    {
        using var scope = Scope.Open();
        using Model exact = Tensors.Load(family);
        Tensor expected = Logits(exact);
        using Model model = ModelLoader.Load(Tensors.Family(family), new LoadOptions { DType = DType.BFloat16 }).Model;
        model.Precision.Compute = autocast ? DType.BFloat16 : null;
        using Adapter adapter = Adapter.Attach(model, Options(method), new Generator(5));
        Tensor logits = Logits(model).To(DType.Float32);
        Tensors.AreClose(expected, logits, 0.15 * expected.Abs().Max().Item());
        logits.Sum().Backward();
        Assert.All(model.NamedParameters().Where(pair => pair.Name.Contains("lora_B")), pair => Assert.True(pair.Parameter.Value.Grad is { DType: DType.Float32 }));
        adapter.Merge();
        Assert.All(model.NamedParameters().Where(pair => !pair.Name.Contains("lora_") && !pair.Name.StartsWith("classifier")), pair => Assert.Equal(DType.BFloat16, pair.Parameter.Value.DType));
    }

    [Fact]
    public void Disposed_with_its_model_no_tensor_is_left()
    {
        using (Scope.Open())
        {
            using Model warm = Tensors.Load("llama");
        }

        long before = TorchInfo.TensorsLive;
        using (Scope.Open())
        {
            using Model model = Tensors.Load("llama");
            using Adapter adapter = Adapter.Attach(model, Options("pissa"), new Generator(5));
            Logits(model).Sum().Backward();
            adapter.Merge();
        }

        Assert.Equal(before, TorchInfo.TensorsLive);
    }

    [Fact]
    public void Targets_that_are_not_there_are_named_with_those_that_are()
    {
        using var scope = Scope.Open();
        using Model model = Tensors.Load("gpt2");
        string message = Assert.Throws<UsageException>(() => Adapter.Attach(model, new AdapterOptions { LoraTarget = ["q_proj"] }, new Generator(1))).Message;
        Assert.Equal("lora_target: got q_proj, which no module of this model is called; expected some of c_attn, c_fc, c_proj, or all. Correct the names.", message);
    }

    [Fact]
    public void An_adapter_of_another_model_is_one_error()
    {
        using var scope = Scope.Open();
        using (Model model = Tensors.Load("llama"))
        using (Adapter adapter = Adapter.Attach(model, Options("lora"), new Generator(1)))
        {
            adapter.Save(_folder.Path);
        }

        using Model gpt2 = Tensors.Load("gpt2");
        Assert.Contains("got an adapter that does not fit the model", Assert.Throws<UsageException>(() => Adapter.Load(gpt2, _folder.Path)).Message);
    }

    [Theory]
    [InlineData(2, "model.layers.0.self_attn.q_proj.weight", true)]
    [InlineData(1, "model.layers.0.self_attn.q_proj.weight", false)]
    [InlineData(1, "model.layers.1.mlp.up_proj.weight", true)]
    [InlineData(-1, "model.layers.0.mlp.up_proj.weight", true)]
    [InlineData(-1, "model.layers.1.mlp.up_proj.weight", false)]
    [InlineData(1, "lm_head.weight", true)]
    [InlineData(1, "model.norm.weight", false)]
    public void Freeze_tuning_trains_the_layers_it_names(int layers, string parameter, bool trained)
    {
        using var scope = Scope.Open();
        using Model model = Tensors.Load("llama");
        FreezeTuning.Apply(model, new AdapterOptions { FreezeTrainableLayers = layers, FreezeExtraModules = ["lm_head"] });
        Assert.Equal(trained, model.NamedParameters().Single(pair => pair.Name == parameter).Parameter.Trainable);
        string message = Assert.Throws<UsageException>(() => FreezeTuning.Apply(model, new AdapterOptions { FreezeTrainableModules = ["attention"] })).Message;
        Assert.Contains("freeze_trainable_modules: got 'attention'; expected some of input_layernorm, mlp, post_attention_layernorm, self_attn", message);
    }

    private static AdapterOptions Options(string method) => new()
    {
        LoraRank = 4,
        UseRslora = method == "rslora",
        UseDora = method == "dora",
        PissaInit = method.StartsWith("pissa", StringComparison.Ordinal),
        PissaIter = method == "pissa" ? -1 : 16,
    };

    private static Tensor Logits(Model model) => model.Outputs(new ModelInput { InputIds = Tensors.Ids(5, 17, 3, 90, 8, 41) })["logits"];

    private static void Shake(Model model)
    {
        using var guard = Autograd.NoGrad();
        var random = new Generator(11);
        foreach ((string _, Parameter parameter) in model.NamedParameters().Where(pair => pair.Parameter.Trainable))
        {
            Tensor noise = Tensor.Zeros(parameter.Value.Shape);
            noise.NormalInPlace(0, 0.05, random);
            parameter.Value.AddInPlace(noise);
        }
    }
}

public sealed class AdapterFileTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("peft_type", "LOHA", "got peft_type 'LOHA'; expected LORA")]
    [InlineData("layer_replication", 1, "got layer_replication 1; expected a value that is implemented")]
    [InlineData("r", 0, "got r 0; expected a value that is implemented")]
    [InlineData("target_modules", "(", "target_modules: got '('")]
    public void A_config_that_cannot_be_used_names_its_field(string field, object value, string message)
    {
        using var scope = Scope.Open();
        using Model model = Saved();
        string path = _folder.File("adapter_config.json");
        var config = System.Text.Json.Nodes.JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        config[field] = System.Text.Json.Nodes.JsonValue.Create(value);
        File.WriteAllText(path, config.ToJsonString());
        Assert.Contains(message, Assert.Throws<UsageException>(() => Adapter.Load(model, _folder.Path)).Message);
    }

    [Fact]
    public void Pickled_adapters_and_missing_first_values_are_refused()
    {
        using var scope = Scope.Open();
        using Model model = Saved("pissa_niter_4");
        File.Delete(_folder.File("initial.safetensors"));
        Assert.Contains("got an adapter with init_lora_weights pissa_niter_4 and no initial.safetensors", Assert.Throws<UsageException>(() => Adapter.Load(model, _folder.Path)).Message);
        File.Move(_folder.File("adapter_model.safetensors"), _folder.File("adapter_model.bin"));
        Assert.Contains("got weights in a pickle format", Assert.Throws<UsageException>(() => Adapter.Load(model, _folder.Path)).Message);
    }

    [Fact]
    public void Layers_take_one_adapter_at_a_time()
    {
        using var scope = Scope.Open();
        using Model model = Saved();
        using Adapter adapter = Adapter.Load(model, _folder.Path);
        Assert.Contains("got a second adapter", Assert.Throws<RunException>(() => Adapter.Load(model, _folder.Path)).Message);
        adapter.Merge();
        Assert.Contains("got a merged adapter", Assert.Throws<RunException>(adapter.Merge).Message);
        adapter.Detach();
        using Adapter second = Adapter.Load(model, _folder.Path);
        Assert.Contains("got an adapter that is not merged", Assert.Throws<RunException>(second.Unmerge).Message);
    }

    [Fact]
    public void A_bias_of_its_own_cannot_be_merged_into_a_layer_without_one()
    {
        using var scope = Scope.Open();
        using Model model = Tensors.Load("llama");
        using Adapter adapter = LoraAttach.Run(model, new LoraConfig { Rank = 2, LoraBias = true, TargetModules = ["q_proj"] }, new Generator(1));
        Assert.Contains("(lora_bias) on model.layers.0.self_attn.q_proj, model.layers.1.self_attn.q_proj", Assert.Throws<UsageException>(adapter.Merge).Message);
    }

    [Fact]
    public void A_tied_head_keeps_the_table_that_a_low_rank_look_up_leaves_alone()
    {
        using var scope = Scope.Open();
        using CausalModel model = Tensors.Causal("gpt2");
        Tensor before = model.HeadWeight.Clone();
        using Adapter adapter = LoraAttach.Run(model, new LoraConfig { Rank = 2, TargetModules = ["wte"] }, new Generator(1));
        adapter.Tables[0].Table.TableUpdate().A!.Value.Detach().FillInPlace(0.1);
        Assert.True(model.HeadWeight.EqualBits(before));
        Assert.False(adapter.Tables[0].Table.TableUpdate().MergedWeight().EqualBits(before));
    }

    [Fact]
    public void Dora_on_an_embedding_keeps_the_lengths_of_its_columns()
    {
        using var scope = Scope.Open();
        using CausalModel model = Tensors.Causal("llama");
        using Adapter adapter = LoraAttach.Run(model, new LoraConfig { Rank = 2, UseDora = true, TargetModules = ["embed_tokens"] }, new Generator(1));
        EmbeddingUpdate update = adapter.Tables[0].Table.TableUpdate();
        update.A!.Value.Detach().NormalInPlace(0, 0.1, new Generator(2));
        update.Magnitude!.Value.Detach().MulInPlace(1.5);
        // Column c of E + s (B A)ᵀ, brought to 1.5 times the length that column c of E has.
        float[] table = model.InputEmbedding.Weight.Value.ToFloats(), a = update.A.Value.ToFloats(), b = update.B!.Value.ToFloats();
        int rows = 128, width = 32;
        var expected = new float[rows * width];
        for (int c = 0; c < width; c++)
        {
            double before = 0, after = 0;
            for (int v = 0; v < rows; v++)
            {
                double value = table[(v * width) + c], sum = value + (4 * ((b[c * 2] * a[v]) + (b[(c * 2) + 1] * a[rows + v])));
                expected[(v * width) + c] = (float)sum;
                before += value * value;
                after += sum * sum;
            }

            for (int v = 0; v < rows; v++)
            {
                expected[(v * width) + c] *= (float)(1.5 * Math.Sqrt(before / after));
            }
        }

        Tensors.AreClose(Tensor.From(expected, rows, width), update.MergedWeight(), 1e-5);
        Tensor logits = model.Logits(new ModelInput { InputIds = Tensors.Ids(3, 14, 90) });
        adapter.Save(_folder.Path);
        using CausalModel other = Tensors.Causal("llama");
        using Adapter loaded = Adapter.Load(other, _folder.Path);
        Tensors.AreClose(logits, other.Logits(new ModelInput { InputIds = Tensors.Ids(3, 14, 90) }), 1e-5);
        loaded.Merge();
        Tensors.AreClose(logits, other.Logits(new ModelInput { InputIds = Tensors.Ids(3, 14, 90) }), 1e-4);
        // peft stores the base's weights of what is adapted, and of nothing else.
        string[] names = [.. SafeTensorsFile.ReadHeader(_folder.File("adapter_model.safetensors")).Tensors.Select(info => info.Name["base_model.model.model.".Length..]).Order()];
        Assert.Equal(["embed_tokens.base_layer.weight", "embed_tokens.lora_embedding_A", "embed_tokens.lora_embedding_B", "embed_tokens.lora_magnitude_vector"], names);
    }

    [Fact]
    public void A_module_with_parts_is_trained_and_stored_in_full()
    {
        using var scope = Scope.Open();
        using Model model = Tensors.Load("bert");
        using Adapter adapter = LoraAttach.Run(model, new LoraConfig { Rank = 2, TargetModules = ["query", "dense"], ModulesToSave = ["pooler", "classifier"], Bias = "lora_only" }, new Generator(1));
        Assert.DoesNotContain("bert.pooler.dense", adapter.AdaptedModules);
        var trained = adapter.TrainedParameters().ToDictionary(entry => entry.Name, entry => entry.PeftName);
        Assert.Equal("base_model.model.bert.pooler.modules_to_save.default.dense.weight", trained["bert.pooler.dense.weight"]);
        Assert.Equal("base_model.model.classifier.modules_to_save.default.bias", trained["classifier.bias"]);
        Assert.Equal("base_model.model.bert.encoder.layer.0.attention.self.query.base_layer.bias", trained["bert.encoder.layer.0.attention.self.query.bias"]);
        adapter.Save(_folder.Path);
        string[] names = [.. SafeTensorsFile.ReadHeader(_folder.File("adapter_model.safetensors")).Tensors.Select(info => info.Name)];
        Assert.Contains("base_model.model.bert.pooler.dense.weight", names);
        Assert.DoesNotContain(names, name => name.Contains("pooler.dense.lora"));
    }

    [Theory]
    [InlineData("""{"target_modules": "all-linear"}""", "model.layers.0.mlp.up_proj,model.layers.1.self_attn.q_proj", "lm_head")]
    [InlineData("""{"target_modules": ["q_proj", "k_proj"], "exclude_modules": ".*\\.0\\..*"}""", "model.layers.1.self_attn.q_proj", "model.layers.0.self_attn.q_proj")]
    [InlineData("""{"target_modules": ["q_proj"], "exclude_modules": ["layers.1.self_attn.q_proj"]}""", "model.layers.0.self_attn.q_proj", "model.layers.1.self_attn.q_proj")]
    [InlineData("""{"target_modules": ["model.layers.0.self_attn.q_proj", "v_proj"], "layers_to_transform": [1]}""", "model.layers.0.self_attn.q_proj,model.layers.1.self_attn.v_proj", "model.layers.0.self_attn.v_proj")]
    [InlineData("""{"target_modules": ["q_proj"], "layers_to_transform": 1, "layers_pattern": "layers"}""", "model.layers.1.self_attn.q_proj", "model.layers.0.self_attn.q_proj")]
    public void Targets_follow_pefts_rules(string config, string contained, string left)
    {
        var root = System.Text.Json.Nodes.JsonNode.Parse(config)!.AsObject();
        root["peft_type"] = "LORA";
        File.WriteAllText(_folder.File("adapter_config.json"), root.ToJsonString());
        using var scope = Scope.Open();
        using Model model = Tensors.Load("llama");
        LoraConfig read = LoraConfig.Load(_folder.Path).For(model);
        var targets = new ModuleTargets(read);
        Assert.All(contained.Split(','), name => Assert.True(targets.Contains(name), name));
        Assert.False(targets.Contains(left));
    }

    [Theory]
    [InlineData("total", -3)] // 1 - 3 is below 0
    [InlineData("frequency", 1)] // one sign each: a draw counts as positive
    public void Ties_elects_a_sign_by_values_or_by_votes(string signs, float expected)
    {
        using var scope = Scope.Open();
        string[] folders = [_folder.File("first"), _folder.File("second")];
        foreach ((string folder, double value) in folders.Zip([1.0, -3.0]))
        {
            using Model model = Tensors.Load("llama");
            using Adapter adapter = LoraAttach.Run(model, new LoraConfig { Rank = 1, Alpha = 1, TargetModules = ["q_proj"] }, new Generator(1));
            foreach ((string _, Projection layer) in adapter.Layers)
            {
                layer.LowRank().A.Weight.Value.Detach().FillInPlace(value);
                layer.LowRank().B.Weight.Value.Detach().FillInPlace(value);
            }

            adapter.Save(folder);
        }

        using Model both = Tensors.Load("llama");
        using Adapter combined = new AdapterCombination("ties", [1, 1], Density: 1, Signs: signs).Load(both, folders);
        Assert.All(combined.Layers[0].Layer.LowRank().A.Weight.Value.ToFloats(), value => Assert.Equal(expected, value));
        Assert.Contains("got the sign method 'vote'; expected total or frequency", Assert.Throws<UsageException>(() => new AdapterCombination("ties", [1, 1], Density: 1, Signs: "vote").Load(both, folders)).Message);
    }

    private Model Saved(string start = "true")
    {
        Model model = Tensors.Load("llama");
        Adapter adapter = LoraAttach.Run(model, new LoraConfig { Rank = 2, TargetModules = ["q_proj"], InitLoraWeights = start }, new Generator(1));
        adapter.Save(_folder.Path);
        adapter.Detach();
        adapter.Dispose();
        return model;
    }
}
