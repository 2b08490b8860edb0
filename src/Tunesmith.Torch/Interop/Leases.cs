namespace Tunesmith.Torch.Interop;

/// <summary>The native references of several tensors, leased together for one call.</summary>
internal readonly struct Leases : IDisposable
{
    private readonly Tensor[] _tensors;

    public Leases(Tensor[] tensors)
    {
        _tensors = tensors;
        Pointers = new nint[tensors.Length];
        for (int i = 0; i < tensors.Length; i++) Pointers[i] = tensors[i].Handle.Lease();
    }

    public nint[] Pointers { get; }

    /// <summary>A second native reference, which the receiver frees.</summary>
    public static nint Alias(Tensor tensor)
    {
        nint handle = tensor.Handle.Lease();
        try
        {
            Status.Check(Native.ts_tensor_alias(handle, out nint made));
            return made;
        }
        finally
        {
            tensor.Handle.Return();
        }
    }

    public void Dispose()
    {
        foreach (Tensor tensor in _tensors) tensor.Handle.Return();
    }
}
