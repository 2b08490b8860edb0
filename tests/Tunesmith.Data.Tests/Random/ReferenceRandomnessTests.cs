using System.Globalization;
using System.Text.Json;
using Tunesmith.Data.Random;
using Tunesmith.Data.Splits;
using Tunesmith.Tests;

namespace Tunesmith.Data.Tests.Random;

/// <summary>Every table of numbers that the reference's own libraries drew.</summary>
public sealed class ReferenceRandomnessTests
{
    private const string Table = "golden/llamafactory-runs/randomness.json";

    private static JsonElement Read(string name)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Repo.SharedPath(Table)!));
        return document.RootElement.GetProperty(name).Clone();
    }

    private static int[] Ints(JsonElement list) => [.. list.EnumerateArray().Select(e => e.GetInt32())];

    private static int Int(JsonElement row, string name) => row.GetProperty(name).GetInt32();

    [SharedFact(Table)]
    public void Mersenne_twister_draws_the_recorded_words()
    {
        foreach (var entry in Read("mt19937_raw").EnumerateObject())
        {
            int seed = int.Parse(entry.Name, CultureInfo.InvariantCulture);
            var torch = new TorchMt19937((ulong)seed);
            var numpy = new NumpyMt19937(seed);
            foreach (var value in entry.Value.EnumerateArray())
            {
                Assert.Equal(value.GetUInt32(), torch.Next32());
                Assert.Equal(value.GetUInt32(), numpy.Next32());
            }
        }
    }

    [SharedFact(Table)]
    public void Torch_uniform_numbers_are_the_recorded_floats()
    {
        foreach (var row in Read("torch_uniform").EnumerateArray())
        {
            var generator = new TorchMt19937(row.GetProperty("seed").GetUInt64());
            foreach (var value in row.GetProperty("values").EnumerateArray())
                Assert.Equal((float)value.GetDouble(), generator.NextUniform((float)row.GetProperty("low").GetDouble(), (float)row.GetProperty("high").GetDouble()));
        }
    }

    [SharedFact(Table)]
    public void Torch_randperm_is_the_recorded_order()
    {
        foreach (var row in Read("torch_randperm").EnumerateArray())
            Assert.Equal(Ints(row.GetProperty("order")), TorchMt19937.EpochOrder(Int(row, "n"), Int(row, "seed"), 0));
    }

    [SharedFact(Table)]
    public void Pcg64_draws_the_recorded_words_and_doubles()
    {
        foreach (var entry in Read("pcg64_raw").EnumerateObject())
        {
            var generator = new NumpyPcg64(int.Parse(entry.Name, CultureInfo.InvariantCulture));
            foreach (var value in entry.Value.EnumerateArray()) Assert.Equal(value.GetString(), generator.Next64().ToString(CultureInfo.InvariantCulture));
        }
        foreach (var entry in Read("pcg64_random").EnumerateObject())
        {
            var generator = new NumpyPcg64(int.Parse(entry.Name, CultureInfo.InvariantCulture));
            foreach (var value in entry.Value.EnumerateArray()) Assert.Equal(value.GetDouble(), generator.NextDouble());
        }
    }

    [SharedFact(Table)]
    public void Train_test_split_takes_the_recorded_examples()
    {
        foreach (var row in Read("train_test_split").EnumerateArray())
        {
            int n = Int(row, "n");
            var size = row.GetProperty("test_size");
            int wanted = size.TryGetInt32(out int whole) ? whole : SplitOrders.TestCount(size.GetDouble(), n);
            var (train, test) = SplitOrders.TrainTest(n, wanted, Int(row, "seed"));
            Assert.Equal(Ints(row.GetProperty("train")), train);
            Assert.Equal(Ints(row.GetProperty("test")), test);
        }
    }

    [SharedFact(Table)]
    public void Num_samples_chooses_the_recorded_examples()
    {
        foreach (var row in Read("num_samples").EnumerateArray())
            Assert.Equal(Ints(row.GetProperty("indices")), SplitOrders.Sample(new NumpyMt19937(Int(row, "seed")), Int(row, "n"), Int(row, "num_samples")));
    }

    [SharedFact(Table)]
    public void Interleaving_takes_the_recorded_examples()
    {
        foreach (var row in Read("interleave").EnumerateArray())
        {
            int[] lengths = Ints(row.GetProperty("lengths"));
            bool over = row.GetProperty("strategy").GetString() == "interleave_over";
            var weights = row.GetProperty("probabilities");
            int[] order = weights.ValueKind == JsonValueKind.Null
                ? SplitOrders.TakeTurns(lengths, over)
                : SplitOrders.Draw(lengths, [.. weights.EnumerateArray().Select(w => w.GetDouble())], over, Int(row, "seed"));
            Assert.Equal(Ints(row.GetProperty("indices")), order);
        }
    }

    [SharedFact(Table)]
    public void A_shuffling_buffer_gives_the_recorded_order()
    {
        foreach (var row in Read("buffer_shuffle").EnumerateArray())
            Assert.Equal(Ints(row.GetProperty("order")), SplitOrders.ThroughBuffer(Int(row, "n"), Int(row, "buffer_size"), Int(row, "seed")));
    }

    // A few values of the same tables, so that a machine without them notices a broken generator too.
    [Fact]
    public void Generators_give_their_first_known_numbers()
    {
        Assert.Equal(1608637542u, new TorchMt19937(42).Next32());
        Assert.Equal(14276969152011380360UL, new NumpyPcg64(42).Next64());
        Assert.Equal([2, 6, 1, 8, 4, 5, 0, 9, 3, 7], TorchMt19937.EpochOrder(10, 42, 0));
        Assert.Equal([4], SplitOrders.TrainTest(5, 1, 42).Test);
    }

    [Fact]
    public void A_stratified_split_keeps_every_class_in_its_share()
    {
        int[] classes = [.. Enumerable.Range(0, 100).Select(i => i < 80 ? 0 : i < 97 ? 1 : 2)];
        var (train, test) = SplitOrders.Stratified(classes, 20, 7);
        Assert.Equal([16, 3, 1], new[] { 0, 1, 2 }.Select(c => test.Count(i => classes[i] == c)));
        Assert.Equal(Enumerable.Range(0, 100), train.Concat(test).Order());
    }
}
