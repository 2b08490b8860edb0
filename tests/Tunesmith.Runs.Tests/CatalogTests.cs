using Tunesmith.Runs;

namespace Tunesmith.Tests;

public sealed class CatalogTests
{
    private static Catalog<int> Toy() => new Catalog<int>("stage").Add("sft", 1, "Answers").Add("pt", 2);

    [Fact]
    public void An_unknown_name_is_answered_with_the_nearest_and_the_list() =>
        Assert.Equal("stage: got 'stf'; expected one of pt, sft. Did you mean 'sft'?", Assert.Throws<UsageException>(() => Toy().Get("stf")).Message);

    [Fact]
    public void Names_are_sorted_and_entries_found() => Assert.Equal((1, "pt,sft", "Answers"), (Toy().Get("sft"), string.Join(",", Toy().Names), Toy().Summary("sft")));

    [Fact]
    public void A_name_taken_twice_is_refused() => Assert.Throws<InvalidOperationException>(() => Toy().Add("sft", 3));

    [Theory]
    [InlineData("lora_rnak", "lora_rank")]
    [InlineData("rank_lora", "lora_rank")]
    [InlineData("LoraRank", "lora_rank")]
    [InlineData("lora-rank", "lora_rank")]
    [InlineData("temperature", null)]
    public void Suggestions_are_near_or_absent(string written, string? expected) =>
        Assert.Equal(expected, Suggestions.Nearest(written, ["lora_rank", "lora_alpha", "stage"]));
}
