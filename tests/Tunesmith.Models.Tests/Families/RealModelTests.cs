using System.IO.Compression;
using System.Text.Json;
using Tunesmith.Models;
using Tunesmith.Models.Checkpoints;
using Tunesmith.Models.Export;
using Tunesmith.Models.Generation;
using Tunesmith.Torch;

namespace Tunesmith.Tests.Families;

/// <summary>Published checkpoints against values that other programs published or computed.</summary>
public class RealModelTests
{
    [SharedFact("data/stories260k")]
    public void Stories260k_continues_as_llama2_c_does()
    {
        using var scope = Scope.Open();
        string folder = Repo.SharedPath("data", "stories260k")!;
        JsonElement golden = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "golden.json"))).RootElement;
        using var model = (CausalModel)ModelLoader.Load(folder).Model;
        foreach (JsonElement entry in golden.GetProperty("logits").EnumerateArray())
        {
            long[] ids = Longs(entry.GetProperty("ids"));
            float[] expected = [.. entry.GetProperty("last_position_logits").EnumerateArray().Select(value => value.GetSingle())];
            Tensor logits = model.Logits(new ModelInput { InputIds = Tensors.Ids(ids) });
            Tensors.AreClose(Tensor.From(expected, expected.Length), logits.Select(1, ids.Length - 1).Reshape(-1), 2e-4);
        }

        JsonElement first = golden.GetProperty("greedy")[0];
        int[] all = [.. Longs(first.GetProperty("ids")).Select(id => (int)id)];
        var options = new GenerationOptions { DoSample = false, MaxNewTokens = 100 };
        Assert.Equal(all[5..105], new TokenGenerator(model, options, [], 0).Run([all[..5]], new Generator(0))[0].Ids);
    }

    [SharedFact("data/gpt-nano-sort")]
    public void Gpt_nano_sort_computes_the_published_layers()
    {
        using var scope = Scope.Open();
        string folder = Repo.SharedPath("data", "gpt-nano-sort")!;
        using var stream = new GZipStream(File.OpenRead(Path.Combine(folder, "partials.json.gz")), CompressionMode.Decompress);
        JsonElement partials = JsonDocument.Parse(stream).RootElement;
        using var model = (CausalModel)ModelLoader.Load(folder).Model;
        var states = new List<Tensor>();
        Tensor logits = model.Logits(new ModelInput { InputIds = Published(partials, "idx").To(DType.Int64), HiddenStates = states });
        Tensors.AreClose(Published(partials, "lm_head"), logits, 5e-5);
        Tensors.AreClose(Published(partials, "block0").Reshape(-1), states[1].Reshape(-1), 5e-5);
        Tensors.AreClose(Published(partials, "block1").Reshape(-1), states[2].Reshape(-1), 5e-5);
        Tensors.AreClose(Published(partials, "ln_f").Reshape(-1), states[3].Reshape(-1), 5e-5);
    }

    [Theory]
    [InlineData("llama")]
    [InlineData("gpt2")]
    [InlineData("bert")]
    public void An_export_is_proven(string family)
    {
        using var scope = Scope.Open();
        using var folder = new TempFolder();
        using Model model = Tensors.Load(family);
        using var adapter = Models.Adapters.Adapter.Attach(model, new Models.Adapters.AdapterOptions { LoraRank = 4 }, new Generator(1));
        Assert.Contains("got an adapter that is not merged", Assert.Throws<Runs.RunException>(() => ModelSaver.Save(model, folder.File("unmerged"))).Message);
        ExportReport report = ExportProof.Run(model, adapter.Merge, folder.File("out"));
        Assert.True(report.LargestDifference <= report.Tolerance);
        string[] stored = [.. SafeTensorsFile.ReadHeader(Path.Combine(folder.File("out"), "model.safetensors")).Tensors.Select(info => info.Name)];
        Assert.DoesNotContain(stored, name => name.Contains("lora_"));
    }

    [Fact]
    public void A_wrong_export_is_refused()
    {
        using var scope = Scope.Open();
        using var folder = new TempFolder();
        using Model model = Tensors.Load("llama");
        void Spoil()
        {
            using var guard = Autograd.NoGrad();
            model.NamedParameters().First().Parameter.Value.MulInPlace(1.5);
        }

        Assert.Contains("The export is wrong", Assert.Throws<Runs.RunException>(() => ExportProof.Run(model, Spoil, folder.File("out"))).Message);
    }

    [Theory]
    [InlineData(DType.Float32, DType.BFloat16)]
    [InlineData(DType.Float32, DType.Float16)]
    [InlineData(DType.BFloat16, null)]
    public void Rounding_hides_no_adapter_that_was_not_merged(DType held, DType? stored)
    {
        using var scope = Scope.Open();
        using var folder = new TempFolder();
        using Model model = ModelLoader.Load(Tensors.Family("llama"), new LoadOptions { DType = held }).Model;
        using var adapter = Models.Adapters.Adapter.Attach(model, new Models.Adapters.AdapterOptions { LoraRank = 4 }, new Generator(1));
        foreach (var pair in model.NamedParameters().Where(pair => pair.Name.Contains("lora_B", StringComparison.Ordinal)))
        {
            using var guard = Autograd.NoGrad();
            pair.Parameter.Value.FillInPlace(0.01);
        }

        Assert.Contains("(of the merged weights, not yet written)", Assert.Throws<Runs.RunException>(() => ExportProof.Run(model, adapter.Detach, folder.File("out"), stored)).Message);
        using Model whole = ModelLoader.Load(Tensors.Family("llama"), new LoadOptions { DType = held }).Model;
        using var merged = Models.Adapters.Adapter.Attach(whole, new Models.Adapters.AdapterOptions { LoraRank = 4 }, new Generator(1));
        ExportProof.Run(whole, merged.Merge, folder.File("out"), stored);
        DType written = stored ?? held;
        Assert.All(SafeTensorsFile.ReadHeader(Path.Combine(folder.File("out"), "model.safetensors")).Tensors, info => Assert.Equal(written, info.DType));
    }

    private static long[] Longs(JsonElement array) => [.. array.EnumerateArray().Select(value => value.GetInt64())];

    private static Tensor Published(JsonElement partials, string name)
    {
        JsonElement entry = partials.GetProperty(name);
        return Tensor.FromBytes(entry.GetProperty("data").GetBytesFromBase64(), DType.Float32, Longs(entry.GetProperty("shape")));
    }
}
