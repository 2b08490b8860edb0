using Tunesmith.Models;
using Tunesmith.Models.Adapters;
using Tunesmith.Models.Checkpoints;
using Tunesmith.Models.Export;
using Tunesmith.Runs;
using Tunesmith.Torch;

namespace Tunesmith.Tests.Adapters;

/// <summary>Adapters on the embedding or the head of a model in which these are one matrix: peft leaves the other end alone.</summary>
public sealed class TiedModelTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public static TheoryData<string, string, string> Cases => new()
    {
        { "stories260k", "q_proj", "embed_tokens" }, { "stories260k", "q_proj", "lm_head" }, { "stories260k", "q_proj", "embed_tokens,lm_head" },
        { "stories260k", "q_proj,embed_tokens", "" }, { "stories260k", "q_proj,lm_head", "" }, { "stories260k", "embed_tokens,lm_head", "" },
        { "gpt2", "c_attn", "wte" }, { "gpt2", "c_attn,wte", "" }, { "gpt2", "c_attn,lm_head", "" },
    };

    public void Dispose() => _folder.Dispose();

    /// <summary>The same weights with a head of its own, by the file: what peft computes with from the beginning.</summary>
    [Theory]
    [MemberData(nameof(Cases))]
    public void It_computes_as_on_the_same_model_untied(string name, string targets, string saved)
    {
        using var scope = Scope.Open();
        using CausalModel tied = Load(name), apart = Load(name);
        Assert.Null(tied.OutputLayer);
        apart.Untie(copy: true);
        LoraConfig config = Config(targets, saved);
        using CausalModel outline = (CausalModel)ModelLoader.Outline(Folder(name)).Model;
        long counted = LoraAttach.Check(outline, config);
        using Adapter one = LoraAttach.Run(tied, config, new Generator(1)), other = LoraAttach.Run(apart, config, new Generator(1));
        Assert.Equal(other.TrainedParameters().Select(entry => entry.PeftName), one.TrainedParameters().Select(entry => entry.PeftName));
        Assert.Equal(counted, one.TrainedParameters().Sum(entry => entry.Parameter.Count));
        Shake(one);
        Shake(other);
        Tensor expected = Logits(apart);
        Assert.True(expected.EqualBits(Logits(tied)));
        using (one.Disabled())
        {
            using CausalModel plain = Load(name);
            Tensors.AreClose(Logits(plain), Logits(tied), 1e-5);
        }

        one.Save(_folder.File("adapter"));
        using CausalModel read = Load(name);
        using Adapter loaded = Adapter.Load(read, _folder.File("adapter"));
        Tensors.AreClose(expected, Logits(read), 1e-5);
        ExportReport report = ExportProof.Run(read, loaded.Merge, _folder.File("out"));
        Assert.True(report.LargestDifference <= report.Tolerance);
        using var written = (CausalModel)ModelLoader.Load(_folder.File("out")).Model;
        Assert.False(written.Config.TieWordEmbeddings);
        Tensors.AreClose(expected, Logits(written), 1e-4);
    }

    [Fact]
    public void A_table_that_an_adapter_brings_leaves_the_head_as_it_was()
    {
        using var scope = Scope.Open();
        using CausalModel model = Load("stories260k");
        Tensor before = model.HeadWeight.Clone();
        Write(Config("q_proj", "embed_tokens"), both: false);
        using Adapter adapter = Adapter.Load(model, _folder.Path);
        Assert.True(model.HeadWeight.EqualBits(before));
        Assert.False(model.InputEmbedding.Weight.Value.EqualBits(before));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Ensure_weight_tying_keeps_one_matrix(bool both)
    {
        using var scope = Scope.Open();
        using CausalModel model = Load("stories260k");
        Tensor before = model.HeadWeight.Clone();
        Write(Config("q_proj", "embed_tokens") with { EnsureWeightTying = true }, both);
        Assert.Contains("\"ensure_weight_tying\": true", File.ReadAllText(_folder.File("adapter_config.json")));
        using Adapter adapter = Adapter.Load(model, _folder.Path);
        Assert.Null(model.OutputLayer);
        Assert.False(model.HeadWeight.EqualBits(before));
    }

    [Theory]
    [InlineData("q_proj,embed_tokens", "")]
    [InlineData("q_proj,lm_head", "")]
    [InlineData("q_proj", "embed_tokens,lm_head")]
    public void Ensure_weight_tying_is_refused_where_peft_does_not_define_it(string targets, string saved)
    {
        using var scope = Scope.Open();
        using CausalModel model = Load("stories260k");
        LoraConfig config = Config(targets, saved) with { EnsureWeightTying = true };
        Assert.Contains("of a model whose output matrix is its embedding", Assert.Throws<UsageException>(() => LoraAttach.Run(model, config, new Generator(1))).Message);
    }

    [Fact]
    public void Added_tokens_are_stored_with_both_ends()
    {
        using var scope = Scope.Open();
        using CausalModel model = Load("stories260k");
        Assert.Equal(["embed_tokens", "lm_head"], VocabResize.Run(model, 513, new Generator(1)));
        Assert.Null(model.OutputLayer);
        using Adapter adapter = LoraAttach.Run(model, Config("q_proj", "embed_tokens,lm_head"), new Generator(1));
        Assert.Equal([576, 64], model.OutputLayer!.Weight.Shape);
    }

    private void Write(LoraConfig config, bool both)
    {
        using CausalModel model = Load("stories260k");
        using Adapter adapter = LoraAttach.Run(model, config, new Generator(1));
        Shake(adapter);
        adapter.Save(_folder.Path);
        string path = _folder.File("adapter_model.safetensors");
        if (!both) return;
        List<(string, Tensor)> tensors;
        using (SafeTensorsFile file = SafeTensorsFile.Open(path)) tensors = [.. file.Names.Select(name => (name, file.Read(name)))];
        tensors.Add(("base_model.model.lm_head.weight", model.InputEmbedding.Weight.Value.Detach()));
        SafeTensorsWriter.Write(path, tensors);
    }

    private static void Shake(Adapter adapter)
    {
        using var guard = Autograd.NoGrad();
        var random = new Generator(9);
        foreach (var (_, _, parameter) in adapter.TrainedParameters().ToList())
        {
            Tensor noise = Tensor.Empty([.. parameter.Shape]);
            noise.NormalInPlace(0, 0.1, random);
            parameter.Replace(parameter.Value + noise);
        }
    }

    private static LoraConfig Config(string targets, string saved) => new() { Rank = 2, TargetModules = targets.Split(','), ModulesToSave = saved.Split(',', StringSplitOptions.RemoveEmptyEntries), TaskType = "CAUSAL_LM" };

    private static string Folder(string name) => name == "gpt2" ? Tensors.Family(name) : Path.Combine(Repo.Root, "models", name);

    private static CausalModel Load(string name) => (CausalModel)ModelLoader.Load(Folder(name), new LoadOptions { Kind = ModelKind.CausalLm, Generator = new Generator(1) }).Model;

    private static Tensor Logits(CausalModel model) => model.Logits(new ModelInput { InputIds = Tensors.Ids(3, 14, 90, 7) });
}
