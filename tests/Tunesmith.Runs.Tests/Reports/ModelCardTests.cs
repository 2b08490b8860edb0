using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Tunesmith.Runs.Reports;

namespace Tunesmith.Tests.Runs.Reports;

public sealed class ModelCardTests
{
    [SharedFact("golden/llamafactory-runs")]
    public void The_card_is_the_reference_s_word_for_word_in_every_recorded_supervised_run()
    {
        int compared = 0;
        foreach (var folder in Directory.EnumerateDirectories(Repo.SharedPath("golden", "llamafactory-runs")!))
        {
            var name = Path.GetFileName(folder);
            var card = Path.Combine(folder, "out", "README.md");
            if (!(name.StartsWith("sft_", StringComparison.Ordinal) || name.StartsWith("pt_", StringComparison.Ordinal)) || !File.Exists(card)) continue;
            var recipe = File.ReadLines(Path.Combine(folder, "run.yaml")).Select(line => line.Split(':', 2)).Where(parts => parts.Length == 2 && !parts[0].StartsWith('#'))
                .ToDictionary(parts => parts[0].Trim(), parts => parts[1].Trim());
            string Get(string key, string otherwise) => recipe.TryGetValue(key, out var value) ? value : otherwise;
            double Number(string key, double otherwise) => recipe.TryGetValue(key, out var value) ? double.Parse(value, CultureInfo.InvariantCulture) : otherwise;
            var state = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "out", "trainer_state.json")))!;
            var expected = File.ReadAllText(card);
            var versions = Regex.Matches(expected[expected.IndexOf("### Framework versions", StringComparison.Ordinal)..], "- (\\S+) (\\S+)").Select(match => (match.Groups[1].Value, match.Groups[2].Value)).ToList();
            double ratio = Number("warmup_ratio", -1);
            var rendered = ModelCard.Render(new ModelCardFacts
            {
                Name = Path.GetFileName(Get("output_dir", "")), BaseModel = Get("model_name_or_path", ""), Datasets = Get("dataset", "").Split(','), FinetuningType = Get("finetuning_type", "lora"),
                LearningRate = Number("learning_rate", 5e-5), TrainBatchSize = (int)Number("per_device_train_batch_size", 8), EvalBatchSize = (int)Number("per_device_eval_batch_size", 8),
                Seed = (long)Number("seed", 42), GradientAccumulationSteps = (int)Number("gradient_accumulation_steps", 1), Optimizer = Get("optim", "adamw_torch_fused"),
                Scheduler = Get("lr_scheduler_type", "linear"), WarmupSteps = ratio >= 0 ? ratio : Number("warmup_steps", 0), MaxSteps = (long)Number("max_steps", -1), Epochs = Number("num_train_epochs", 3),
                LogHistory = state["log_history"]!.AsArray(), Versions = versions,
            });
            Assert.True(expected == rendered, $"{name}:\n--- expected\n{expected}\n--- got\n{rendered}");
            compared++;
        }
        Assert.True(compared > 20, $"only {compared} cards were compared");
    }

    [Theory]
    [InlineData(0.1, "0.1")]
    [InlineData(1.0, "1.0")]
    [InlineData(1e-4, "0.0001")]
    [InlineData(5e-5, "5e-05")]
    [InlineData(1.25e-5, "1.25e-05")]
    [InlineData(123456789.0, "123456789.0")]
    [InlineData(1e15, "1000000000000000.0")]
    [InlineData(1e16, "1e+16")]
    [InlineData(-2.5e300, "-2.5e+300")]
    [InlineData(0.0, "0.0")]
    public void Numbers_are_written_as_python_writes_them(double value, string text) => Assert.Equal(text, PythonNumber.Of(value));

    [Fact]
    public void A_run_without_evaluation_has_no_results_and_names_that_need_quotes_get_them()
    {
        var card = ModelCard.Render(new ModelCardFacts
        {
            Name = "8 days", BaseModel = "models/it's", FinetuningType = "full", LearningRate = 1e-3, TrainBatchSize = 4, EvalBatchSize = 8, Seed = 1, Scheduler = "linear",
            MaxSteps = 10, Versions = [("Tunesmith", "0.1.0")],
        });
        Assert.DoesNotContain("achieves", card, StringComparison.Ordinal);
        Assert.Contains("on an unknown dataset.\n\n## Model description", card, StringComparison.Ordinal);
        Assert.Contains("base_model: 'models/it''s'", card, StringComparison.Ordinal);
        Assert.Contains("- name: '8 days'", card, StringComparison.Ordinal);
        Assert.Contains("- training_steps: 10\n", card, StringComparison.Ordinal);
        Assert.EndsWith("- Tunesmith 0.1.0\n", card, StringComparison.Ordinal);
    }

    [Fact]
    public void The_card_of_an_adapter_names_its_base()
    {
        var card = ModelCard.RenderAdapter("base", [("PEFT", "0.18.1")]);
        Assert.StartsWith("---\nlibrary_name: peft\nbase_model: base\ntags:\n- base_model:adapter:base\n- lora\n- transformers\npipeline_tag: text-generation\n---\n", card, StringComparison.Ordinal);
    }
}
