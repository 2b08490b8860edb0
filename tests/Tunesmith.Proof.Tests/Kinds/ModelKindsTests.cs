using Tunesmith.Proof;
using Tunesmith.Proof.Kinds;

namespace Tunesmith.Tests.Proof.Kinds;

/// <summary>Every recorded case of the implemented families, one test each.</summary>
public class ModelKindsTests
{
    public static TheoryData<string> Decoders => Cases("decoders", "llama", "gpt2");

    public static TheoryData<string> Encoders => Cases("encoders", "bert", "llama", "gpt2");

    public static TheoryData<string> Adapters => Cases("adapters", "lora", "dora", "pissa", "olora");

    [SharedTheory("golden/decoders")]
    [MemberData(nameof(Decoders))]
    public void Decoder_computes_what_was_recorded(string name) => Passes(DecoderProof.Verify, "decoders", name);

    [SharedTheory("golden/encoders")]
    [MemberData(nameof(Encoders))]
    public void Encoder_computes_what_was_recorded(string name) => Passes(EncoderProof.Verify, "encoders", name);

    [SharedTheory("golden/adapters")]
    [MemberData(nameof(Adapters))]
    public void Adapter_computes_what_was_recorded(string name) => Passes(AdapterProof.Verify, "adapters", name);

    [SharedTheory("golden/models")]
    [InlineData("minilm-classifier-step")]
    [InlineData("minilm-embeddings")]
    public void Real_model_computes_what_was_recorded(string name) => Passes(ModelProof.Verify, "models", name);

    [SharedFact("golden/models")]
    public void A_model_in_gguf_fails_by_name()
    {
        CaseResult result = Assert.Single(ModelProof.Verify(Repo.SharedPath("golden", "models", "smollm2-chat")!));
        Assert.False(result.Passed);
        Assert.Equal("reading GGUF is not implemented", result.Detail);
    }

    [SharedFact("golden/decoders")]
    public void A_family_that_is_not_implemented_fails_by_name()
    {
        CaseResult result = Assert.Single(DecoderProof.Verify(Repo.SharedPath("golden", "decoders", "mixtral")!));
        Assert.False(result.Passed);
        Assert.Contains("mixtral is not implemented", result.Detail);
    }

    private static void Passes(Func<string, IEnumerable<CaseResult>> verify, string kind, string name)
    {
        CaseResult result = Assert.Single(verify(Repo.SharedPath("golden", kind, name)!));
        Assert.True(result.Passed, result.Detail);
    }

    private static TheoryData<string> Cases(string kind, params string[] beginnings)
    {
        var data = new TheoryData<string>();
        string? folder = Repo.SharedPath("golden", kind);
        foreach (string path in folder is null ? Array.Empty<string>() : Directory.GetDirectories(folder))
        {
            string name = Path.GetFileName(path);
            if (beginnings.Any(name.StartsWith) && name != "lora-t5")
            {
                data.Add(name);
            }
        }

        return data;
    }
}
