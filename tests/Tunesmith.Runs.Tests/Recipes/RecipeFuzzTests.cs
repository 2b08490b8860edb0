using System.Text;
using Tunesmith.Runs;
using Tunesmith.Runs.Recipes;

namespace Tunesmith.Tests.Recipes;

/// <summary>Damaged recipes: a right result or one clear error, never anything else.</summary>
public sealed class RecipeFuzzTests
{
    private static readonly string[] Yaml =
    [
        "do_train: true\nlora_rank: 8\nlearning_rate: 1.0e-4\ndataset: identity,alpaca_en_demo\nlr_scheduler_kwargs: {min_lr: 1e-5, x: [1, 2]}\noutput_dir: saves/${save_strategy}\nsave_strategy: steps\n",
        "# a comment\n\ndataset:\n  - q_proj\n  - 'v_proj'\n  - \"a\\tb\\u00e9\"\noutput_dir: >-\n  folded\n  text\nlora_alpha:\nlr_scheduler_kwargs:\n  text: |\n    You are\n    a poet.\n",
        "max_samples: 0x1F\nsave_strategy: no\nlora_rank: 1_000\nlr_scheduler_kwargs: {big: 99999999999999999999, nan: .nan, date: 2026-01-01}\n",
        "dataset: &x [1, 2]\nlora_rank: *x\noutput_dir: !!str 3\n? complex\n: value\n---\nd: 1\n...\n",
        "a: &a [x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b]\nd: [*c, *c, *c, *c, *c, *c, *c, *c, *c]\n",
    ];

    private const string Json = "{\"lora_rank\": 8, \"learning_rate\": 1e-4, \"dataset\": [\"a\", \"b\"], \"lr_scheduler_kwargs\": {\"y\": null, \"z\": 1e-4}, \"output_dir\": \"\\ud83d\\ude00\", \"do_train\": true}";

    private static readonly string[] Pieces =
    [
        ": ", "- ", "{", "}", "[", "]", "\n", "\t", "  ", "&a ", "*a", "!!map ", "!<x>", "!!binary ", "!!python/object/apply:os.system ", "|", ">", "|+9", "#", "'", "\"", "\\x", "\\uD800", "---\n", "...\n", "%YAML 9.9\n", "%TAG ! x\n",
        "? ", "\0", "\uFEFF", "\u2028", "${a}", "${${a}}", "${lora_rank}", "${stage}${stage}", "<<: ", "<<: *a\n", "1e999", "-", "é", "😀", "\r", "\u0085", "@", "`", ",", "null", "~", "=", "a: ", "a:\n  ", "\n\n- - - - ", "99999999999999999999", "lora_rank: 1\n",
    ];

    [Fact]
    public void Damaged_yaml_is_a_recipe_or_one_clear_error() =>
        Reader("toy.yaml").Run("yaml", Fuzz.Count(500), new Damage(1, [.. Yaml.Select(Encoding.UTF8.GetBytes)], Pieces));

    [Fact]
    public void Damaged_json_is_a_recipe_or_one_clear_error() =>
        Reader("toy.json").Run("recipe-json", Fuzz.Count(300), new Damage(2, [Encoding.UTF8.GetBytes(Json)], ["{", "}", "\"", ",", ":", "[", "]", "\\u0000", "${lora_rank}", "1e999", "//"], json: true));

    private static Fuzz Reader(string name) => new()
    {
        IsOurs = error => error is UsageException,
        Read = file =>
        {
            string text = RecipeText.Decode(file, name);
            var recipe = Recipe.Parse(text, name, file.Length % 4 == 0 ? ["lora_rank=" + text[..Math.Min(text.Length, 20)]] : null);
            recipe.Bind<RecipeTests.ToyOptions>();
            recipe.ThrowIfProblems();
            // What was read is what is written, and reads back.
            string written = RecipeWriter.ToYaml(recipe.Resolved);
            Recipe.Parse(written, "written.yaml").Bind<RecipeTests.ToyOptions>();
        },
    };
}
