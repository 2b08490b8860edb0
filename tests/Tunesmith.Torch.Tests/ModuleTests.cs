using Tunesmith.Torch.Nn;

namespace Tunesmith.Torch.Tests;

[NoTensorLeaks]
public sealed class ModuleTests
{
    private sealed class Pair : Module
    {
        public Pair()
        {
            using var scope = Scope.Open();
            First = Add("first", new Linear(2, 3, bias: true));
            Norm = Add("norm", new RmsNorm(3, 1e-5));
            AddBuffer("table", Tensor.Ones(2));
        }

        public Linear First { get; }
        public RmsNorm Norm { get; }
    }

    [Fact]
    public void Names_are_those_given_and_in_order()
    {
        using var pair = new Pair();
        Assert.Equal(["first.weight", "first.bias", "norm.weight"], pair.NamedParameters().Select(p => p.Name));
        Assert.Equal(["table"], pair.NamedBuffers().Select(b => b.Name));
        Assert.Equal(["", "first", "norm"], pair.NamedModules().Select(m => m.Name));
    }

    [Fact]
    public void A_child_is_replaced_under_its_name()
    {
        using var pair = new Pair();
        using Module old = pair.ReplaceChild("first", new Linear(2, 5, bias: false));
        Assert.Same(pair.First, old);
        Assert.Equal(["first.weight", "norm.weight"], pair.NamedParameters().Select(p => p.Name));
        using var other = new Linear(1, 1, false);
        Assert.Contains("no child second; expected one of first, norm", Assert.Throws<TorchException>(() => pair.ReplaceChild("second", other)).Message);
    }

    [Fact]
    public void A_parameter_takes_another_value_and_frees_the_old_one()
    {
        using var pair = new Pair();
        long live = TorchInfo.TensorsLive;
        using (Scope.Open()) pair.First.Weight.Replace(Tensor.Ones([3, 2], DType.BFloat16));
        Assert.Equal(live, TorchInfo.TensorsLive);
        Assert.Equal(DType.BFloat16, pair.First.Weight.Value.DType);
        Assert.True(pair.First.Weight.Trainable);
    }

    [Fact]
    public void Training_reaches_every_child()
    {
        using var pair = new Pair();
        pair.Eval();
        Assert.All(pair.NamedModules(), m => Assert.False(m.Module.Training));
        pair.Train();
        Assert.All(pair.NamedModules(), m => Assert.True(m.Module.Training));
    }
}
