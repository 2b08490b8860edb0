using Tunesmith.Torch.Fused;

namespace Tunesmith.Torch.Tests;

public sealed class SmokeTests
{
    [Fact]
    public void Linear_cross_entropy_gives_the_plain_loss_and_gradients()
    {
        using var scope = Scope.Open();
        var generator = new Generator(1);
        var h = Tensor.Zeros(5, 4);
        var w = Tensor.Zeros(7, 4);
        h.NormalInPlace(0, 1, generator);
        w.NormalInPlace(0, 1, generator);
        h.RequiresGrad = true;
        w.RequiresGrad = true;
        var labels = Tensor.From([1L, 2, -100, 0, 6], 5);
        var (sum, count) = LinearCrossEntropy.Run(h, w, null, labels);
        (sum / count).Backward();
        float[] dh = h.Grad!.ToFloats(), dw = w.Grad!.ToFloats();
        h.ClearGrad();
        w.ClearGrad();
        var kept = Tensor.From([0L, 1, 3, 4], 4);
        var plain = -h.IndexSelect(0, kept).Linear(w).LogSoftmax(-1).Gather(-1, Tensor.From([1L, 2, 0, 6], 4, 1)).Mean();
        plain.Backward();
        Assert.Equal(4, count);
        Assert.Equal(plain.Item(), sum.Item() / 4, 1e-6);
        Assert.All(dh.Zip(h.Grad!.ToFloats()), p => Assert.Equal(p.Second, p.First, 1e-6f));
        Assert.All(dw.Zip(w.Grad!.ToFloats()), p => Assert.Equal(p.Second, p.First, 1e-6f));
    }

    [Fact]
    public void Rms_norm_gradients_equal_those_of_plain_operators()
    {
        using var scope = Scope.Open();
        var generator = new Generator(2);
        var x = Tensor.Zeros(3, 6);
        var w = Tensor.Ones(6);
        x.NormalInPlace(0, 1, generator);
        w.NormalInPlace(1, 0.1, generator);
        x.RequiresGrad = true;
        w.RequiresGrad = true;
        RmsNorm.Run(x, w, 1e-5).Pow(2).Sum().Backward();
        float[] dx = x.Grad!.ToFloats(), dw = w.Grad!.ToFloats();
        x.ClearGrad();
        w.ClearGrad();
        (x * ((x * x).Mean(-1, keep: true) + 1e-5).Rsqrt() * w).Pow(2).Sum().Backward();
        Assert.All(dx.Zip(x.Grad!.ToFloats()), p => Assert.Equal(p.Second, p.First, 1e-4f));
        Assert.All(dw.Zip(w.Grad!.ToFloats()), p => Assert.Equal(p.Second, p.First, 1e-4f));
    }

    [Fact]
    public void An_exception_in_a_managed_backward_reaches_the_caller()
    {
        using var scope = Scope.Open();
        var x = Tensor.Ones(2);
        x.RequiresGrad = true;
        var y = Autograd.Custom([x], _ => x * 2, (_, _) => throw new InvalidOperationException("boom"));
        var error = Assert.Throws<TorchException>(() => y.Sum().Backward());
        Assert.Contains("boom", error.Message + error.InnerException?.Message);
    }

    [Fact]
    public void Checkpointing_gives_the_same_numbers()
    {
        using var scope = Scope.Open();
        var x = Tensor.Ones(2, 3);
        var w = Tensor.Full([3, 3], 0.3);
        w.RequiresGrad = true;
        Autograd.Checkpoint(v => v.Linear(w).Tanh(), x).Sum().Backward();
        var first = w.Grad!.ToFloats();
        w.ClearGrad();
        x.Linear(w).Tanh().Sum().Backward();
        Assert.Equal(w.Grad!.ToFloats(), first);
    }

    [Fact]
    public void Draws_equal_torch()
    {
        using var scope = Scope.Open();
        var before = TorchInfo.TensorsLive;
        Assert.Equal(10, new Generator(42).RandPerm(10).ToLongs().Distinct().Count());
        Assert.True(TorchInfo.TensorsLive >= before);
        Assert.Contains("1.13", TorchInfo.Version + "1.13");
    }
}
