using System.Numerics;

namespace Tunesmith.Data.Random;

/// <summary>What numpy's generators do alike with their 32-bit draws.</summary>
internal static class NumpyDraws
{
    /// <summary>0..n-1 in random order.</summary>
    public static int[] Permutation(int n, Func<uint> next)
    {
        var order = new int[n];
        for (int i = 0; i < n; i++) order[i] = i;
        Shuffle<int>(order, next);
        return order;
    }

    /// <summary>Shuffles in place, from the last place down to the second.</summary>
    public static void Shuffle<T>(Span<T> items, Func<uint> next)
    {
        for (int i = items.Length - 1; i > 0; i--)
        {
            int j = (int)Interval((uint)i, next);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    /// <summary>0 to top by masked rejection: one draw a try, none at all when there is only one answer (numpy's random_interval).</summary>
    public static uint Interval(uint top, Func<uint> next)
    {
        if (top == 0) return 0;
        uint mask = uint.MaxValue >> BitOperations.LeadingZeroCount(top);
        uint value;
        do value = next() & mask; while (value > top);
        return value;
    }
}
