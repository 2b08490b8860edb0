using Tunesmith.Data.Random;

namespace Tunesmith.Data.Splits;

/// <summary>Which examples go where, as indices: choosing, splitting and mixing with the reference's generators.</summary>
public static class SplitOrders
{
    // numpy's choice draws this many sources at once; the generator is not used for anything else, so only the blocks matter.
    private const int DrawsAtOnce = 1000;

    /// <summary><c>num_samples</c>: a permutation, cut; where more is wanted than there is, the rest is drawn with replacement.</summary>
    public static int[] Sample(NumpyMt19937 generator, int count, int wanted)
    {
        int[] order = generator.Permutation(count);
        if (wanted <= count) return order[..wanted];
        return [.. order, .. generator.Choice(count, wanted - count)];
    }

    /// <summary><c>train_test_split</c>: the first <paramref name="testCount"/> of a permutation are the test part, the others the training part, both in that order.</summary>
    public static (int[] Train, int[] Test) TrainTest(int count, int testCount, long seed)
    {
        int[] order = new NumpyPcg64(seed).Permutation(count);
        return (order[testCount..], order[..testCount]);
    }

    /// <summary>A fraction of n examples, rounded up as the reference does.</summary>
    public static int TestCount(double fraction, int count) => (int)Math.Ceiling(fraction * count);

    /// <summary>
    /// The test part takes the same share of every class (largest remainders), from the same permutation as <see cref="TrainTest"/>.
    /// </summary>
    public static (int[] Train, int[] Test) Stratified(IReadOnlyList<int> classes, int testCount, long seed)
    {
        int count = classes.Count;
        int[] order = new NumpyPcg64(seed).Permutation(count);
        var sizes = classes.CountBy(c => c).OrderBy(p => p.Key).ToList();
        var quota = sizes.ToDictionary(p => p.Key, p => (int)((long)p.Value * testCount / count));
        int missing = testCount - quota.Values.Sum();
        foreach (var (label, _) in sizes.OrderByDescending(p => (long)p.Value * testCount % count).ThenBy(p => p.Key).Take(missing)) quota[label]++;
        var train = new List<int>(count - testCount);
        var test = new List<int>(testCount);
        foreach (int index in order)
        {
            if (quota[classes[index]]-- > 0) test.Add(index);
            else train.Add(index);
        }
        return ([.. train], [.. test]);
    }

    /// <summary>Indices into the sets laid end to end, taking turns until the shortest is used up, or until the longest is.</summary>
    public static int[] TakeTurns(IReadOnlyList<int> lengths, bool untilAllExhausted)
    {
        int[] offsets = Offsets(lengths);
        int rounds = untilAllExhausted ? lengths.Max() : lengths.Min();
        var indices = new int[rounds * lengths.Count];
        for (int round = 0, at = 0; round < rounds; round++)
        {
            for (int set = 0; set < lengths.Count; set++) indices[at++] = offsets[set] + round % lengths[set];
        }
        return indices;
    }

    /// <summary>The same with the next set drawn by probability; a set that is used up starts again from its first example.</summary>
    public static int[] Draw(IReadOnlyList<int> lengths, IReadOnlyList<double> probabilities, bool untilAllExhausted, long seed)
    {
        int[] offsets = Offsets(lengths);
        var generator = new NumpyPcg64(seed);
        var next = new int[lengths.Count];
        var exhausted = new bool[lengths.Count];
        var indices = new List<int>();
        while (true)
        {
            foreach (int set in generator.Choice(probabilities, DrawsAtOnce))
            {
                if (untilAllExhausted ? Array.TrueForAll(exhausted, e => e) : exhausted.Contains(true)) return [.. indices];
                indices.Add(offsets[set] + next[set]);
                if (++next[set] < lengths[set]) continue;
                exhausted[set] = true;
                next[set] = 0;
            }
        }
    }

    /// <summary>The order in which a shuffling buffer of a stream gives out n examples.</summary>
    public static int[] ThroughBuffer(int count, int bufferSize, long seed)
    {
        var generator = new NumpyPcg64(seed);
        var buffer = new List<int>(Math.Min(bufferSize, count));
        var order = new List<int>(count);
        int[] places = [];
        int used = 0;
        for (int i = 0; i < count; i++)
        {
            if (buffer.Count < bufferSize)
            {
                buffer.Add(i);
                continue;
            }
            if (used == places.Length)
            {
                places = generator.Integers(bufferSize, DrawsAtOnce);
                used = 0;
            }
            int place = places[used++];
            order.Add(buffer[place]);
            buffer[place] = i;
        }
        generator.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(buffer));
        order.AddRange(buffer);
        return [.. order];
    }

    private static int[] Offsets(IReadOnlyList<int> lengths)
    {
        var offsets = new int[lengths.Count];
        for (int i = 1; i < offsets.Length; i++) offsets[i] = offsets[i - 1] + lengths[i - 1];
        return offsets;
    }
}
