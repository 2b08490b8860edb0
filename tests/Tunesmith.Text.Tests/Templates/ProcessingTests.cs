using Tunesmith.Text.Conversations;
using Tunesmith.Text.Templates;

namespace Tunesmith.Text.Tests.Templates;

public sealed class ProcessingTests
{
    [Theory]
    [InlineData(3000, 2000, 1000, 600, 400)]
    [InlineData(2000, 3000, 1000, 400, 600)]
    [InlineData(1000, 100, 1000, 900, 100)]
    [InlineData(100, 1000, 1000, 100, 900)]
    [InlineData(999, 499, 1000, 501, 499)]
    [InlineData(0, 1500, 1000, 0, 1000)]
    [InlineData(7, 5, 6, 4, 2)]
    [InlineData(1, 1, 1, 1, 0)]
    [InlineData(0, 0, 5, 0, 0)]
    public void Truncation_shares_the_room_between_prompt_and_answer(int source, int target, int cutoff, int keptSource, int keptTarget) =>
        Assert.Equal((keptSource, keptTarget), Processing.InferSequenceLengths(source, target, cutoff));

    [Fact]
    public void Greedy_packing_takes_the_largest_that_fits()
    {
        Assert.Equal([[7, 3], [5, 4, 1], [3, 2]], Processing.GreedyKnapsack([7, 5, 4, 3, 3, 2, 1], 10));
        Assert.Throws<ArgumentOutOfRangeException>(() => Processing.GreedyKnapsack([11], 10));
    }

    private static EncodedTurn Turn(int prompt, int answer, int first) =>
        new([.. Enumerable.Range(first, prompt)], [.. Enumerable.Range(first + prompt, answer)]);

    [Theory]
    [InlineData(false, 20, "100-109", "110-114 204-204")]
    [InlineData(true, 20, "100-103", "210-214")]
    public void Turns_share_the_cutoff(bool maskHistory, int cutoff, string firstPrompt, string trained)
    {
        var example = Processing.Supervised([Turn(10, 5, 100), Turn(10, 5, 200)], new SupervisedOptions { CutoffLen = cutoff, MaskHistory = maskHistory }, null);
        Assert.Equal(cutoff, example.InputIds.Length);
        int[] Numbers(string ranges) => [.. ranges.Split(' ').Select(r => r.Split('-').Select(int.Parse).ToArray()).SelectMany(p => Enumerable.Range(p[0], p[1] - p[0] + 1))];
        int[] expectedPrompt = Numbers(firstPrompt);
        Assert.Equal(expectedPrompt, example.InputIds[..expectedPrompt.Length]);
        if (maskHistory) Assert.Equal(Numbers(trained), example.Labels.Where(l => l != EncodedExample.Masked));
        else Assert.Equal(5 + 1, example.TrainedCount);
    }

    [Fact]
    public void Efficient_eos_teaches_the_end_of_an_answer_on_the_next_prompt()
    {
        var example = Processing.Supervised([Turn(2, 1, 10), Turn(2, 1, 20)], new SupervisedOptions { CutoffLen = 50 }, efficientEos: 9);
        Assert.Equal([10, 11, 12, 20, 21, 22, 9], example.InputIds);
        Assert.Equal([-100, -100, 12, 9, -100, 22, 9], example.Labels);
    }

    [Fact]
    public void Neat_packing_numbers_its_examples()
    {
        EncodedExample Of(int length, int id) => new([.. Enumerable.Repeat(id, length)], [.. Enumerable.Repeat(id, length)]);
        var result = Processing.Pack([Of(2, 1), Of(3, 2), Of(8, 3)], capacity: 7, padId: 0, neat: true);
        var row = Assert.Single(result.Rows);
        Assert.Equal(1, result.Dropped);
        Assert.Equal([2, 2, 2, 1, 1, 0, 0, 0], row.InputIds);
        Assert.Equal([1, 1, 1, 2, 2, 0, 0, 0], row.AttentionMask);
        Assert.Equal([0, 1, 2, 0, 1, 0, 0, 0], row.PositionIds);
        Assert.Equal([2, 2, 2, 1, 1, -100, -100, -100], row.Labels);
        Assert.All(Processing.Pack([Of(2, 1)], 7, 0, neat: false).Rows[0].AttentionMask, m => Assert.Equal(1, m));
    }

    [Fact]
    public void Blocks_drop_the_rest_and_may_begin_anew() =>
        Assert.Equal([[7, 2, 3], [7, 5, 6]], Processing.Blocks([[1, 2], [3, 4, 5], [6, 8]], 3, firstId: 7));
}
