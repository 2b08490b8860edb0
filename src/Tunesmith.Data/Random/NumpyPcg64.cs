using System.Numerics;

namespace Tunesmith.Data.Random;

/// <summary>
/// numpy's <c>default_rng(seed)</c>: PCG64 (O'Neill 2014, XSL-RR 128/64) seeded through SeedSequence. Splitting, mixing and the
/// streaming buffer draw from it.
/// </summary>
public sealed class NumpyPcg64
{
    private static readonly UInt128 Multiplier = new(2549297995355413924UL, 4865540595714422341UL);
    private readonly UInt128 _increment;
    private UInt128 _state;
    private uint? _upperHalf;

    public NumpyPcg64(long seed)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(seed);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(seed, uint.MaxValue);
        ulong[] words = new SeedSequence((uint)seed).Generate64(4);
        var start = new UInt128(words[0], words[1]);
        _increment = (new UInt128(words[2], words[3]) << 1) | 1;
        Step();
        _state += start;
        Step();
    }

    /// <summary>The next 64 bits of the stream.</summary>
    public ulong Next64()
    {
        Step();
        ulong upper = (ulong)(_state >> 64);
        ulong lower = (ulong)_state;
        return BitOperations.RotateRight(upper ^ lower, (int)(upper >> 58));
    }

    /// <summary>Half of a 64-bit draw, the lower one first; the upper half waits for the next call.</summary>
    public uint Next32()
    {
        if (_upperHalf is uint waiting)
        {
            _upperHalf = null;
            return waiting;
        }
        ulong both = Next64();
        _upperHalf = (uint)(both >> 32);
        return (uint)both;
    }

    /// <summary>A double of [0, 1) with 53 random bits.</summary>
    public double NextDouble() => (Next64() >> 11) * (1.0 / (1L << 53));

    /// <summary>0..n-1 in random order (<c>permutation(n)</c>).</summary>
    public int[] Permutation(int n) => NumpyDraws.Permutation(n, Next32);

    /// <summary>Shuffles in place, from the last place down to the second, by masked rejection.</summary>
    public void Shuffle<T>(Span<T> items) => NumpyDraws.Shuffle(items, Next32);

    /// <summary><paramref name="count"/> integers of [0, below): Lemire's method (2019) on 32-bit halves, as <c>integers</c>.</summary>
    public int[] Integers(int below, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(below);
        var picks = new int[count];
        if (below == 1) return picks;
        uint range = (uint)below;
        uint threshold = (0u - range) % range;
        for (int i = 0; i < count; i++)
        {
            ulong product;
            do product = (ulong)Next32() * range; while ((uint)product < threshold);
            picks[i] = (int)(product >> 32);
        }
        return picks;
    }

    /// <summary><paramref name="count"/> indices drawn with the given probabilities, one double each (<c>choice(k, size, p)</c>).</summary>
    public int[] Choice(IReadOnlyList<double> probabilities, int count)
    {
        var cumulative = new double[probabilities.Count];
        double sum = 0;
        for (int k = 0; k < cumulative.Length; k++) cumulative[k] = sum += probabilities[k];
        for (int k = 0; k < cumulative.Length; k++) cumulative[k] /= sum;
        var picks = new int[count];
        for (int i = 0; i < count; i++)
        {
            double at = NextDouble();
            int k = 0;
            while (k < cumulative.Length - 1 && cumulative[k] <= at) k++;
            picks[i] = k;
        }
        return picks;
    }

    private void Step() => _state = _state * Multiplier + _increment;
}
