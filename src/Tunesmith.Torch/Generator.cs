using Tunesmith.Torch.Interop;

namespace Tunesmith.Torch;

/// <summary>A source of random numbers: libtorch's CPU generator (MT19937), whose draws equal PyTorch's.</summary>
public sealed unsafe class Generator
{
    private static readonly Operator RandPermOp = new("aten::randperm", "generator");
    private static readonly Lazy<Generator> Shared = new(() =>
    {
        Status.Check(Native.ts_generator_default(out nint made));
        return new Generator(made);
    });

    private Generator(nint handle) => Handle = new GeneratorHandle(handle);

    public Generator(ulong seed)
    {
        Status.Check(Native.ts_generator_new(seed, out nint made));
        Handle = new GeneratorHandle(made);
    }

    ~Generator()
    {
        if (Handle.Pointer != 0) _ = Native.ts_generator_free(Handle.Pointer);
    }

    /// <summary>torch's default generator of the CPU.</summary>
    public static Generator Default => Shared.Value;

    internal GeneratorHandle Handle { get; }

    public void Seed(ulong seed) => Status.Check(Native.ts_generator_seed(Handle.Pointer, seed));

    /// <summary>Everything that decides the next draws.</summary>
    public byte[] GetState()
    {
        Status.Check(Native.ts_generator_state_get(Handle.Pointer, null, 0, out long length));
        var state = new byte[length];
        fixed (byte* p = state) Status.Check(Native.ts_generator_state_get(Handle.Pointer, p, length, out length));
        return state;
    }

    public void SetState(ReadOnlySpan<byte> state)
    {
        fixed (byte* p = state) Status.Check(Native.ts_generator_state_set(Handle.Pointer, p, state.Length));
    }

    public uint Next32()
    {
        Status.Check(Native.ts_generator_draw32(Handle.Pointer, out uint number));
        return number;
    }

    public ulong Next64()
    {
        Status.Check(Native.ts_generator_draw64(Handle.Pointer, out ulong number));
        return number;
    }

    /// <summary>The numbers 0 .. n−1 in random order, int64 [n].</summary>
    public Tensor RandPerm(long n) => RandPermOp.One(n, this, DType.Int64);
}

/// <summary>A native generator; its Generator frees it.</summary>
internal readonly record struct GeneratorHandle(nint Pointer);
