using Tunesmith.Runs;
using Tunesmith.Runs.Recipes;

namespace Tunesmith.Tests.Recipes;

public sealed class RecipeTests
{
    internal sealed record ToyOptions
    {
        [RecipeKey("lora_rank", "Rank of the update.", Min = 1)] public int LoraRank { get; init; } = 8;
        [RecipeKey("lora_alpha", "Scale.")] public int? LoraAlpha { get; init; }
        [RecipeKey("learning_rate", "Step size.", Min = 0)] public double LearningRate { get; init; } = 5e-5;
        [RecipeKey("save_strategy", "When to save.", Choices = ["no", "steps", "epoch"])] public string SaveStrategy { get; init; } = "steps";
        [RecipeKey("do_train", "Whether to train.")] public bool DoTrain { get; init; }
        [RecipeKey("dataset", "Data sets.")] public IReadOnlyList<string> Dataset { get; init; } = [];
        [RecipeKey("lr_scheduler_kwargs", "More for the schedule.")] public IReadOnlyDictionary<string, object?>? Kwargs { get; init; }
        [RecipeKey("output_dir", "Where.")] public string? OutputDir { get; init; } = "saves";
        [RecipeKey("max_samples", "How many.", Min = 1)] public long? MaxSamples { get; init; }
    }

    private static ToyOptions Bind(string text, params string[] overrides)
    {
        var recipe = Recipe.Parse(text, "toy.yaml", overrides);
        var options = recipe.Bind<ToyOptions>();
        recipe.ThrowIfProblems();
        return options;
    }

    private static string Refusal(string text, params string[] overrides) =>
        Assert.Throws<UsageException>(() => Bind(text, overrides)).Message;

    [Theory]
    [InlineData("1e-4", 1e-4)]
    [InlineData("1.0e-4", 1e-4)]
    [InlineData("'1e-4'", 1e-4)]
    [InlineData("5", 5)]
    [InlineData(".5", 0.5)]
    [InlineData("1_000.5", 1000.5)]
    public void Numbers_are_read_as_OmegaConf_reads_them(string written, double expected) =>
        Assert.Equal(expected, Bind($"learning_rate: {written}").LearningRate);

    [Theory]
    [InlineData("true", true)]
    [InlineData("yes", true)]
    [InlineData("On", true)]
    [InlineData("no", false)]
    [InlineData("False", false)]
    public void Booleans_are_those_of_YAML_1_1(string written, bool expected) => Assert.Equal(expected, Bind($"do_train: {written}").DoTrain);

    [Theory]
    [InlineData("no", "no")]
    [InlineData("\"no\"", "no")]
    [InlineData("false", "no")]
    [InlineData("epoch", "epoch")]
    public void A_bare_no_is_the_choice_no(string written, string expected) => Assert.Equal(expected, Bind($"save_strategy: {written}").SaveStrategy);

    [Fact]
    public void A_list_is_a_YAML_list_or_a_comma_separated_text()
    {
        Assert.Equal(["a", "b"], Bind("dataset: a, b").Dataset);
        Assert.Equal(["a", "b"], Bind("dataset: [a, b]").Dataset);
        Assert.Equal(["a", "b"], Bind("dataset:\n- a\n- b").Dataset);
        Assert.Equal(["a", "b"], Bind("", "dataset=[a,b]").Dataset);
    }

    [Fact]
    public void A_mapping_is_YAML_or_JSON_text()
    {
        Assert.Equal(1e-6, Bind("lr_scheduler_kwargs: {min_lr: 1e-6}").Kwargs!["min_lr"]);
        Assert.Equal(1e-6, Bind("lr_scheduler_kwargs: '{\"min_lr\": 1e-6}'").Kwargs!["min_lr"]);
        Assert.Equal(1e-6, Bind("", "lr_scheduler_kwargs.min_lr=1e-6").Kwargs!["min_lr"]);
    }

    [Fact]
    public void The_command_line_overrides_the_file()
    {
        var options = Bind("lora_rank: 4\nlora_alpha: 3", "lora_rank=16", "--learning-rate", "0.1", "--do_train", "lora_alpha=null");
        Assert.Equal((16, 0.1, true, null), (options.LoraRank, options.LearningRate, options.DoTrain, options.LoraAlpha));
    }

    [Fact]
    public void Null_means_absent_for_a_key_that_has_no_null() => Assert.Equal(8, Bind("lora_rank: null").LoraRank);

    [Fact]
    public void A_whole_number_may_be_written_as_a_float() => Assert.Equal(1000, Bind("max_samples: 1e3").MaxSamples);

    [Fact]
    public void A_reference_takes_another_keys_value() => Assert.Equal("saves/rank4", Bind("lora_rank: 4\noutput_dir: saves/rank${lora_rank}").OutputDir);

    [Fact]
    public void Every_problem_is_told_at_once_with_its_line()
    {
        var message = Refusal("""
            lora_rank: 0
            learning_rate: fast
            lora_rnak: 4
            save_strategy: sometimes
            use_galore: true
            """, "do_train=maybe");
        Assert.Equal("""
            toy.yaml: 6 problems
              command line: do_train: got maybe; expected true or false.
              line 1: lora_rank: got 0; expected a whole number of at least 1.
              line 2: learning_rate: got fast; expected a number of at least 0.
              line 3: 'lora_rnak' is not a key of a recipe. Did you mean 'lora_rank'?
              line 4: save_strategy: got sometimes; expected one of no, steps, epoch.
              line 5: use_galore: got true; expected false, because this is not built yet and would change the result. Remove the line to go on without it.
            """.ReplaceLineEndings("\n"), message);
    }

    [Fact]
    public void Keys_without_effect_are_accepted_and_named()
    {
        var recipe = Recipe.Parse("preprocessing_num_workers: 16\nddp_timeout: 180000000\nuse_galore: false\nfp16: no", "toy.yaml");
        recipe.ThrowIfProblems();
        Assert.Equal(["preprocessing_num_workers", "ddp_timeout", "use_galore", "fp16"], recipe.WithoutEffect);
    }

    [Theory]
    [InlineData("a: 1\na: 2", "toy.yaml, line 2: 'a' stands a second time; it is set in line 1 already. Remove one of the two.")]
    [InlineData("a: &x 1\nb: *x", "toy.yaml, line 1: YAML anchors and aliases (&name, *name) are not read in recipes. Write the value out, or put it in quotes.")]
    [InlineData("a: 1\nb: !!python/object:os.system x", "line 2: the YAML tag")]
    [InlineData("- a\n- b", "toy.yaml, line 1: expected 'key: value' lines.")]
    [InlineData("a: 1\n---\nb: 2", "a second YAML document begins")]
    [InlineData("a: [1, 2", "not readable as YAML")]
    [InlineData("a: [[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]", "nested more than 16 levels deep")]
    public void Broken_or_hostile_YAML_is_one_clear_error(string text, string expected) => Assert.Contains(expected, Refusal(text));

    [Fact]
    public void JSON_is_read_with_line_numbers()
    {
        var recipe = Recipe.Parse("{\n  \"lora_rank\": 4,\n  \"dataset\": [\"a\", \"b\"],\n  \"lora_alpha\": null\n}", "toy.json");
        var options = recipe.Bind<ToyOptions>();
        Assert.Equal(4, options.LoraRank);
        Assert.Equal("recipe line 2", recipe.Origin("lora_rank").ToString());
        Assert.Contains("toy.json, line 2", Assert.Throws<UsageException>(() => Recipe.Parse("{\"a\": 1,\n\"a\": 2}", "toy.json")).Message);
        Assert.Contains("not readable as JSON", Assert.Throws<UsageException>(() => Recipe.Parse("{\"a\": ", "toy.json")).Message);
    }

    [Fact]
    public void Every_value_knows_its_origin()
    {
        var recipe = Recipe.Parse("# a comment\n\nlora_rank: 4", "toy.yaml", ["do_train=true"]);
        recipe.Bind<ToyOptions>();
        recipe.Resolve("lora_alpha", 8, new Origin(OriginKind.Derived, 0, "lora_rank"));
        string Of(string key) => recipe.Resolved.Single(entry => entry.Name == key).Origin.ToString();
        Assert.Equal(("recipe line 3", "command line", "default", "derived from lora_rank"), (Of("lora_rank"), Of("do_train"), Of("learning_rate"), Of("lora_alpha")));
    }

    [Fact]
    public void A_resolved_recipe_reads_back_as_itself()
    {
        var recipe = Recipe.Parse("lora_rank: 4\noutput_dir: 'a: \"b\" # c\\d ü'\nlearning_rate: 1e-7\ndataset: [a, 'b c', '007', 'no']\nlr_scheduler_kwargs: {x: 1, y: [true, null, 2.0]}", "toy.yaml");
        var options = recipe.Bind<ToyOptions>();
        var text = RecipeWriter.ToYaml(recipe.Resolved, "A heading");
        var again = Recipe.Parse(text, "again.yaml").Bind<ToyOptions>();
        Assert.Equal(options.OutputDir, again.OutputDir);
        Assert.Equal(options.LearningRate, again.LearningRate);
        Assert.Equal(options.Dataset, again.Dataset);
        Assert.Equal(RecipeWriter.Value(options.Kwargs), RecipeWriter.Value(again.Kwargs));
        Assert.Contains("learning_rate: 1.0e-07", text);
    }

    [Fact]
    public void A_missing_file_names_the_nearest_neighbour()
    {
        var folder = Directory.CreateTempSubdirectory("recipes-").FullName;
        File.WriteAllText(Path.Combine(folder, "quickstart.yaml"), "do_train: true");
        var message = Assert.Throws<UsageException>(() => Recipe.Load(Path.Combine(folder, "quikstart.yaml"))).Message;
        Directory.Delete(folder, recursive: true);
        Assert.Contains("there is no file", message);
    }

    [Theory]
    [InlineData(new byte[] { 0x61, 0x3A, 0x20, 0xFF, 0xFE }, "bytes that are not UTF-8")]
    [InlineData(new byte[] { 0x61, 0x3A, 0x20, 0x0A, 0x00 }, "line 2: has a zero byte")]
    public void Bytes_that_are_no_text_are_refused(byte[] bytes, string expected)
    {
        var path = Path.GetTempFileName();
        File.WriteAllBytes(path, bytes);
        Assert.Contains(expected, Assert.Throws<UsageException>(() => Recipe.Load(path)).Message);
        File.Delete(path);
    }

    [Fact]
    public void A_recipe_after_another_takes_its_keys_as_they_are()
    {
        var other = Recipe.Parse("lora_alpha: null\noutput_dir: '{a: b}'\ndataset: ['a, b', null]\nlora_rank: 3", "run.yaml");
        var recipe = Recipe.After(other, ["lora_alpha", "output_dir", "dataset", "do_train"], new Dictionary<string, object> { ["save_strategy"] = "no" }, ["lora_alpha=4"]);
        var options = recipe.Bind<ToyOptions>();
        recipe.ThrowIfProblems();
        Assert.Equal((8, 4, "{a: b}", "no"), (options.LoraRank, options.LoraAlpha, options.OutputDir, options.SaveStrategy));
        Assert.Equal(["a, b", "null"], options.Dataset);
        Assert.Equal(OriginKind.CommandLine, recipe.Origin("output_dir").Kind);

        var bare = Recipe.After(null, ["output_dir"], new Dictionary<string, object> { ["dataset"] = new[] { "a, b", "[c]" }, ["output_dir"] = "${x}" }, []);
        Assert.Equal(["a, b", "[c]"], bare.Bind<ToyOptions>().Dataset);
        Assert.Equal("${x}", bare.Bind<ToyOptions>().OutputDir);
    }
}
