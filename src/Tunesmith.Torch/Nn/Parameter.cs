namespace Tunesmith.Torch.Nn;

/// <summary>
/// A tensor that a module owns and that training may change. One that was declared by its shape has no memory, and needs no libtorch, before its values are
/// asked for: a model that nobody computes with is only names and shapes.
/// </summary>
public sealed class Parameter
{
    private readonly TensorOwner _owner;
    private readonly double _fill;
    private long[] _shape;
    private Tensor? _value;
    private bool _trainable = true;

    internal Parameter(Tensor data, TensorOwner owner)
    {
        _owner = owner;
        _shape = data.Shape;
        Take(data);
    }

    internal Parameter(long[] shape, double fill, TensorOwner owner) => (_shape, _fill, _owner) = (shape, fill, owner);

    /// <summary>Sizes of the dimensions.</summary>
    public IReadOnlyList<long> Shape => _shape;

    /// <summary>Number of values.</summary>
    public long Count => _shape.Aggregate(1L, (count, size) => count * size);

    /// <summary>The values; a leaf of the graph. float32 where they were declared by their shape.</summary>
    public Tensor Value => _value ?? Make();

    /// <summary>True where training changes it: it then collects a gradient.</summary>
    public bool Trainable
    {
        get => _value?.RequiresGrad ?? _trainable;
        set
        {
            _trainable = value;
            if (_value is not null) _value.RequiresGrad = value;
        }
    }

    /// <summary>Puts other values in its place, of any shape and type; the old ones and their gradient are freed.</summary>
    public void Replace(Tensor data)
    {
        _trainable = Trainable;
        var old = _value;
        Take(data);
        if (old is not null) _owner.Free(old);
    }

    /// <summary>Memory of its shape and this type, for values that are about to be written over whatever is there.</summary>
    /// <returns>Outside the graph.</returns>
    public Tensor Allocate(DType dtype)
    {
        if (_value is null || _value.DType != dtype) Replace(Tensor.Empty(_shape, dtype));
        return _value!.Detach();
    }

    private Tensor Make()
    {
        using var scope = Scope.Open();
        Take(_fill == 0 ? Tensor.Zeros(_shape) : Tensor.Full(_shape, _fill));
        return _value!;
    }

    private void Take(Tensor data)
    {
        _value = _owner.Adopt(data.Detach());
        _shape = _value.Shape;
        if (_trainable && _value.DType.IsFloating) _value.RequiresGrad = true;
    }
}
