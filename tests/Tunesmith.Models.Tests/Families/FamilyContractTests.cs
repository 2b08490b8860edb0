using Tunesmith.Models;
using Tunesmith.Models.Checkpoints;
using Tunesmith.Models.Generation;
using Tunesmith.Torch;
using Tunesmith.Torch.Nn;

namespace Tunesmith.Tests.Families;

/// <summary>What every decoder must keep, without any reference; and the recorded values that every checkout carries.</summary>
public class FamilyContractTests
{
    private static readonly long[] First = [5, 17, 3, 90, 8, 41, 2];
    private static readonly long[] Second = [12, 9, 77];

    public static TheoryData<string> Causal => ["llama", "gpt2"];

    [Theory]
    [MemberData(nameof(Causal))]
    public void Recorded_logits_are_computed(string family)
    {
        using var scope = Scope.Open();
        using CausalModel model = Tensors.Causal(family);
        using SafeTensorsFile golden = SafeTensorsFile.Open(Path.Combine(Tensors.Family(family), "golden.safetensors"));
        Tensor mask = golden.Read("input.attention_mask");
        Tensor logits = model.Logits(new ModelInput { InputIds = golden.Read("input.input_ids"), AttentionMask = mask });
        Tensor counted = mask.To(DType.Float32).Unsqueeze(-1);
        Tensors.AreClose(golden.Read("output.logits") * counted, logits * counted, 1e-4);
    }

    [Fact]
    public void Recorded_bert_logits_are_computed()
    {
        using var scope = Scope.Open();
        using var model = (SequenceClassifier)Tensors.Load("bert");
        using SafeTensorsFile golden = SafeTensorsFile.Open(Path.Combine(Tensors.Family("bert"), "golden.safetensors"));
        Tensor logits = model.Logits(new ModelInput
        {
            InputIds = golden.Read("input.input_ids"),
            AttentionMask = golden.Read("input.attention_mask"),
            TokenTypeIds = golden.Read("input.token_type_ids"),
        });
        Tensors.AreClose(golden.Read("output.logits"), logits, 1e-4);
    }

    [Theory]
    [MemberData(nameof(Causal))]
    public void Cached_decoding_equals_full_forward(string family)
    {
        using var scope = Scope.Open();
        using CausalModel model = Tensors.Causal(family);
        using var guard = Autograd.NoGrad();
        Tensor all = model.Logits(new ModelInput { InputIds = Tensors.Ids(First) });
        using var cache = new KvCache(model.Config.LayerCount);
        var parts = new List<Tensor> { model.Logits(new ModelInput { InputIds = Tensors.Ids(First[..3]), Cache = cache }) };
        foreach (long id in First[3..])
        {
            parts.Add(model.Logits(new ModelInput { InputIds = Tensors.Ids(id), Cache = cache }));
        }

        Tensors.AreClose(all, Tensor.Cat(parts, 1));
        cache.Truncate(2);
        Tensors.AreClose(all.Narrow(1, 2, 2), model.Logits(new ModelInput { InputIds = Tensors.Ids(First[2..4]), Cache = cache }));
    }

    [Theory]
    [MemberData(nameof(Causal))]
    public void A_batch_equals_its_rows_alone_whichever_side_is_padded(string family)
    {
        using var scope = Scope.Open();
        using CausalModel model = Tensors.Causal(family);
        using var guard = Autograd.NoGrad();
        Tensor first = model.Logits(new ModelInput { InputIds = Tensors.Ids(First) });
        Tensor second = model.Logits(new ModelInput { InputIds = Tensors.Ids(Second) });
        int length = First.Length, pad = length - Second.Length;
        long[] zeros = new long[pad];
        Tensor right = model.Logits(new ModelInput
        {
            InputIds = Tensor.From([.. First, .. Second, .. zeros], 2, length),
            AttentionMask = Tensor.From([.. Enumerable.Repeat(1L, length), .. Second.Select(_ => 1L), .. zeros], 2, length),
        });
        Tensors.AreClose(first, right.Narrow(0, 0, 1));
        Tensors.AreClose(second, right.Narrow(0, 1, 1).Narrow(1, 0, Second.Length));
        Tensor left = model.Logits(new ModelInput
        {
            InputIds = Tensor.From([.. First, .. zeros, .. Second], 2, length),
            AttentionMask = Tensor.From([.. Enumerable.Repeat(1L, length), .. zeros, .. Second.Select(_ => 1L)], 2, length),
            PositionIds = Tensor.From([.. Enumerable.Range(0, length).Select(i => (long)i), .. zeros, .. Enumerable.Range(0, Second.Length).Select(i => (long)i)], 2, length),
        });
        Tensors.AreClose(first, left.Narrow(0, 0, 1));
        Tensors.AreClose(second, left.Narrow(0, 1, 1).Narrow(1, pad, Second.Length));
    }

    [Theory]
    [MemberData(nameof(Causal))]
    public void Packed_documents_equal_separate_ones(string family)
    {
        using var scope = Scope.Open();
        using CausalModel model = Tensors.Causal(family);
        using var guard = Autograd.NoGrad();
        int length = First.Length + Second.Length;
        var allowed = new long[length * length];
        for (int q = 0; q < length; q++)
        {
            for (int k = 0; k <= q; k++)
            {
                allowed[(q * length) + k] = (q < First.Length) == (k < First.Length) ? 1 : 0;
            }
        }

        Tensor packed = model.Logits(new ModelInput
        {
            InputIds = Tensors.Ids([.. First, .. Second]),
            PositionIds = Tensors.Ids([.. Enumerable.Range(0, First.Length).Select(i => (long)i), .. Enumerable.Range(0, Second.Length).Select(i => (long)i)]),
            Allowed = Tensor.From(allowed, 1, 1, length, length),
        });
        Tensors.AreClose(model.Logits(new ModelInput { InputIds = Tensors.Ids(First) }), packed.Narrow(1, 0, First.Length));
        Tensors.AreClose(model.Logits(new ModelInput { InputIds = Tensors.Ids(Second) }), packed.Narrow(1, First.Length, Second.Length));
    }

    [Theory]
    [InlineData("llama")]
    [InlineData("gpt2")]
    [InlineData("bert")]
    public void Recomputed_layers_give_the_same_bits(string family)
    {
        using var scope = Scope.Open();
        float[][] kept = Gradients(family, recompute: false);
        float[][] recomputed = Gradients(family, recompute: true);
        for (int i = 0; i < kept.Length; i++)
        {
            Assert.Equal(kept[i], recomputed[i]);
        }
    }

    [Theory]
    [MemberData(nameof(Causal))]
    public void Bfloat16_products_stay_near_float32_and_leave_the_weights_alone(string family)
    {
        using var scope = Scope.Open();
        using CausalModel model = Tensors.Causal(family);
        Tensor exact = model.Logits(new ModelInput { InputIds = Tensors.Ids(First) });
        model.Precision.Compute = DType.BFloat16;
        Tensor rounded = model.Logits(new ModelInput { InputIds = Tensors.Ids(First) });
        Assert.Equal(DType.BFloat16, rounded.DType);
        double size = exact.Abs().Max().Item();
        double difference = (exact - rounded.To(DType.Float32)).Abs().Max().Item();
        Assert.InRange(difference, 1e-6, 0.1 * size);
        rounded.To(DType.Float32).Sum().Backward();
        foreach ((string name, Parameter parameter) in model.NamedParameters())
        {
            Assert.Equal(DType.Float32, parameter.Value.DType);
            Assert.True(parameter.Value.Grad is { DType: DType.Float32 }, name);
        }
    }

    [Fact]
    public void A_text_longer_than_the_position_table_is_an_error()
    {
        using var scope = Scope.Open();
        using CausalModel model = Tensors.Causal("gpt2");
        long limit = model.Config.MaxLength;
        string message = Assert.Throws<Runs.UsageException>(() => model.Logits(new ModelInput { InputIds = Tensor.Zeros([1, limit + 1], DType.Int64) })).Message;
        Assert.Contains($"got {limit + 1} positions; expected at most {limit}", message);
    }

    private static float[][] Gradients(string family, bool recompute)
    {
        using Model model = Tensors.Load(family);
        model.GradientCheckpointing = recompute;
        model.Train();
        Tensor logits = model.Outputs(new ModelInput { InputIds = Tensors.Ids(First) })["logits"];
        (logits * logits).Sum().Backward();
        return [.. model.NamedParameters().Select(pair => pair.Parameter.Value.Grad?.ToFloats() ?? [])];
    }
}
