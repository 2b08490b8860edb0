using Tunesmith.Models;
using Tunesmith.Models.Generation;
using Tunesmith.Runs;
using Tunesmith.Torch;

namespace Tunesmith.Tests.Generation;

public class GenerationTests
{
    private static readonly int[] First = [21, 14, 80, 86, 50, 14];
    private static readonly int[] Second = [9, 33];

    public static TheoryData<string> Causal => ["llama", "gpt2"];

    [Theory]
    [MemberData(nameof(Causal))]
    public void Rows_of_a_batch_are_continued_as_alone_with_and_without_cache(string family)
    {
        using CausalModel model = Load(family);
        var options = new GenerationOptions { DoSample = false, MaxNewTokens = 10 };
        var expected = Run(model, options, First).Concat(Run(model, options, Second)).Select(row => row.Ids);
        Assert.Equal(expected, Run(model, options, First, Second).Select(row => row.Ids));
        Assert.Equal(expected, Run(model, options with { UseKvCache = false }, First, Second).Select(row => row.Ids));
    }

    [Fact]
    public void Sampling_repeats_with_its_seed_and_changes_with_another()
    {
        using CausalModel model = Load("llama");
        var options = new GenerationOptions { MaxNewTokens = 20, TopP = 1, Temperature = 1.5, TopK = 0 };
        IReadOnlyList<int> one = new TokenGenerator(model, options, [], 0).Run([First], new Generator(1))[0].Ids;
        Assert.Equal(one, new TokenGenerator(model, options, [], 0).Run([First], new Generator(1))[0].Ids);
        Assert.NotEqual(one, new TokenGenerator(model, options, [], 0).Run([First], new Generator(2))[0].Ids);
    }

    [Theory]
    [InlineData(1, 1.0, 1.0)]
    [InlineData(0, 1e-6, 1.0)]
    [InlineData(0, 1.0, 0.0)]
    public void The_narrowest_sampling_is_greedy(int topK, double topP, double temperature)
    {
        using CausalModel model = Load("llama");
        var greedy = new GenerationOptions { DoSample = false, MaxNewTokens = 8 };
        var narrow = new GenerationOptions { MaxNewTokens = 8, TopK = topK, TopP = topP, Temperature = temperature };
        Assert.Equal(Run(model, greedy, First)[0].Ids, Run(model, narrow, First)[0].Ids);
    }

    [Fact]
    public void An_end_token_stops_its_row_only_and_min_new_tokens_holds_it_back()
    {
        using CausalModel model = Load("llama");
        var options = new GenerationOptions { DoSample = false, MaxNewTokens = 10 };
        IReadOnlyList<int> free = Run(model, options, First)[0].Ids;
        int end = free[3];
        var rows = new TokenGenerator(model, options, [end], 0).Run([First, Second], new Generator(0));
        Assert.True(rows[0].Stopped);
        Assert.Equal(free.Take(free.ToList().IndexOf(end)), rows[0].Ids);
        Assert.Equal(Run(model, options, Second)[0].Ids.TakeWhile(id => id != end), rows[1].Ids);
        var held = new TokenGenerator(model, options with { MinNewTokens = 6 }, [end], 0).Run([First], new Generator(0))[0];
        Assert.True(held.Ids.Count >= 6);
        Assert.DoesNotContain(end, held.Ids);
    }

    [Fact]
    public void The_listener_hears_every_token_and_may_stop()
    {
        using CausalModel model = Load("llama");
        var heard = new List<int>();
        var options = new GenerationOptions { DoSample = false, MaxNewTokens = 10 };
        var rows = new TokenGenerator(model, options, [], 0).Run([First], new Generator(0), (_, id) =>
        {
            heard.Add(id);
            return heard.Count < 4;
        });
        Assert.Equal(4, heard.Count);
        Assert.Equal(heard, rows[0].Ids);
    }

    [Fact]
    public void A_position_table_ends_the_text_and_bad_requests_are_named()
    {
        using CausalModel model = Load("gpt2");
        int limit = (int)model.Config.MaxLength;
        Assert.Equal(limit - First.Length, Run(model, new GenerationOptions { DoSample = false, MaxNewTokens = 1000 }, First)[0].Ids.Count);
        Assert.Contains("prompt: got no tokens", Assert.Throws<UsageException>(() => Run(model, new GenerationOptions(), [])).Message);
        Assert.Contains("got token id 128; expected ids below 128", Assert.Throws<UsageException>(() => Run(model, new GenerationOptions(), [128])).Message);
    }

    [Fact]
    public void As_many_beams_as_tokens_find_the_most_probable_pair()
    {
        using CausalModel model = Load("llama");
        int vocabulary = (int)model.Config.VocabSize;
        int[] found = [.. Run(model, new GenerationOptions { DoSample = false, NumBeams = vocabulary, MaxNewTokens = 2 }, First)[0].Ids];
        var best = (Score: float.NegativeInfinity, First: 0, Second: 0);
        for (int first = 0; first < vocabulary; first++)
        {
            float[] scores = TokenScores.Of(model, [.. First, first, 0]);
            float begin = scores[First.Length - 1];
            int second = 0;
            float most = float.NegativeInfinity;
            using var scope = Scope.Open();
            using var guard = Autograd.NoGrad();
            float[] next = model.Logits(new ModelInput { InputIds = Tensors.Ids([.. First.Append(first).Select(id => (long)id)]) }).Narrow(1, First.Length, 1).LogSoftmax(-1).ToFloats();
            for (int id = 0; id < vocabulary; id++)
            {
                if (next[id] > most) (most, second) = (next[id], id);
            }

            if (begin + most > best.Score) best = (begin + most, first, second);
        }

        Assert.Equal([best.First, best.Second], found);
    }

    [Theory]
    [MemberData(nameof(Causal))]
    public void Beams_of_a_batch_are_searched_as_alone_with_and_without_cache(string family)
    {
        using CausalModel model = Load(family);
        var options = new GenerationOptions { DoSample = false, NumBeams = 3, MaxNewTokens = 8 };
        var expected = Run(model, options, First).Concat(Run(model, options, Second)).Select(row => row.Ids).ToList();
        Assert.All(expected, ids => Assert.Equal(8, ids.Count));
        Assert.Equal(expected, Run(model, options, First, Second).Select(row => row.Ids));
        Assert.Equal(expected, Run(model, options with { UseKvCache = false }, First, Second).Select(row => row.Ids));
    }

    [Fact]
    public void A_length_penalty_decides_between_short_and_long_answers()
    {
        using CausalModel model = Load("llama");
        int[] ends = [.. Enumerable.Range(0, 64)];
        GeneratedTokens With(double penalty) => new TokenGenerator(model, new GenerationOptions { DoSample = false, NumBeams = 4, MaxNewTokens = 12, LengthPenalty = penalty }, ends, 0).Run([First], new Generator(0))[0];
        GeneratedTokens small = With(-5), large = With(8);
        Assert.True(small.Stopped && small.EndId is < 64);
        Assert.True(small.Ids.Count < large.Ids.Count, $"{small.Ids.Count} and {large.Ids.Count} tokens");
    }

    [Fact]
    public void A_search_can_be_drawn_and_heard()
    {
        using CausalModel model = Load("llama");
        var heard = new List<int>();
        var options = new GenerationOptions { NumBeams = 2, MaxNewTokens = 6, TopK = 0, TopP = 1, Temperature = 2 };
        var row = new TokenGenerator(model, options, [], 0).Run([First], new Generator(1), (_, id) => { heard.Add(id); return true; })[0];
        Assert.Equal(heard, row.Ids);
        Assert.NotEqual(row.Ids, Run(model, options with { DoSample = false }, First)[0].Ids);
    }

    [Fact]
    public void Scores_are_the_log_probabilities_of_the_given_tokens()
    {
        using var scope = Scope.Open();
        using CausalModel model = Load("llama");
        float[] scores = TokenScores.Of(model, First);
        double[] logits = model.Logits(new ModelInput { InputIds = Tensors.Ids([.. First.Select(id => (long)id)]) }).ToDoubles();
        for (int t = 1; t < First.Length; t++)
        {
            double[] row = logits[((t - 1) * 128)..(t * 128)];
            Assert.Equal(row[First[t]] - Math.Log(row.Sum(Math.Exp)), scores[t - 1], 1e-5);
        }
    }

    [Fact]
    public void Filters_keep_what_their_formulas_keep()
    {
        // Probabilities 0.5, 0.25, 0.125, 0.125 of tokens 2, 0, 1, 3.
        float[] logits = [MathF.Log(2), 0, MathF.Log(4), 0];
        Assert.Equal([1f / 3, 0, 2f / 3, 0], Shaped(new GenerationOptions { Temperature = 1, TopK = 2, TopP = 1 }), new Near());
        Assert.Equal([1f / 3, 0, 2f / 3, 0], Shaped(new GenerationOptions { Temperature = 1, TopK = 0, TopP = 0.6 }), new Near());
        Assert.Equal([0, 0, 1, 0], Shaped(new GenerationOptions { Temperature = 1, TopK = 0, TopP = 0.5 }), new Near());
        Assert.Equal([1f / 3, 0, 2f / 3, 0], Shaped(new GenerationOptions { Temperature = 1, TopK = 0, TopP = 1, MinP = 0.3 }), new Near());
        Assert.Equal([4f / 22, 1f / 22, 16f / 22, 1f / 22], Shaped(new GenerationOptions { Temperature = 0.5, TopK = 0, TopP = 1 }), new Near());
        float[] row = [2, -2, 1, 0];
        LogitsFilter.Process(row, [0, 1, 0], new GenerationOptions { RepetitionPenalty = 2 }, 0, []);
        Assert.Equal([1f, -4, 1, 0], row);

        float[] Shaped(GenerationOptions options)
        {
            float[] copy = [.. logits];
            LogitsFilter.Shape(copy, options);
            return copy;
        }
    }

    private static CausalModel Load(string family)
    {
        using var scope = Scope.Open();
        return Tensors.Causal(family);
    }

    private static IReadOnlyList<GeneratedTokens> Run(CausalModel model, GenerationOptions options, params int[][] prompts) =>
        new TokenGenerator(model, options, [], 0).Run(prompts, new Generator(0));

    private sealed class Near : IEqualityComparer<float>
    {
        public bool Equals(float x, float y) => Math.Abs(x - y) < 1e-6;

        public int GetHashCode(float value) => 0;
    }
}
