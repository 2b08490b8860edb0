using System.Collections.Concurrent;

namespace Tunesmith.Torch.Interop;

/// <summary>
/// A native reference that cannot be freed while a call uses it. One integer: the top bit says "disposed", the rest counts running calls.
/// A lease fails once disposed; disposing with leases out only sets the bit, and the last lease to come back frees.
/// </summary>
internal struct TensorHandle(nint pointer)
{
    private const int Disposed = int.MinValue;
    private static readonly ConcurrentQueue<nint> s_abandoned = new();
    private static long s_leaked;
    private int _state;

    public readonly bool IsDisposed => (_state & Disposed) != 0;

    /// <summary>Tensors that reached the finalizer without having been freed by a scope or an owner.</summary>
    public static long Leaked => Interlocked.Read(ref s_leaked);

    public nint Lease()
    {
        if (Interlocked.Increment(ref _state) > 0) return pointer;
        Interlocked.Decrement(ref _state);
        throw Errors.TensorFreed();
    }

    public void Return()
    {
        if (Interlocked.Decrement(ref _state) == Disposed) Status.Check(Native.ts_tensor_free(pointer));
    }

    public void Free()
    {
        int before = Interlocked.Or(ref _state, Disposed);
        if (before == 0) Status.Check(Native.ts_tensor_free(pointer));
    }

    /// <summary>Called by the finalizer, on its thread: counts the leak and leaves the freeing to the next scope that closes.</summary>
    public void Abandon()
    {
        if ((Interlocked.Or(ref _state, Disposed) & Disposed) != 0) return;
        Interlocked.Increment(ref s_leaked);
        s_abandoned.Enqueue(pointer);
    }

    public static void FreeAbandoned()
    {
        while (!s_abandoned.IsEmpty && s_abandoned.TryDequeue(out nint pointer)) Status.Check(Native.ts_tensor_free(pointer));
    }
}
