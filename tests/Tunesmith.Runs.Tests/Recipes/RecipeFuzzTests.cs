using System.Text;
using Tunesmith.Runs;
using Tunesmith.Runs.Recipes;

namespace Tunesmith.Tests.Recipes;

/// <summary>Mutilated recipes: a right result or one clear error, never anything else.</summary>
public sealed class RecipeFuzzTests
{
    private static readonly string[] Seeds =
    [
        "stage: sft\ndo_train: true\nlora_rank: 8\nlearning_rate: 1.0e-4\ndataset: identity,alpaca_en_demo\nlr_scheduler_kwargs: {min_lr: 1e-5, x: [1, 2]}\noutput_dir: saves/${stage}\n",
        "# a comment\n\nlora_target:\n  - q_proj\n  - 'v_proj'\nsystem: |\n  You are\n  a poet.\nnote: >-\n  folded\n  text\nempty:\nquoted: \"a\\tb\\u00e9\"\n",
        "a: &x [1, 2]\nb: *x\nc: !!str 3\n? complex\n: value\n---\nd: 1\n...\n",
        "max_steps: 0x1F\nsave_strategy: no\nseed: 1_000\nbig: 99999999999999999999\nnan: .nan\ndate: 2026-01-01\n",
        "{\"stage\": \"sft\", \"lora_rank\": 8, \"dataset\": [\"a\", \"b\"], \"x\": {\"y\": null, \"z\": 1e-4}, \"s\": \"\\ud83d\\ude00\"}",
    ];

    private static readonly string[] Pieces =
    [
        ": ", "- ", "{", "}", "[", "]", "\n", "\t", "  ", "&a ", "*a", "!!map ", "!<x>", "|", ">", "|+9", "#", "'", "\"", "\\x", "\\uD800", "---\n", "...\n", "%YAML 9.9\n", "? ", "\0",
        "\uFEFF", "\u2028", "${a}", "${${a}}", "${lora_rank}", "<<: ", "1e999", "-", "é", "😀", "\r", "\u0085", "@", "`", ",", "null", "~", "=",
    ];

    [Fact]
    public void Mutilated_recipes_give_a_result_or_one_clear_error() => Fuzz(500, seed: 1);

    [Fact]
    [Trait("Category", "Slow")]
    public void Twenty_thousand_mutilated_recipes_give_a_result_or_one_clear_error() => Fuzz(20_000, seed: 2);

    private static void Fuzz(int cases, int seed)
    {
        var random = new Random(seed);
        for (int i = 0; i < cases; i++)
        {
            int kind = random.Next(Seeds.Length);
            var text = Mutilate(Seeds[kind], random);
            var name = kind == Seeds.Length - 1 ? "toy.json" : "toy.yaml";
            try
            {
                var source = RecipeText.Decode(Encoding.UTF8.GetBytes(text), name);
                var recipe = Recipe.Parse(source, name, random.Next(4) == 0 ? ["lora_rank=" + text[..Math.Min(text.Length, 20)]] : null);
                recipe.Bind<RecipeTests.ToyOptions>();
                recipe.ThrowIfProblems();
                RecipeWriter.ToYaml(recipe.Resolved);
            }
            catch (UsageException problem)
            {
                Assert.False(string.IsNullOrWhiteSpace(problem.Message));
                Assert.True(problem.Message.Length < 20_000, $"a message of {problem.Message.Length} characters");
            }
            catch (Exception other)
            {
                Assert.Fail($"case {i}: {other.GetType().Name} ({other.Message}) on\n{text}");
            }
        }
    }

    private static string Mutilate(string text, Random random)
    {
        var bytes = new StringBuilder(text);
        for (int edits = random.Next(1, 8); edits > 0 && bytes.Length > 0; edits--)
        {
            int at = random.Next(bytes.Length);
            switch (random.Next(6))
            {
                case 0: bytes.Remove(at, Math.Min(bytes.Length - at, random.Next(1, 12))); break;
                case 1: bytes.Insert(at, Pieces[random.Next(Pieces.Length)]); break;
                case 2: bytes[at] = (char)random.Next(1, 128); break;
                case 3: bytes.Insert(at, bytes.ToString(at, Math.Min(bytes.Length - at, random.Next(1, 40)))); break;
                case 4: bytes.Insert(at, string.Concat(Enumerable.Repeat(Pieces[random.Next(Pieces.Length)], random.Next(1, 200)))); break;
                default: bytes.Length = at; break;
            }
        }
        return bytes.ToString();
    }
}
