namespace Tunesmith.Torch.Nn;

/// <summary>A tensor that a module owns and that training may change.</summary>
public sealed class Parameter
{
    private readonly TensorOwner _owner;

    internal Parameter(Tensor data, TensorOwner owner)
    {
        _owner = owner;
        Value = owner.Adopt(data.Detach());
        if (Value.DType.IsFloating) Value.RequiresGrad = true;
    }

    /// <summary>The values; a leaf of the graph.</summary>
    public Tensor Value { get; private set; }

    /// <summary>True where training changes it: it then collects a gradient.</summary>
    public bool Trainable
    {
        get => Value.RequiresGrad;
        set => Value.RequiresGrad = value;
    }

    /// <summary>Puts other values in its place, of any shape and type; the old ones and their gradient are freed.</summary>
    public void Replace(Tensor data)
    {
        var trainable = Trainable;
        var old = Value;
        Value = _owner.Adopt(data.Detach());
        if (trainable && Value.DType.IsFloating) Value.RequiresGrad = true;
        _owner.Free(old);
    }
}
