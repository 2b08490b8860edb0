using Tunesmith.Torch;

namespace Tunesmith.Models.Generation;

/// <summary>Keys and values of the tokens so far, for every layer. It owns its tensors; they carry no gradient.</summary>
public sealed class KvCache : IDisposable
{
    private const long FirstCapacity = 64;

    private readonly Layer[] _layers;

    public KvCache(int layers) => _layers = [.. Enumerable.Range(0, layers).Select(_ => new Layer())];

    /// <summary>How many tokens every layer holds.</summary>
    public long Length => _layers.Length == 0 ? 0 : _layers[^1].Length;

    /// <summary>Adds new keys and values behind the ones there are.</summary>
    /// <param name="layer">Layer number.</param>
    /// <param name="key">[B, K, T, D].</param>
    /// <param name="value">[B, K, T, D].</param>
    /// <returns>All keys and values of the layer, [B, K, S, D].</returns>
    public (Tensor Key, Tensor Value) Append(int layer, Tensor key, Tensor value) => _layers[layer].Append(key, value);

    /// <summary>Keeps the first <paramref name="length"/> tokens: a conversation goes on from a common beginning.</summary>
    public void Truncate(long length)
    {
        foreach (Layer layer in _layers)
        {
            layer.Length = Math.Min(layer.Length, length);
        }
    }

    /// <summary>Puts other rows in place of the ones there are: row i continues what was row <paramref name="rows"/>[i].</summary>
    public void Reorder(ReadOnlySpan<long> rows)
    {
        using var scope = Scope.Open();
        Tensor index = Tensor.From(rows.ToArray(), rows.Length);
        foreach (Layer layer in _layers)
        {
            layer.Select(index);
        }
    }

    public void Dispose()
    {
        foreach (Layer layer in _layers)
        {
            layer.Dispose();
        }
    }

    private sealed class Layer : IDisposable
    {
        private TensorOwner _owner = new();
        private Tensor? _keys;
        private Tensor? _values;

        public long Length { get; set; }

        public (Tensor Key, Tensor Value) Append(Tensor key, Tensor value)
        {
            long added = key.Size(2), needed = Length + added;
            if (_keys is null || _keys.Size(2) < needed)
            {
                Grow(key, needed);
            }

            _keys!.Narrow(2, Length, added).CopyInPlace(key.Detach());
            _values!.Narrow(2, Length, added).CopyInPlace(value.Detach());
            Length = needed;
            return (_keys!.Narrow(2, 0, needed), _values!.Narrow(2, 0, needed));
        }

        public void Select(Tensor rows)
        {
            if (_keys is null)
            {
                return;
            }

            var owner = new TensorOwner();
            Tensor keys = owner.Adopt(_keys.IndexSelect(0, rows)), values = owner.Adopt(_values!.IndexSelect(0, rows));
            _owner.Dispose();
            (_owner, _keys, _values) = (owner, keys, values);
        }

        public void Dispose() => _owner.Dispose();

        private void Grow(Tensor like, long needed)
        {
            using var scope = Scope.Open();
            long capacity = Math.Max(FirstCapacity, _keys?.Size(2) ?? 0);
            while (capacity < needed)
            {
                capacity *= 2;
            }

            long[] shape = [like.Size(0), like.Size(1), capacity, like.Size(3)];
            var owner = new TensorOwner();
            Tensor keys = owner.Adopt(Tensor.Zeros(shape, like.DType));
            Tensor values = owner.Adopt(Tensor.Zeros(shape, like.DType));
            if (_keys is not null && Length > 0)
            {
                keys.Narrow(2, 0, Length).CopyInPlace(_keys!.Narrow(2, 0, Length));
                values.Narrow(2, 0, Length).CopyInPlace(_values!.Narrow(2, 0, Length));
            }

            _owner.Dispose();
            (_owner, _keys, _values) = (owner, keys, values);
        }
    }
}
