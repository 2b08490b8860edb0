namespace Tunesmith.Torch.Interop;

/// <summary>A native generator; freed by the finalizer, for it owns no tensors. Each call keeps it from the collector until it has returned.</summary>
internal sealed unsafe class GeneratorHandle(nint pointer)
{
    ~GeneratorHandle() => Native.ts_generator_free(Pointer);

    public nint Pointer { get; } = pointer;

    public static GeneratorHandle New(ulong seed)
    {
        Status.Check(Native.ts_generator_new(seed, out nint made));
        return new GeneratorHandle(made);
    }

    public static GeneratorHandle Default()
    {
        Status.Check(Native.ts_generator_default(out nint made));
        return new GeneratorHandle(made);
    }

    public void Seed(ulong seed)
    {
        Status.Check(Native.ts_generator_seed(Pointer, seed));
        GC.KeepAlive(this);
    }

    public byte[] GetState()
    {
        Status.Check(Native.ts_generator_state_get(Pointer, null, 0, out long length));
        byte[] state = new byte[length];
        fixed (byte* first = state) Status.Check(Native.ts_generator_state_get(Pointer, first, length, out _));
        GC.KeepAlive(this);
        return state;
    }

    public void SetState(ReadOnlySpan<byte> state)
    {
        fixed (byte* first = state) Status.Check(Native.ts_generator_state_set(Pointer, first, state.Length));
        GC.KeepAlive(this);
    }

    /// <summary>Fills bytes with 1 (probability) and 0, by the draws of bernoulli_.</summary>
    public void Keep(double probability, Tensor mask)
    {
        using var lease = new Leases([mask]);
        Status.Check(Native.ts_generator_keep(Pointer, probability, lease[0]));
        GC.KeepAlive(this);
    }

    public uint Next32()
    {
        Status.Check(Native.ts_generator_draw32(Pointer, out uint number));
        GC.KeepAlive(this);
        return number;
    }

    public ulong Next64()
    {
        Status.Check(Native.ts_generator_draw64(Pointer, out ulong number));
        GC.KeepAlive(this);
        return number;
    }
}
