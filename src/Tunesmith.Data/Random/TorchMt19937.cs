namespace Tunesmith.Data.Random;

/// <summary>
/// torch's CPU generator after <c>manual_seed(seed)</c>, without libtorch: the order in which the training sampler visits the
/// examples, and uniform numbers as torch draws them.
/// </summary>
public sealed class TorchMt19937(ulong seed)
{
    private readonly Mt19937 _bits = new((uint)seed);

    /// <summary>The next 32 bits of the stream.</summary>
    public uint Next32() => _bits.Next32();

    /// <summary>0..n-1 in random order (<c>torch.randperm(n)</c> for n below 2^32).</summary>
    public int[] RandPerm(int n)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(n);
        var order = new int[n];
        for (int i = 0; i < n; i++) order[i] = i;
        for (int i = 0; i < n - 1; i++)
        {
            int j = i + (int)(_bits.Next32() % (uint)(n - i));
            (order[i], order[j]) = (order[j], order[i]);
        }
        return order;
    }

    /// <summary>One float of [low, high): 24 bits over 2^24, scaled with a single rounding.</summary>
    public float NextUniform(float low, float high)
    {
        float unit = (_bits.Next32() & 0xffffffu) * (1f / (1 << 24));
        return MathF.FusedMultiplyAdd(unit, high - low, low);
    }

    /// <summary>The order of one epoch of the training sampler: a fresh generator with seed + epoch.</summary>
    public static int[] EpochOrder(int count, long seed, int epoch) => new TorchMt19937((ulong)((long)seed + epoch)).RandPerm(count);
}
