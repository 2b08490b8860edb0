namespace Tunesmith.Torch.Interop;

/// <summary>Bytes into and out of tensors.</summary>
internal static unsafe class Bytes
{
    /// <summary>A tensor of the given bytes. Without a shape it is a vector of <paramref name="count"/> elements.</summary>
    public static Tensor New(ReadOnlySpan<byte> raw, DType dtype, scoped ReadOnlySpan<long> shape, long count = -1)
    {
        // Without a shape: a vector, or no dimensions for one element.
        ReadOnlySpan<long> vector = new(in count);
        if (shape.IsEmpty && count >= 0 && count != 1) shape = vector;
        fixed (byte* first = raw)
        fixed (long* sizes = shape)
        {
            Status.Check(Native.ts_tensor_new(first, raw.Length, (int)dtype, sizes, shape.Length, out nint made));
            return new Tensor(made);
        }
    }

    public static void Read(Tensor tensor, Span<byte> bytes)
    {
        nint handle = tensor.Handle.Lease();
        try
        {
            fixed (byte* first = bytes) Status.Check(Native.ts_tensor_read(handle, first, Room(tensor, bytes.Length)));
        }
        finally
        {
            tensor.Handle.Return();
        }
    }

    // A span may have more room than the tensor needs (stack buffers of Item).
    private static long Room(Tensor tensor, int length) => tensor.Count == 1 ? Math.Min(length, tensor.ByteCount) : length;

    public static void Write(Tensor tensor, ReadOnlySpan<byte> bytes)
    {
        nint handle = tensor.Handle.Lease();
        try
        {
            fixed (byte* first = bytes) Status.Check(Native.ts_tensor_write(handle, first, bytes.Length));
        }
        finally
        {
            tensor.Handle.Return();
        }
    }

    public static long[] Copy(nint sizes, int rank) => new ReadOnlySpan<long>((void*)sizes, rank).ToArray();

    /// <summary>A second reference to the same tensor, in the open scope.</summary>
    public static Tensor Alias(Tensor tensor)
    {
        nint handle = tensor.Handle.Lease();
        try
        {
            Status.Check(Native.ts_tensor_alias(handle, out nint made));
            return new Tensor(made);
        }
        finally
        {
            tensor.Handle.Return();
        }
    }
}
