using Tunesmith.Data;

namespace Tunesmith.Training.Batches;

/// <summary>
/// An order in which examples of like length share a batch, and still a random one: a permutation is cut into groups of 50 batches (fewer in a small set), and each
/// group is sorted by length. The longest example of all comes first, so that a lack of memory shows at once (transformers' get_length_grouped_indices).
/// </summary>
internal static class LengthGroups
{
    private const int MostBatches = 50;

    /// <param name="order">A permutation of the examples' indices.</param>
    /// <param name="examples">Where the lengths come from.</param>
    /// <param name="batchSize">Rows of a micro-batch.</param>
    public static long[] Arrange(long[] order, IReadOnlyList<TokenizedExample> examples, int batchSize)
    {
        int Length(long index) => examples[(int)index].InputIds.Length;
        var batches = Math.Min(order.Length / (batchSize * 4), MostBatches);
        var size = Math.Max(1, batches) * batchSize;
        var groups = order.Chunk(size).Select(group => group.OrderByDescending(Length).ToArray()).ToList();
        var longest = groups.MaxBy(group => Length(group[0]))!;
        (groups[0][0], longest[0]) = (longest[0], groups[0][0]);
        return [.. groups.SelectMany(group => group)];
    }
}
