using Tunesmith.Torch.Fused;

namespace Tunesmith.Torch.Tests;

[NoTensorLeaks]
public sealed class BFloat16Tests
{
    public static TheoryData<bool> Paths => TorchInfo.HasOneDnn && Interop.NativeSwitches.OneDnnMayUseBFloat16 ? [true, false] : [false];

    [Theory]
    [MemberData(nameof(Paths))]
    public void A_linear_layer_is_near_float32_on_either_path(bool fast) => Forced(fast, () =>
    {
        using var scope = Scope.Open();
        (Tensor Y, Tensor X, Tensor W, Tensor B) wide = Run(DType.Float32), narrow = Run(DType.BFloat16);
        Assert.Equal(DType.BFloat16, narrow.Y.DType);
        Assert.Equal(DType.BFloat16, narrow.W.DType);
        Close.Equal(wide.Y.ToDoubles(), narrow.Y, 0.05);
        Close.Equal(wide.X.ToDoubles(), narrow.X, 0.05);
        Close.Equal(wide.W.ToDoubles(), narrow.W, 0.05);
        Close.Equal(wide.B.ToDoubles(), narrow.B, 0.05);

        static (Tensor, Tensor, Tensor, Tensor) Run(DType dtype)
        {
            Tensor x = (new Generator(1).RandN(2, 3, 16) * 0.3).To(DType.BFloat16).To(dtype);
            Tensor w = (new Generator(2).RandN(8, 16) * 0.3).To(DType.BFloat16).To(dtype);
            Tensor b = new Generator(3).RandN(8).To(DType.BFloat16).To(dtype);
            foreach (Tensor leaf in new[] { x, w, b }) leaf.RequiresGrad = true;
            Tensor y = x.Linear(w, b);
            (y * 0.5).Sum().Backward();
            return (y, x.Grad!, w.Grad!, b.Grad!);
        }
    });

    [Theory]
    [MemberData(nameof(Paths))]
    public void Attention_and_loss_are_near_float32_on_either_path(bool fast) => Forced(fast, () =>
    {
        using var scope = Scope.Open();
        Tensor q = new Generator(1).RandN(1, 4, 6, 8), k = new Generator(2).RandN(1, 2, 6, 8), v = new Generator(3).RandN(1, 2, 6, 8);
        var causal = new AttentionMask { Causal = true };
        Tensor narrow = Attention.Run(q.To(DType.BFloat16), k.To(DType.BFloat16), v.To(DType.BFloat16), 0.35, causal, 0, null);
        Close.Equal(Attention.Run(q, k, v, 0.35, causal, 0, null).ToDoubles(), narrow, 0.05);
        Tensor h = new Generator(4).RandN(5, 8), w = new Generator(5).RandN(9, 8), labels = Tensor.From([1L, -100, 8, 0, 3], 5);
        Tensor half = h.To(DType.BFloat16);
        half.RequiresGrad = true;
        h.RequiresGrad = true;
        Tensor loss = LinearCrossEntropy.Run(half, w.To(DType.BFloat16), null, labels).Sum, exact = LinearCrossEntropy.Run(h, w, null, labels).Sum;
        loss.Backward();
        exact.Backward();
        Assert.Equal(DType.Float32, loss.DType);
        Close.Equal(exact.ToDoubles(), loss, 0.05);
        Close.Equal(h.Grad!.ToDoubles(), half.Grad!, 0.05);
    });

    [Theory]
    [InlineData(null, true)]
    [InlineData("ALL", true)]
    [InlineData("AVX512_CORE_BF16", true)]
    [InlineData("AVX512_CORE_AMX", true)]
    [InlineData("avx512_core", false)]
    [InlineData("AVX2", false)]
    [InlineData("SSE41", false)]
    public void A_oneDNN_that_is_held_back_is_not_asked_for_bfloat16(string? isa, bool may) => Assert.Equal(may, Interop.NativeSwitches.MayUseBFloat16(isa));

    [Fact]
    public void The_switch_decides_whatever_the_CPU_has()
    {
        if (Interop.NativeSwitches.BFloat16 is { } given) Assert.Equal(given, Precision.FastBf16);
        else if (!Interop.NativeSwitches.OneDnnMayUseBFloat16 || !TorchInfo.HasOneDnn) Assert.False(Precision.FastBf16);
    }

    [Theory]
    [InlineData(0, 0, false)]                                   // AVX-512 alone
    [InlineData(0, 1 << 5, true)]                               // AMD, Cooper Lake
    [InlineData(1 << 23, 1 << 5, false)]                        // Sapphire Rapids and later in a machine that hides AMX
    [InlineData((1 << 22) | (1 << 23) | (1 << 24), 1 << 5, true)] // with AMX
    public void The_processor_decides_whether_bf16_is_multiplied_as_such(int edx, int eax, bool fast) => Assert.Equal(fast, Precision.IsFast(edx, eax));

    private static void Forced(bool fast, Action test)
    {
        Precision.Forced = fast;
        try
        {
            test();
        }
        finally
        {
            Precision.Forced = null;
        }
    }
}
