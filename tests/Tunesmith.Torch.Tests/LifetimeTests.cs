using System.Runtime.CompilerServices;

namespace Tunesmith.Torch.Tests;

public sealed class LifetimeTests
{
    [Fact]
    public void A_scope_frees_what_was_made_in_it_and_keeps_what_was_rescued()
    {
        long before = TorchInfo.TensorsLive;
        using (Scope.Open())
        {
            Tensor kept, lost;
            using (var inner = Scope.Open())
            {
                lost = Tensor.Ones(3);
                kept = inner.Keep(lost + 1);
            }
            Assert.Equal([2f, 2f, 2f], kept.ToFloats());
            Assert.Contains("was freed", Assert.Throws<TorchException>(() => lost.ToFloats()).Message);
            Assert.Equal(before + 1, TorchInfo.TensorsLive);
        }
        Assert.Equal(before, TorchInfo.TensorsLive);
    }

    [Fact]
    public void A_tensor_needs_a_scope() => Assert.Contains("no open scope", Assert.Throws<TorchException>(() => Tensor.Ones(1)).Message);

    [Fact]
    public void Keeping_needs_an_outer_scope()
    {
        using var scope = Scope.Open();
        Assert.Contains("no enclosing scope", Thrown(() =>
        {
            var thread = new List<Exception>();
            var other = new Thread(() =>
            {
                using var only = Scope.Open();
                try
                {
                    only.Keep(Tensor.Ones(1));
                }
                catch (TorchException e)
                {
                    thread.Add(e);
                }
            });
            other.Start();
            other.Join();
            throw thread[0];
        }).Message);
    }

    [Fact]
    public void An_owner_outlives_scopes_and_refuses_after_its_end()
    {
        long before = TorchInfo.TensorsLive;
        var owner = new TensorOwner();
        Tensor tensor = owner.Adopt(() => Tensor.Ones(2));
        Assert.Equal([1f, 1f], tensor.ToFloats());
        owner.Dispose();
        Assert.Equal(before, TorchInfo.TensorsLive);
        using var scope = Scope.Open();
        Assert.Contains("after it was disposed", Assert.Throws<TorchException>(() => owner.Adopt(Tensor.Ones(1))).Message);
    }

    [Fact]
    public void What_nobody_frees_is_counted_and_freed_by_the_next_scope()
    {
        long before = TorchInfo.TensorsLive, leaked = TorchInfo.TensorsLeaked;
        TensorOrigin.Enabled = true;
        Leak();
        TensorOrigin.Enabled = false;
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.Equal(leaked + 1, TorchInfo.TensorsLeaked);
        Assert.Contains(TensorOrigin.TakeLeaks(), trace => trace.Contains(nameof(Leak), StringComparison.Ordinal));
        Scope.Open().Dispose();
        Assert.Equal(before, TorchInfo.TensorsLive);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Leak() => new TensorOwner().Adopt(() => Tensor.Ones(2));

    [Fact]
    public void Many_tensors_come_and_go_in_one_scope()
    {
        long before = TorchInfo.TensorsLive;
        using (Scope.Open())
        {
            var owner = new TensorOwner();
            for (int i = 0; i < 500; i++)
            {
                Tensor made = Tensor.Ones(1);
                if (i % 3 != 0) owner.Adopt(made);
            }
            Assert.Equal(333, owner.Count);
            owner.Dispose();
        }
        Assert.Equal(before, TorchInfo.TensorsLive);
    }

    [Fact]
    public void Scopes_close_from_the_inside()
    {
        string? message = null;
        var outer = Scope.Open();
        var inner = Scope.Open();
        try
        {
            outer.Dispose();
        }
        catch (TorchException e)
        {
            message = e.Message;
        }
        inner.Dispose();
        outer.Dispose();
        Assert.Equal("scope: got a close out of order; expected the innermost scope first. Open scopes with `using var`.", message);
    }

    [Fact]
    public void A_freed_tensor_cannot_be_kept()
    {
        using var outer = Scope.Open();
        Tensor lost;
        using (Scope.Open()) lost = Tensor.Ones(1);
        string? message = null;
        try
        {
            outer.Keep(lost);
        }
        catch (TorchException e)
        {
            message = e.Message;
        }
        Assert.StartsWith("Scope.Keep: got a tensor that another scope or owner holds", message);
    }

    private static Exception Thrown(Action action) => Assert.ThrowsAny<Exception>(action);
}
