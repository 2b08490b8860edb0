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
        Assert.Equal(6, pair.First.Weight.Value.Count);
        long live = TorchInfo.TensorsLive;
        using (Scope.Open()) pair.First.Weight.Replace(Tensor.Ones([3, 2], DType.BFloat16));
        Assert.Equal(live, TorchInfo.TensorsLive);
        Assert.Equal(DType.BFloat16, pair.First.Weight.Value.DType);
        Assert.True(pair.First.Weight.Trainable);
    }

    [Fact]
    public void A_parameter_that_was_declared_by_its_shape_has_no_memory_before_it_is_used()
    {
        long live = TorchInfo.TensorsLive;
        using var layer = new LayerNorm(3, 1e-5);
        Assert.Equal([3L], layer.Weight.Shape);
        Assert.Equal(3, layer.Weight.Count);
        layer.Bias.Trainable = false;
        Assert.Equal(live, TorchInfo.TensorsLive);

        Assert.Equal([1f, 1f, 1f], layer.Weight.Value.ToFloats());
        Assert.Equal([0f, 0f, 0f], layer.Bias.Value.ToFloats());
        Assert.Equal((true, false), (layer.Weight.Value.RequiresGrad, layer.Bias.Value.RequiresGrad));
        Assert.Equal(live + 2, TorchInfo.TensorsLive);
    }

    [Fact]
    public void Values_are_read_into_memory_of_their_own_type()
    {
        using var layer = new Linear(2, 3, bias: false);
        long live = TorchInfo.TensorsLive;
        using (Scope.Open())
        {
            layer.Weight.Allocate(DType.BFloat16).FillInPlace(2);
            Assert.Equal(DType.BFloat16, layer.Weight.Value.DType);
            Assert.False(layer.Weight.Allocate(DType.BFloat16).RequiresGrad);
        }
        Assert.Equal([2f, 2f, 2f, 2f, 2f, 2f], layer.Weight.Value.ToFloats());
        Assert.True(layer.Weight.Value.RequiresGrad);
        Assert.Equal(live + 1, TorchInfo.TensorsLive);
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
