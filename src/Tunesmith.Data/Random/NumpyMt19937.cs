using System.Numerics;

namespace Tunesmith.Data.Random;

/// <summary>
/// numpy's global generator after <c>numpy.random.seed(seed)</c> (RandomState): the draws behind <c>num_samples</c> of a data set.
/// </summary>
public sealed class NumpyMt19937
{
    private readonly Mt19937 _bits;

    public NumpyMt19937(int seed)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(seed);
        _bits = new Mt19937((uint)seed);
    }

    /// <summary>The next 32 bits of the stream.</summary>
    public uint Next32() => _bits.Next32();

    /// <summary>0..n-1 in random order (<c>permutation(n)</c>).</summary>
    public int[] Permutation(int n)
    {
        var order = new int[n];
        for (int i = 0; i < n; i++) order[i] = i;
        Shuffle(order);
        return order;
    }

    /// <summary>Shuffles in place, from the last place down to the second.</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (int i = items.Length - 1; i > 0; i--)
        {
            int j = (int)Interval((uint)i);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    /// <summary><paramref name="count"/> draws with replacement from 0..n-1 (<c>choice(n, count)</c>).</summary>
    public int[] Choice(int n, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(n);
        var picks = new int[count];
        for (int i = 0; i < count; i++) picks[i] = (int)Interval((uint)(n - 1));
        return picks;
    }

    // Masked rejection: one 32-bit draw a try, none at all when there is only one answer (numpy's random_interval).
    private uint Interval(uint top)
    {
        if (top == 0) return 0;
        uint mask = uint.MaxValue >> BitOperations.LeadingZeroCount(top);
        uint value;
        do value = _bits.Next32() & mask; while (value > top);
        return value;
    }
}
