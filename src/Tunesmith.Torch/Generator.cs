using Tunesmith.Torch.Interop;

namespace Tunesmith.Torch;

/// <summary>A seeded source of random numbers: libtorch's CPU generator (MT19937), the same draws as PyTorch.</summary>
public sealed class Generator
{
    private static readonly Operator s_randPerm = new("aten::randperm", "generator");
    private static readonly Operator s_randn = new("aten::randn", "generator");
    private static Generator? s_default;

    public Generator(ulong seed) => Handle = GeneratorHandle.New(seed);

    private Generator(GeneratorHandle handle) => Handle = handle;

    internal GeneratorHandle Handle { get; }

    /// <summary>The generator that operators use where none is given: torch.manual_seed's.</summary>
    public static Generator Default => s_default ??= new Generator(GeneratorHandle.Default());

    public void Seed(ulong seed) => Handle.Seed(seed);
    public byte[] GetState() => Handle.GetState();
    public void SetState(ReadOnlySpan<byte> state) => Handle.SetState(state);

    /// <summary>32 raw bits.</summary>
    public uint Next32() => Handle.Next32();

    /// <summary>64 raw bits: two 32-bit draws.</summary>
    public ulong Next64() => Handle.Next64();

    /// <summary>0 to n - 1 in random order, Int64 [n].</summary>
    public Tensor RandPerm(long n) => s_randPerm.One(n, this, DType.Int64);

    /// <summary>Normal with mean 0 and deviation 1.</summary>
    public Tensor RandN(params ReadOnlySpan<long> shape) => s_randn.One(shape, this, DType.Float32);
}
