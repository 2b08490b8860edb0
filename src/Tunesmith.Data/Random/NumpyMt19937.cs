namespace Tunesmith.Data.Random;

/// <summary>
/// numpy's global generator after <c>numpy.random.seed(seed)</c> (RandomState): the draws behind <c>num_samples</c> of a data set.
/// </summary>
public sealed class NumpyMt19937
{
    private readonly Mt19937 _bits;

    public NumpyMt19937(long seed)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(seed);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(seed, uint.MaxValue);
        _bits = new Mt19937((uint)seed);
    }

    /// <summary>The next 32 bits of the stream.</summary>
    public uint Next32() => _bits.Next32();

    /// <summary>0..n-1 in random order (<c>permutation(n)</c>).</summary>
    public int[] Permutation(int n) => NumpyDraws.Permutation(n, Next32);

    /// <summary>Shuffles in place, from the last place down to the second.</summary>
    public void Shuffle<T>(Span<T> items) => NumpyDraws.Shuffle(items, Next32);

    /// <summary><paramref name="count"/> draws with replacement from 0..n-1 (<c>choice(n, count)</c>).</summary>
    public int[] Choice(int n, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(n);
        var picks = new int[count];
        for (int i = 0; i < count; i++) picks[i] = (int)NumpyDraws.Interval((uint)(n - 1), Next32);
        return picks;
    }
}
