using System.Text.Json.Nodes;
using Tunesmith.Models;
using Tunesmith.Models.Blocks;
using Tunesmith.Models.Checkpoints;
using Tunesmith.Runs;
using Tunesmith.Torch;

namespace Tunesmith.Tests.Families;

/// <summary>Frequencies of the kinds and field forms that no recorded case has, against values worked out from their formulas.</summary>
public class RopeFrequencyTests
{
    private const int Head = 8;
    private const long Positions = 64;

    // 10000^(-2i/8)
    private static readonly double[] Plain = [1, 0.1, 0.01, 0.001];

    [Fact]
    public void Longrope_divides_by_the_short_or_the_long_factors_and_scales_by_the_root_of_a_logarithm()
    {
        RopeFrequencies rope = Read("""{"max_position_embeddings": 64, "rope_scaling": {"rope_type": "longrope", "original_max_position_embeddings": 16, "short_factor": [1, 2, 4, 5], "long_factor": [2, 4, 8, 10]}}""");
        Same([1, 0.05, 0.0025, 0.0002], rope.At(16));
        Same([0.5, 0.025, 0.00125, 0.0001], rope.At(17));
        Assert.True(rope.DependsOnLength);
        Assert.Equal(Math.Sqrt(1.5), rope.AttentionFactor, 1e-12); // 1 + ln 4 / ln 16
    }

    [Fact]
    public void Longrope_takes_a_given_attention_factor_and_a_given_factor()
    {
        static RopeFrequencies Longrope(string more) =>
            Read("{\"rope_scaling\": {\"type\": \"longrope\", " + more + "\"short_factor\": [1, 1, 1, 1], \"long_factor\": [1, 1, 1, 1]}}");

        Assert.Equal(1.25, Longrope("\"attention_factor\": 1.25, ").AttentionFactor);
        Assert.Equal(1, Longrope("").AttentionFactor); // the length was not stretched
        Assert.Equal(Math.Sqrt(1 + (Math.Log(8) / Math.Log(64))), Longrope("\"factor\": 8, ").AttentionFactor, 1e-12);
    }

    [Theory]
    [InlineData("""{"rope_scaling": {"rope_type": "longrope", "short_factor": [1, 1], "long_factor": [1, 1, 1, 1]}}""", "got 2 numbers as short_factor; expected 4")]
    [InlineData("""{"rope_scaling": {"rope_type": "longrope", "short_factor": [1, 1, 1, 1], "long_factor": [1, 1, 0, 1]}}""", "got no usable list as long_factor; expected 4")]
    [InlineData("""{"rope_scaling": {"rope_type": "linear", "factor": 2, "partial_rotary_factor": 0.5}}""", "got linear with partial_rotary_factor 0.5; expected 1")]
    [InlineData("""{"rope_scaling": {"rope_type": "linear"}}""", "got linear without factor")]
    [InlineData("""{"rope_scaling": {"rope_type": "proportional"}}""", "got rope_type 'proportional'; expected one of default, dynamic, linear, llama3, longrope, yarn")]
    public void What_cannot_be_computed_is_refused(string config, string message) =>
        Assert.Contains(message, Assert.Throws<UsageException>(() => Read(config)).Message);

    [Fact]
    public void The_plain_kind_turns_whole_heads_whatever_the_partial_factor_says() =>
        Same(Plain, Read("""{"partial_rotary_factor": 0.5}""").At(1));

    [Fact]
    public void Published_scaling_wins_over_the_newer_form() =>
        Same([.. Plain.Select(f => f / 4)], Read("""{"rope_scaling": {"rope_type": "linear", "factor": 4}, "rope_parameters": {"rope_type": "default", "rope_theta": 100}}""").At(1));

    [Fact]
    public void The_original_length_beside_the_scaling_wins_over_the_one_inside()
    {
        RopeFrequencies outside = Read("""{"original_max_position_embeddings": 16, "rope_scaling": {"rope_type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4, "original_max_position_embeddings": 4096}}""");
        // Wavelengths 6.3, 63, 628, 6283 against 16 / 4 and 16 / 1: the first lies between, the others are divided.
        double smooth = ((16 / (2 * Math.PI)) - 1) / 3;
        Same([((1 - smooth) / 8) + smooth, 0.1 / 8, 0.01 / 8, 0.001 / 8], outside.At(1));
    }

    [Fact]
    public void Yarn_without_rounding_ramps_between_fractions_and_divides_the_two_scales()
    {
        RopeFrequencies rope = Read("""{"rope_scaling": {"rope_type": "yarn", "factor": 4, "original_max_position_embeddings": 16, "truncate": false, "beta_fast": 2, "beta_slow": 0.5, "mscale": 2.0, "mscale_all_dim": 0.5}}""");
        double Dimension(double turns) => 8 * Math.Log(16 / (turns * 2 * Math.PI)) / (2 * Math.Log(10000));
        double low = Math.Max(Dimension(2), 0), high = Dimension(0.5);
        double[] expected = [.. Plain.Select((f, i) => (Ramp(i) * f / 4) + ((1 - Ramp(i)) * f))];
        Same(expected, rope.At(1));
        Assert.Equal(((0.2 * Math.Log(4)) + 1) / ((0.05 * Math.Log(4)) + 1), rope.AttentionFactor, 1e-12);
        Same(Read("""{"rope_scaling": {"rope_type": "yarn", "factor": 4, "original_max_position_embeddings": 16}}""").At(1), Read("""{"rope_scaling": {"rope_type": "yarn", "factor": 4, "original_max_position_embeddings": 16, "beta_fast": 0, "beta_slow": null}}""").At(1));

        double Ramp(int i) => Math.Clamp((i - low) / (high - low), 0, 1);
    }

    [Theory]
    [InlineData("linear")]
    [InlineData("dynamic")]
    [InlineData("yarn")]
    [InlineData("llama3")]
    public void A_stretch_that_is_asked_for_is_the_one_that_config_json_would_say(string kind)
    {
        using var scope = Scope.Open();
        using var folder = new TempFolder();
        var config = (JsonObject)JsonNode.Parse(File.ReadAllText(Path.Combine(Tensors.Family("llama"), "config.json")))!;
        Assert.Equal(64, config["max_position_embeddings"]!.GetValue<int>());
        config["max_position_embeddings"] = 200;
        config["rope_scaling"] = JsonNode.Parse("{\"rope_type\": \"" + kind + "\", \"factor\": 4.0, \"original_max_position_embeddings\": 64, \"low_freq_factor\": 1.0, \"high_freq_factor\": 4.0}");
        File.WriteAllText(folder.File("config.json"), config.ToJsonString());
        File.Copy(Path.Combine(Tensors.Family("llama"), "model.safetensors"), folder.File("model.safetensors"));
        var input = new ModelInput { InputIds = Tensor.From([.. Enumerable.Range(0, 210).Select(i => (long)(i * 7 % 128))], 1, 210) };
        using var said = (CausalModel)ModelLoader.Load(folder.Path).Model;
        using var asked = (CausalModel)ModelLoader.Load(Tensors.Family("llama"), new LoadOptions { RopeScaling = kind, TextLength = 200 }).Model;
        Assert.True(said.Logits(input).EqualBits(asked.Logits(input)));
    }

    private static RopeFrequencies Read(string config) => RopeFrequencies.Read((JsonObject)JsonNode.Parse(config)!, Head, Positions);

    private static void Same(IReadOnlyList<double> expected, float[] actual)
    {
        Assert.Equal(expected.Count, actual.Length);
        for (int i = 0; i < actual.Length; i++)
        {
            Assert.Equal(expected[i], actual[i], Math.Abs(expected[i]) * 1e-6);
        }
    }

    private static void Same(float[] expected, float[] actual) => Assert.Equal(expected, actual);
}
