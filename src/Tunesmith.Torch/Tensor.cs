using System.Runtime.InteropServices;
using Tunesmith.Torch.Interop;

namespace Tunesmith.Torch;

/// <summary>
/// An array of numbers in libtorch's memory. It lives in the scope that was open when it was made, or in an owner; only those free it.
/// </summary>
public sealed partial class Tensor
{
    internal TensorHandle Handle;
    internal TensorSet? Home;
    internal int Place;
    private readonly TensorOrigin? _origin = TensorOrigin.Here();
    private long[]? _shape;
    private DType _dtype;

    /// <summary>Takes over a native reference and puts it in the open scope.</summary>
    internal Tensor(nint handle)
    {
        Handle = new TensorHandle(handle);
        try
        {
            Scope.Current.Add(this);
        }
        catch
        {
            Handle.Free();
            GC.SuppressFinalize(this);
            throw;
        }
    }

    ~Tensor()
    {
        _origin?.Remember();
        Handle.Abandon();
    }

    internal void Free()
    {
        Home = null;
        Handle.Free();
        GC.SuppressFinalize(this);
    }

    public long[] Shape => (long[])Sizes.Clone();

    /// <summary>The shape itself, for reading only.</summary>
    internal long[] Sizes => _shape ?? Describe();

    public int Rank => Sizes.Length;

    public DType DType
    {
        get
        {
            if (_shape is null) Describe();
            return _dtype;
        }
    }

    /// <summary>Number of elements.</summary>
    public long Count
    {
        get
        {
            long count = 1;
            foreach (long size in Sizes) count *= size;
            return count;
        }
    }

    public long ByteCount => Count * DType.Size;

    public bool IsContiguous => Info().Contiguous != 0;

    public bool IsFreed => Handle.IsDisposed;

    /// <summary>Size along a dimension; negative counts from the end.</summary>
    public long Size(int dim)
    {
        long[] sizes = Sizes;
        int at = dim < 0 ? dim + sizes.Length : dim;
        if ((uint)at >= (uint)sizes.Length) throw Errors.WrongShape($"dimension {dim}", this, "a dimension of the tensor", "Check the rank.");
        return sizes[at];
    }

    public override string ToString()
    {
        if (IsFreed) return "tensor (freed)";
        return $"{DType} [{string.Join(", ", Sizes)}]";
    }

    internal NativeTensorInfo Info()
    {
        nint handle = Handle.Lease();
        try
        {
            Status.Check(Native.ts_tensor_describe(handle, out NativeTensorInfo info));
            return info;
        }
        finally
        {
            Handle.Return();
        }
    }

    private long[] Describe()
    {
        nint handle = Handle.Lease();
        try
        {
            Status.Check(Native.ts_tensor_describe(handle, out NativeTensorInfo info));
            _dtype = (DType)info.DType;
            return _shape = Bytes.Copy(info.Sizes, info.Rank);
        }
        finally
        {
            Handle.Return();
        }
    }

    /// <summary>Forgets the cached shape, after an operator that changes it in place.</summary>
    internal void Forget() => _shape = null;

    // Values in and out.

    public static Tensor FromBytes(ReadOnlySpan<byte> raw, DType dtype, params ReadOnlySpan<long> shape) => Bytes.New(raw, dtype, shape);
    public static Tensor From(ReadOnlySpan<float> data, params ReadOnlySpan<long> shape) => Bytes.New(MemoryMarshal.AsBytes(data), DType.Float32, shape, data.Length);
    public static Tensor From(ReadOnlySpan<double> data, params ReadOnlySpan<long> shape) => Bytes.New(MemoryMarshal.AsBytes(data), DType.Float64, shape, data.Length);
    public static Tensor From(ReadOnlySpan<long> data, params ReadOnlySpan<long> shape) => Bytes.New(MemoryMarshal.AsBytes(data), DType.Int64, shape, data.Length);
    public static Tensor From(ReadOnlySpan<int> data, params ReadOnlySpan<long> shape) => Bytes.New(MemoryMarshal.AsBytes(data), DType.Int32, shape, data.Length);
    public static Tensor From(ReadOnlySpan<bool> data, params ReadOnlySpan<long> shape) => Bytes.New(MemoryMarshal.AsBytes(data), DType.Bool, shape, data.Length);
    public static Tensor From(ReadOnlySpan<byte> data, params ReadOnlySpan<long> shape) => Bytes.New(data, DType.UInt8, shape, data.Length);
    public static Tensor From(ReadOnlySpan<Half> data, params ReadOnlySpan<long> shape) => Bytes.New(MemoryMarshal.AsBytes(data), DType.Float16, shape, data.Length);

    public float[] ToFloats() => Read<float>(DType.Float32);
    public double[] ToDoubles() => Read<double>(DType.Float64);
    public long[] ToLongs() => Read<long>(DType.Int64);

    /// <summary>The elements' bytes in contiguous order.</summary>
    public byte[] ToBytes()
    {
        byte[] bytes = new byte[ByteCount];
        CopyTo(bytes);
        return bytes;
    }

    /// <summary>The one element as a number.</summary>
    public double Item() => ToScalar(DType.Float64, BitConverter.ToDouble);

    /// <summary>The one element as a whole number.</summary>
    public long ItemLong() => ToScalar(DType.Int64, BitConverter.ToInt64);

    /// <summary>Copies the elements out in contiguous order.</summary>
    public void CopyTo(Span<byte> bytes) => Bytes.Read(this, bytes);

    /// <summary>Copies the elements in, given in contiguous order.</summary>
    public void CopyFrom(ReadOnlySpan<byte> bytes) => Bytes.Write(this, bytes);

    private delegate T Convert<out T>(ReadOnlySpan<byte> bytes);

    private T ToScalar<T>(DType type, Convert<T> convert)
    {
        if (Count != 1) throw Errors.WrongShape("Item", this, "a tensor of one element", "Reduce it first, or read it with ToFloats.");
        Span<byte> bytes = stackalloc byte[8];
        if (DType == type) CopyTo(bytes);
        else
        {
            using var scope = Scope.Open();
            this.To(type).CopyTo(bytes);
        }
        return convert(bytes);
    }

    private T[] Read<T>(DType type) where T : unmanaged
    {
        var data = new T[Count];
        if (DType == type)
        {
            CopyTo(MemoryMarshal.AsBytes(data.AsSpan()));
            return data;
        }
        using var scope = Scope.Open();
        this.To(type).CopyTo(MemoryMarshal.AsBytes(data.AsSpan()));
        return data;
    }
}
