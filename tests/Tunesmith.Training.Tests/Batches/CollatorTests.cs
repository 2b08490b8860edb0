using Tunesmith.Data;
using Tunesmith.Training.Batches;

namespace Tunesmith.Tests.Batches;

public class CollatorTests
{
    [Fact]
    public void Rows_are_filled_on_the_right_to_a_multiple_of_eight()
    {
        Batch batch = new Collator(9, 8).Collate([Example(5), Example(10)]);
        Assert.Equal((2, 16), (batch.Rows, batch.Length));
        Assert.Equal([1, 2, 3, 4, 5, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9], batch.InputIds[..16]);
        Assert.Equal([1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], batch.AttentionMask[..16]);
        Assert.Equal([-100, 2, 3, 4, 5, -100, -100, -100, -100, -100, -100, -100, -100, -100, -100, -100], batch.Labels![..16]);
        Assert.Equal(4 + 9, batch.LabelCount);
        Assert.Equal(15, batch.TokenCount);
    }

    [Fact]
    public void Padding_inside_a_neat_pack_is_not_attended()
    {
        Batch batch = new Collator(0, 8).Collate([Example(8) with { SequenceIds = [1, 1, 1, 2, 2, 0, 0, 0], PositionIds = [0, 1, 2, 0, 1, 0, 0, 0] }]);
        Assert.Equal([1, 1, 1, 1, 1, 0, 0, 0], batch.AttentionMask);
        Assert.Equal([0, 1, 2, 0, 1, 0, 0, 0], batch.PositionIds!);
    }

    [Fact]
    public void Classes_are_padded_to_the_longest_only()
    {
        Batch batch = new Collator(0, 1).Collate([Example(3) with { Targets = [1], Labels = [] }, Example(5) with { Targets = [0], Labels = [] }]);
        Assert.Equal(5, batch.Length);
        Assert.Null(batch.Labels);
        Assert.Equal([1f, 0f], batch.Targets!);
    }

    [Fact]
    public void Rows_of_different_kinds_are_refused_whichever_comes_first()
    {
        Assert.Throws<Tunesmith.Runs.RunException>(() => new Collator(0, 8).Collate([Example(3) with { PositionIds = [0, 1, 2] }, Example(3)]));
        Assert.Throws<Tunesmith.Runs.RunException>(() => new Collator(0, 8).Collate([Example(3), Example(3) with { PositionIds = [0, 1, 2] }]));
        Assert.Throws<Tunesmith.Runs.RunException>(() => new Collator(0, 1).Collate([Example(3), Example(3) with { Targets = [1] }]));
    }

    private static TokenizedExample Example(int length)
    {
        int[] ids = [.. Enumerable.Range(1, length)];
        return new TokenizedExample { InputIds = ids, Labels = [-100, .. ids[1..]] };
    }
}
