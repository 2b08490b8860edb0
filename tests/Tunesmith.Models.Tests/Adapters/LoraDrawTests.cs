using System.Text.Json;
using Tunesmith.Models;
using Tunesmith.Models.Adapters;
using Tunesmith.Models.Checkpoints;
using Tunesmith.Torch;

namespace Tunesmith.Tests.Adapters;

/// <summary>First weights and trained parameters of LLaMA-Factory's own runs.</summary>
public class LoraDrawTests
{
    private const string Runs = "golden/llamafactory-runs";

    [SharedTheory(Runs)]
    [InlineData("sft_lora", "all", false, null, 0)]
    [InlineData("pt_lora", "all", false, null, 0)]
    [InlineData("sft_dora_seq", "all", true, null, 1e-6)]
    [InlineData("sft_rslora_seq", "q_proj,v_proj,down_proj", false, null, 0)]
    [InlineData("sft_modules_to_save_seq", "all", false, "embed_tokens,lm_head", 0)]
    public void Initial_weights_are_those_of_the_run(string run, string target, bool dora, string? additional, double tolerance)
    {
        using var scope = Scope.Open();
        using Model model = ModelLoader.Load(Repo.SharedPath("golden", "llamafactory-runs", "base")!).Model;
        var options = new AdapterOptions { LoraRank = 4, LoraTarget = target.Split(','), UseDora = dora, UseRslora = run.Contains("rslora"), AdditionalTarget = additional?.Split(',') };
        using Adapter adapter = Adapter.Attach(model, options, new Generator(42));
        using SafeTensorsFile initial = SafeTensorsFile.Open(Repo.SharedPath("golden", "llamafactory-runs", run, "initial.safetensors")!);
        var trained = adapter.TrainedParameters().ToDictionary(entry => entry.PeftName, entry => entry.Parameter);
        Assert.Equal(Trainable(run), adapter.TrainedParameters().Select(entry => entry.PeftName));
        foreach (string name in initial.Names)
        {
            Tensor value = trained[name].Value;
            if (tolerance == 0 || !name.Contains("magnitude"))
            {
                Assert.True(initial.Read(name).EqualBits(value), name);
            }
            else
            {
                Tensors.AreClose(initial.Read(name), value, tolerance);
            }
        }
    }

    [SharedFact(Runs)]
    public void Exact_pissa_starts_from_the_same_products()
    {
        using var scope = Scope.Open();
        using Model model = ModelLoader.Load(Repo.SharedPath("golden", "llamafactory-runs", "base")!).Model;
        using Adapter adapter = Adapter.Attach(model, new AdapterOptions { LoraRank = 4, PissaInit = true, PissaIter = -1 }, new Generator(42));
        using SafeTensorsFile initial = SafeTensorsFile.Open(Repo.SharedPath("golden", "llamafactory-runs", "sft_pissa_seq", "initial.safetensors")!);
        foreach ((string name, var layer) in adapter.Layers)
        {
            string key = $"{AdapterNames.Prefix}{name}.lora_";
            Tensor expected = initial.Read(key + "B.default.weight").MatMul(initial.Read(key + "A.default.weight"));
            Tensors.AreClose(expected, layer.LowRank().B.Weight.Value.MatMul(layer.LowRank().A.Weight.Value), 1e-4);
        }
    }

    [SharedFact(Runs)]
    public void Added_tokens_start_as_in_the_run_and_so_does_what_is_drawn_after_them()
    {
        using var scope = Scope.Open();
        var random = new Generator(42);
        using var model = (CausalModel)ModelLoader.Load(Repo.SharedPath("golden", "llamafactory-runs", "base")!).Model;
        IReadOnlyList<string> resized = VocabResize.Run(model, 1026, random);
        Assert.Equal(["embed_tokens", "lm_head"], resized);
        Assert.Equal(1088, model.Config.VocabSize);
        using Adapter adapter = Adapter.Attach(model, new AdapterOptions { LoraRank = 4, AdditionalTarget = resized }, random);
        using SafeTensorsFile initial = SafeTensorsFile.Open(Repo.SharedPath("golden", "llamafactory-runs", "sft_add_tokens", "initial.safetensors")!);
        var trained = adapter.TrainedParameters().ToDictionary(entry => entry.PeftName, entry => entry.Parameter);
        foreach (string name in initial.Names)
        {
            if (AdapterNames.IsLora(name))
            {
                Assert.True(initial.Read(name).EqualBits(trained[name].Value), name);
            }
            else if (TorchInfo.CpuCapability == "DEFAULT")
            {
                Tensors.AreClose(initial.Read(name), trained[name].Value, 1e-6); // without AVX2 libtorch's normal draws differ in the last bits
            }
            else
            {
                Assert.True(initial.Read(name).EqualBits(trained[name].Value), name);
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(1023)]
    [InlineData(2500)]
    [InlineData(70_000)]
    public void Column_means_are_those_of_double_precision_and_of_every_row_once(int rows)
    {
        using var scope = Scope.Open();
        Tensor table = Tensor.Empty([rows, 3]);
        table.NormalInPlace(1, 1, new Generator(5));
        double[] wanted = table.To(DType.Float64).Mean([0], keep: false).ToDoubles();
        float[] means = VocabResize.ColumnMeans(table);
        for (int column = 0; column < 3; column++)
        {
            Assert.Equal(wanted[column], means[column], 1e-6);
        }
    }

    [SharedTheory(Runs)]
    [InlineData("sft_freeze", 1, "all", null)]
    [InlineData("sft_freeze_extra_seq", -1, "self_attn", "embed_tokens")]
    public void Freeze_trains_the_parameters_of_the_run(string run, int layers, string modules, string? extra)
    {
        using var scope = Scope.Open();
        using Model model = ModelLoader.Load(Repo.SharedPath("golden", "llamafactory-runs", "base")!).Model;
        FreezeTuning.Apply(model, new AdapterOptions { FreezeTrainableLayers = layers, FreezeTrainableModules = [modules], FreezeExtraModules = extra?.Split(',') });
        Assert.Equal(Trainable(run), model.NamedParameters().Where(pair => pair.Parameter.Trainable).Select(pair => pair.Name));
    }

    [SharedFact(Runs)]
    public void The_adapter_config_is_written_as_peft_writes_it()
    {
        using var scope = Scope.Open();
        using var folder = new TempFolder();
        using Model model = ModelLoader.Load(Repo.SharedPath("golden", "llamafactory-runs", "base")!).Model;
        using Adapter adapter = Adapter.Attach(model, new AdapterOptions { LoraRank = 4 }, new Generator(42), "base");
        adapter.Save(folder.Path);
        string expected = File.ReadAllText(Repo.SharedPath("golden", "llamafactory-runs", "sft_lora", "out", "adapter_config.json")!);
        Assert.Equal(Sorted(expected), Sorted(File.ReadAllText(folder.File("adapter_config.json"))));
    }

    /// <summary>The targets are a set in peft, in any order.</summary>
    private static string Sorted(string config)
    {
        string[] targets = [.. JsonDocument.Parse(config).RootElement.GetProperty("target_modules").EnumerateArray().Select(value => value.GetString()!).Order(StringComparer.Ordinal)];
        int from = config.IndexOf("\"target_modules\"", StringComparison.Ordinal), to = config.IndexOf(']', from);
        return config[..from] + string.Join(",", targets) + config[to..];
    }

    private static string[] Trainable(string run) =>
        [.. JsonDocument.Parse(File.ReadAllText(Repo.SharedPath("golden", "llamafactory-runs", run, "trainable.json")!)).RootElement.EnumerateObject().Select(entry => entry.Name)];
}
