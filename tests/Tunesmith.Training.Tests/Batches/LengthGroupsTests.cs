using Tunesmith.Data;
using Tunesmith.Training.Batches;

namespace Tunesmith.Training.Tests.Batches;

public sealed class LengthGroupsTests
{
    [Fact]
    public void Batches_hold_like_lengths_and_every_example_once_with_the_longest_first()
    {
        TokenizedExample[] examples = [.. Enumerable.Range(0, 100).Select(i => new TokenizedExample { InputIds = new int[1 + i * 37 % 50], Labels = [] })];
        long[] order = [.. Enumerable.Range(0, 100).Select(i => (long)(i * 31 % 100))];
        var arranged = LengthGroups.Arrange(order, examples, 4);
        Assert.Equal(order.Order(), arranged.Order());
        Assert.Equal(50, examples[(int)arranged[0]].InputIds.Length);
        int Padding(long[] rows) => rows.Chunk(4).Sum(batch => batch.Sum(row => batch.Max(r => examples[(int)r].InputIds.Length) - examples[(int)row].InputIds.Length));
        Assert.True(Padding(arranged) * 2 < Padding(order));
    }
}
