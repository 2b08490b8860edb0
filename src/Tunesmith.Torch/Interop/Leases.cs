namespace Tunesmith.Torch.Interop;

/// <summary>Leases a list of tensors for one call.</summary>
internal readonly ref struct Leases : IDisposable
{
    private readonly Tensor?[] _tensors;

    public Leases(Tensor?[] tensors)
    {
        _tensors = tensors;
        Handles = new nint[tensors.Length];
        int leased = 0;
        try
        {
            for (; leased < tensors.Length; leased++) Handles[leased] = tensors[leased] is { } tensor ? tensor.Handle.Lease() : 0;
        }
        catch
        {
            for (int i = 0; i < leased; i++) tensors[i]?.Handle.Return();
            throw;
        }
    }

    public nint[] Handles { get; }

    public nint this[int at] => Handles[at];

    public void Dispose()
    {
        foreach (Tensor? tensor in _tensors) tensor?.Handle.Return();
    }
}
