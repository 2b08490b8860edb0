using Tunesmith.Torch.Fused;

namespace Tunesmith.Torch.Tests;

[NoTensorLeaks]
public sealed class AutogradTests
{
    [Fact]
    public void A_managed_backward_gives_the_gradient()
    {
        using var scope = Scope.Open();
        Tensor x = Tensor.From([1f, 2, 3], 3);
        x.RequiresGrad = true;
        Tensor y = Autograd.Custom([x, null], context =>
        {
            Assert.True(context.Needs(0));
            Assert.False(context.Needs(1));
            context.Save(x, null);
            return x * x;
        }, (context, gradient) =>
        {
            Assert.Null(context.SavedOrNull[1]);
            return [gradient * context.Saved[0] * 2, null];
        });
        (y * 3).Sum().Backward();
        Assert.Equal([6f, 12, 18], x.Grad!.ToFloats());
        x.ClearGrad();
        Assert.Null(x.Grad);
    }

    [Fact]
    public void An_exception_in_a_managed_backward_reaches_the_caller_and_leaks_nothing()
    {
        using var scope = Scope.Open();
        Tensor x = Tensor.Ones(2);
        x.RequiresGrad = true;
        Tensor y = Autograd.Custom([x], context =>
        {
            context.Save(x);
            return x * 2;
        }, (_, _) => throw new InvalidOperationException("boom at the bottom"));
        var error = Assert.Throws<TorchException>(() => y.Sum().Backward());
        Assert.Contains("boom at the bottom", error.Message);
        Assert.IsType<InvalidOperationException>(error.InnerException);
        // The next failure is its own.
        var next = Assert.Throws<TorchException>(() => Tensor.Ones(2).View(3));
        Assert.Null(next.InnerException);
    }

    [Fact]
    public void A_backward_with_too_few_gradients_is_an_error()
    {
        using var scope = Scope.Open();
        Tensor x = Tensor.Ones(2);
        x.RequiresGrad = true;
        Tensor y = Autograd.Custom([x], _ => x * 2, (_, _) => []);
        Assert.Contains("custom backward: got 0; expected 1 gradients", Assert.Throws<TorchException>(() => y.Sum().Backward()).Message);
    }

    [Fact]
    public void Nothing_is_recorded_where_it_is_switched_off()
    {
        using var scope = Scope.Open();
        Tensor x = Tensor.Ones(2);
        x.RequiresGrad = true;
        using (Autograd.NoGrad())
        {
            Assert.False((x * 2).RequiresGrad);
            using (Autograd.WithGrad()) Assert.True((x * 2).RequiresGrad);
            Assert.False(Autograd.Enabled);
        }
        using (Autograd.InferenceMode()) Assert.False((x * 2).RequiresGrad);
        Assert.True((x * 2).RequiresGrad);
    }

    [Fact]
    public void Gradients_are_given_without_touching_the_leaves()
    {
        using var scope = Scope.Open();
        Tensor x = Tensor.From([2f], 1), unused = Tensor.Ones(1);
        x.RequiresGrad = true;
        unused.RequiresGrad = true;
        Tensor?[] made = Autograd.Gradients([x * x * x], [x, unused]);
        Assert.Equal([12f], made[0]!.ToFloats());
        Assert.Null(made[1]);
        Assert.Null(x.Grad);
    }

    [Fact]
    public void A_hook_runs_after_a_leafs_gradient()
    {
        using var scope = Scope.Open();
        Tensor x = Tensor.Ones(2);
        x.RequiresGrad = true;
        var seen = new List<float>();
        using (Autograd.OnGradient(x, () => seen.Add(x.Grad!.ToFloats()[0])))
        {
            (x * 3).Sum().Backward();
            (x * 3).Sum().Backward();
        }
        Assert.Equal([3f, 6f], seen);
    }

    [Fact]
    public void Checkpointing_gives_the_same_numbers_with_dropout()
    {
        (float[] plainY, float[] plainX, float[] plainW) = Run(checkpoint: false);
        (float[] y, float[] x, float[] w) = Run(checkpoint: true);
        Assert.Equal(plainY, y);
        Assert.Equal(plainX, x);
        Assert.Equal(plainW, w);

        static (float[], float[], float[]) Run(bool checkpoint)
        {
            using var scope = Scope.Open();
            Generator.Default.Seed(1);
            var own = new Generator(2);
            Tensor x = new Generator(3).RandN(4, 6), w = new Generator(4).RandN(6, 6);
            x.RequiresGrad = true;
            w.RequiresGrad = true;
            Tensor Body(Tensor v) => Dropout.Run(Dropout.Run(v.Linear(w), 0.5, true, null).Tanh(), 0.3, true, own);
            Tensor y = checkpoint ? Autograd.Checkpoint(Body, Autograd.Checkpoint(Body, x, own), own) : Body(Body(x));
            Tensor after = Generator.Default.RandN(3);
            (y * y).Sum().Backward();
            return ([.. y.ToFloats(), .. after.ToFloats()], x.Grad!.ToFloats(), w.Grad!.ToFloats());
        }
    }

    [Fact]
    public void Checkpointing_reaches_parameters_where_the_input_needs_no_gradient()
    {
        using var scope = Scope.Open();
        Tensor x = Tensor.Ones(2, 3), w = Tensor.Full([3, 3], 0.3);
        w.RequiresGrad = true;
        Autograd.Checkpoint(v => v.Linear(w).Tanh(), x).Sum().Backward();
        float[] first = w.Grad!.ToFloats();
        w.ClearGrad();
        x.Linear(w).Tanh().Sum().Backward();
        Assert.Equal(w.Grad!.ToFloats(), first);
    }

    [Fact]
    public void A_graph_goes_backward_once()
    {
        using var scope = Scope.Open();
        Tensor x = Tensor.Ones(1);
        x.RequiresGrad = true;
        Tensor y = Autograd.Custom([x], context =>
        {
            context.Save(x);
            return x * 2;
        }, (context, gradient) => [gradient * context.Saved[0]]);
        y.Backward();
        Assert.Contains("one backward pass per graph", Assert.Throws<TorchException>(() => y.Backward()).Message);
    }
}
