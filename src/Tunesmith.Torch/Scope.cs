using Tunesmith.Torch.Interop;

namespace Tunesmith.Torch;

/// <summary>
/// Frees the tensors made while it is open. A ref struct, so that it cannot leave its method; open it with <c>using var scope = Scope.Open();</c>.
/// </summary>
public readonly ref struct Scope
{
    [ThreadStatic] private static Stack? s_stack;
    private readonly TensorSet _set;

    private Scope(TensorSet set) => _set = set;

    public static Scope Open() => new((s_stack ??= new Stack()).Push());

    /// <summary>Moves a tensor of this scope to the enclosing one and returns it.</summary>
    public Tensor Keep(Tensor tensor)
    {
        if (tensor.Home != _set)
        {
            // Parameters, caches and what an enclosing scope made outlive this scope already.
            if (tensor.Home is not null) return tensor;
            throw Errors.ForeignTensor();
        }
        TensorSet outer = s_stack!.Below(_set) ?? throw Errors.NoOuterScope();
        _set.Remove(tensor);
        outer.Add(tensor);
        return tensor;
    }

    public (Tensor, Tensor) Keep((Tensor First, Tensor Second) pair) => (Keep(pair.First), Keep(pair.Second));

    public Tensor[] Keep(Tensor[] tensors)
    {
        foreach (Tensor tensor in tensors) Keep(tensor);
        return tensors;
    }

    public void Dispose()
    {
        s_stack!.Pop(_set);
        TensorHandle.FreeAbandoned();
    }

    internal static TensorSet Current => s_stack?.Top ?? throw Errors.NoScope();

    /// <summary>The open scopes of a thread. Closed sets are kept for the next opening.</summary>
    private sealed class Stack
    {
        private readonly List<TensorSet> _sets = [];
        private int _open;

        public TensorSet? Top => _open == 0 ? null : _sets[_open - 1];

        public TensorSet Push()
        {
            if (_open == _sets.Count) _sets.Add(new TensorSet());
            return _sets[_open++];
        }

        public TensorSet? Below(TensorSet set)
        {
            int at = _sets.IndexOf(set);
            return at > 0 ? _sets[at - 1] : null;
        }

        public void Pop(TensorSet set)
        {
            if (Top != set) throw Errors.ScopeOrder();
            set.Free();
            _open--;
        }
    }
}

/// <summary>The tensors of one scope or one owner; adding and removing cost the same whatever their number.</summary>
internal sealed class TensorSet
{
    private Tensor?[] _tensors = new Tensor?[16];
    private int _count;
    private int _alive;

    public int Count => _alive;

    public void Add(Tensor tensor)
    {
        if (_count == _tensors.Length)
        {
            if (_alive < _count / 2) Compact();
            else Array.Resize(ref _tensors, _count * 2);
        }
        tensor.Home = this;
        tensor.Place = _count;
        _tensors[_count++] = tensor;
        _alive++;
    }

    public void Remove(Tensor tensor)
    {
        _tensors[tensor.Place] = null;
        tensor.Home = null;
        _alive--;
        if (tensor.Place == _count - 1) _count--;
    }

    public void Free()
    {
        for (int i = 0; i < _count; i++)
        {
            _tensors[i]?.Free();
            _tensors[i] = null;
        }
        _count = 0;
        _alive = 0;
    }

    private void Compact()
    {
        int to = 0;
        for (int i = 0; i < _count; i++)
        {
            if (_tensors[i] is not { } tensor) continue;
            _tensors[i] = null;
            _tensors[to] = tensor;
            tensor.Place = to++;
        }
        _count = to;
    }
}

/// <summary>Holds tensors that outlive scopes: parameters, optimizer state, caches.</summary>
public sealed class TensorOwner : IDisposable
{
    private readonly TensorSet _set = new();
    private bool _disposed;

    public int Count => _set.Count;

    /// <summary>Takes a tensor from its scope (or owner) and returns it.</summary>
    public Tensor Adopt(Tensor tensor)
    {
        if (_disposed) throw Errors.OwnerClosed();
        tensor.Home?.Remove(tensor);
        _set.Add(tensor);
        return tensor;
    }

    /// <summary>Makes a tensor inside a scope of its own and keeps only that.</summary>
    public Tensor Adopt(Func<Tensor> make)
    {
        using var scope = Scope.Open();
        return Adopt(make());
    }

    /// <summary>Frees one tensor of this owner before its time.</summary>
    public void Free(Tensor tensor)
    {
        if (tensor.Home != _set) return;
        _set.Remove(tensor);
        tensor.Free();
    }

    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        _set.Free();
    }
}
