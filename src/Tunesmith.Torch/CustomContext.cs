namespace Tunesmith.Torch;

/// <summary>What a custom function keeps from its forward for its backward.</summary>
public sealed class CustomContext
{
    private readonly Func<CustomContext, Tensor?[], Tensor?[]> _backward;
    private readonly bool[] _needed;
    private TensorOwner? _owner = new();
    private readonly List<Tensor?> _saved = [];

    internal CustomContext(Func<CustomContext, Tensor?[], Tensor?[]> backward, bool[] needed)
    {
        _backward = backward;
        _needed = needed;
    }

    /// <summary>Whether the gradient of an input is wanted.</summary>
    public bool Needs(int input) => _needed[input];

    /// <summary>Keeps tensors, without their history, until the graph is freed.</summary>
    public void Save(params ReadOnlySpan<Tensor?> tensors)
    {
        TensorOwner owner = _owner ?? throw Errors.GraphFreed();
        foreach (Tensor? tensor in tensors) _saved.Add(tensor is null ? null : owner.Adopt(tensor.Detach()));
    }

    /// <summary>What was saved, in order; null where null was.</summary>
    public IReadOnlyList<Tensor?> SavedOrNull => _owner is null ? throw Errors.GraphFreed() : _saved;

    /// <summary>What was saved, in order.</summary>
    public IReadOnlyList<Tensor> Saved => SavedOrNull!;

    internal Tensor?[] Run(Tensor?[] gradients, int wanted)
    {
        if (_owner is null) throw Errors.GraphFreed();
        Tensor?[] made = _backward(this, gradients);
        if (made.Length != wanted)
            throw Errors.WrongCount("custom backward", made.Length, $"{wanted} gradients, one for each input", "Return null where there is none.");
        return made;
    }

    internal void Release()
    {
        _owner?.Dispose();
        _owner = null;
    }
}
