using Tunesmith.Torch.Interop;

namespace Tunesmith.Torch.Tests;

/// <summary>Messages of this room to their end: what was there, what was expected, what to do.</summary>
public sealed class ErrorTests
{
    [Fact]
    public void A_tensor_lives_as_long_as_its_scope()
    {
        using var scope = Scope.Open();
        Tensor lost;
        using (Scope.Open()) lost = Tensor.Ones(3);
        Says("tensor: got one that was freed; expected a living one. Rescue results with scope.Keep, or give long-lived tensors to a TensorOwner.", () => lost.ToFloats());
    }

    [Fact]
    public void A_tensor_is_made_in_a_scope() =>
        Says("tensor: got no open scope on this thread; expected one. Open it with `using var scope = Scope.Open();`.", () => Tensor.Ones(1));

    [Fact]
    public void An_operator_gives_the_tensor_that_it_is_asked_for()
    {
        using var scope = Scope.Open();
        Tensor one = Tensor.Ones(1);
        Says("aten::equal: got no tensor back; expected one. Check the arguments.", () => new Operator("aten::equal").One(one, one));
    }

    private static void Says(string message, Func<object> act) => Assert.Equal(message, Assert.Throws<TorchException>(act).Message);
}
