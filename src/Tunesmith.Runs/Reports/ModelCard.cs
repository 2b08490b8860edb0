using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tunesmith.Runs.Reports;

/// <summary>What a run's model card tells; names and defaults as in the recipe.</summary>
public sealed record ModelCardFacts
{
    /// <summary>The last part of <c>output_dir</c>.</summary>
    public required string Name { get; init; }

    /// <summary><c>model_name_or_path</c> as the recipe has it.</summary>
    public required string BaseModel { get; init; }

    /// <summary>Names of the data sets; none = an unknown one.</summary>
    public IReadOnlyList<string> Datasets { get; init; } = [];

    /// <summary>full, freeze or lora.</summary>
    public required string FinetuningType { get; init; }

    public required double LearningRate { get; init; }
    public required int TrainBatchSize { get; init; }
    public required int EvalBatchSize { get; init; }
    public required long Seed { get; init; }
    public int GradientAccumulationSteps { get; init; } = 1;

    /// <summary>The value of <c>optim</c>.</summary>
    public string Optimizer { get; init; } = "adamw_torch_fused";

    public string? OptimizerArguments { get; init; }
    public double AdamBeta1 { get; init; } = 0.9;
    public double AdamBeta2 { get; init; } = 0.999;
    public double AdamEpsilon { get; init; } = 1e-8;
    public required string Scheduler { get; init; }

    /// <summary>Warm-up as given: a number of steps, or below 1 a share of them.</summary>
    public double WarmupSteps { get; init; }

    /// <summary><c>max_steps</c>; -1 = by epochs.</summary>
    public long MaxSteps { get; init; } = -1;

    public double Epochs { get; init; } = 3;
    public double LabelSmoothing { get; init; }

    /// <summary>The entries of trainer_state.json's <c>log_history</c>.</summary>
    public IEnumerable<JsonNode?> LogHistory { get; init; } = [];

    /// <summary>Lines under "Framework versions": name and version.</summary>
    public IReadOnlyList<(string Name, string Version)> Versions { get; init; } = [];
}

/// <summary>
/// The README.md that LLaMA-Factory 0.9.5 leaves in an output folder (transformers' modelcard.py with PEFT's tags), so that tools
/// and people who know it find everything at its place.
/// </summary>
public static class ModelCard
{
    private const string Unknown = "More information needed";

    /// <summary>The card of a finished run.</summary>
    public static string Render(ModelCardFacts facts)
    {
        bool adapter = facts.FinetuningType == "lora";
        var (lines, results) = Read(facts.LogHistory);
        var card = new StringBuilder();
        Front(card, facts, adapter, generated: true, results?.Select(result => result.Name) ?? []);
        card.Append("\n<!-- This model card has been generated automatically according to the information the Trainer had access to. You\n")
            .Append("should probably proofread and complete it, then remove this comment. -->\n")
            .Append($"\n# {facts.Name}\n\nThis model is a fine-tuned version of [{facts.BaseModel}](https://huggingface.co/{facts.BaseModel}) on {Datasets(facts.Datasets)}.");
        if (results is not null)
            card.Append("\nIt achieves the following results on the evaluation set:\n").AppendJoin('\n', results.Select(result => $"- {result.Name}: {Rounded(result.Value)}"));
        card.Append('\n');
        foreach (var title in (string[])["Model description", "Intended uses & limitations", "Training and evaluation data"]) card.Append($"\n## {title}\n\n{Unknown}\n");
        card.Append("\n## Training procedure\n\n### Training hyperparameters\n\nThe following hyperparameters were used during training:\n")
            .AppendJoin('\n', Hyperparameters(facts).Select(pair => $"- {pair.Name}: {pair.Value}")).Append('\n');
        if (lines is not null) card.Append("\n### Training results\n\n").Append(Table(lines)).Append('\n');
        card.Append("\n### Framework versions\n\n").AppendJoin('\n', facts.Versions.Select(version => $"- {version.Name} {version.Version}"));
        // PEFT rewrites the card of an adapter and drops the last line's end.
        if (!adapter) card.Append('\n');
        return card.ToString();
    }

    /// <summary>The card beside an adapter inside a checkpoint: PEFT's head, and what the files are.</summary>
    public static string RenderAdapter(string baseModel, IReadOnlyList<(string Name, string Version)> versions)
    {
        var card = new StringBuilder();
        Front(card, new ModelCardFacts { Name = "", BaseModel = baseModel, FinetuningType = "lora", LearningRate = 0, TrainBatchSize = 0, EvalBatchSize = 0, Seed = 0, Scheduler = "" },
            adapter: true, generated: false, []);
        return card.Append($"\n# Adapter\n\nA low-rank adapter for {baseModel} at one point of its training: load the base model, then this folder.\n")
            .Append("\n### Framework versions\n\n").AppendJoin('\n', versions.Select(version => $"- {version.Name} {version.Version}")).ToString();
    }

    private static void Front(StringBuilder card, ModelCardFacts facts, bool adapter, bool generated, IEnumerable<string> measured)
    {
        string[] tags = adapter
            ? [$"base_model:adapter:{facts.BaseModel}", .. generated ? (string[])["llama-factory"] : [], "lora", "transformers"]
            : ["llama-factory", facts.FinetuningType, "generated_from_trainer"];
        card.Append($"---\nlibrary_name: {(adapter ? "peft" : "transformers")}\n");
        if (generated) card.Append("license: other\n");
        card.Append($"base_model: {Yaml(facts.BaseModel)}\ntags:\n");
        foreach (var tag in tags) card.Append($"- {Yaml(tag)}\n");
        string[] metrics = [.. measured.Select(name => name.ToLowerInvariant().Replace(' ', '_')).Where(KnownMetrics.Contains)];
        if (metrics.Length > 0) card.Append("metrics:\n").Append(string.Concat(metrics.Select(metric => $"- {metric}\n")));
        if (adapter) card.Append("pipeline_tag: text-generation\n");
        if (generated) card.Append($"model-index:\n- name: {Yaml(facts.Name)}\n  results: []\n");
        card.Append("---\n");
    }

    /// <summary>The measures that a card lists in its head.</summary>
    private static readonly string[] KnownMetrics =
        ["accuracy", "bleu", "f1", "matthews_correlation", "pearsonr", "precision", "recall", "rouge", "sacrebleu", "spearmanr", "wer"];

    /// <summary>A plain YAML word where that is safe, else quoted.</summary>
    private static string Yaml(string text)
    {
        bool plain = text.Length > 0 && (char.IsAsciiLetter(text[0]) || text[0] is '/' or '_' || (text[0] == '.' && text.Contains('/')))
            && text.All(c => char.IsLetterOrDigit(c) || "/_.-:".Contains(c)) && !text.EndsWith(':')
            && text.ToLowerInvariant() is not ("true" or "false" or "yes" or "no" or "on" or "off" or "null");
        return plain ? text : "'" + text.Replace("'", "''", StringComparison.Ordinal) + "'";
    }

    private static string Datasets(IReadOnlyList<string> names) => names.Count switch
    {
        0 => "an unknown dataset",
        1 => $"the {names[0]} dataset",
        _ => string.Join(", ", names.Take(names.Count - 1).Select(name => $"the {name}")) + $" and the {names[^1]} datasets",
    };

    private static IEnumerable<(string Name, string Value)> Hyperparameters(ModelCardFacts facts)
    {
        yield return ("learning_rate", PythonNumber.Of(facts.LearningRate));
        yield return ("train_batch_size", Whole(facts.TrainBatchSize));
        yield return ("eval_batch_size", Whole(facts.EvalBatchSize));
        yield return ("seed", Whole(facts.Seed));
        if (facts.GradientAccumulationSteps > 1)
        {
            yield return ("gradient_accumulation_steps", Whole(facts.GradientAccumulationSteps));
            yield return ("total_train_batch_size", Whole((long)facts.TrainBatchSize * facts.GradientAccumulationSteps));
        }
        var name = "OptimizerNames." + facts.Optimizer.ToUpperInvariant();
        var arguments = string.IsNullOrEmpty(facts.OptimizerArguments) ? "No additional optimizer arguments" : facts.OptimizerArguments;
        yield return ("optimizer", facts.Optimizer.Contains("adam", StringComparison.OrdinalIgnoreCase)
            ? $"Use {name} with betas=({PythonNumber.Of(facts.AdamBeta1)},{PythonNumber.Of(facts.AdamBeta2)}) and epsilon={PythonNumber.Of(facts.AdamEpsilon)} and optimizer_args={arguments}"
            : $"Use {name} and the args are:\n{arguments}");
        yield return ("lr_scheduler_type", facts.Scheduler);
        if (facts.WarmupSteps != 0) yield return ("lr_scheduler_warmup_steps", facts.WarmupSteps >= 1 && facts.WarmupSteps % 1 == 0 ? Whole((long)facts.WarmupSteps) : PythonNumber.Of(facts.WarmupSteps));
        if (facts.MaxSteps != -1) yield return ("training_steps", Whole(facts.MaxSteps));
        else yield return ("num_epochs", PythonNumber.Of(facts.Epochs));
        if (facts.LabelSmoothing != 0) yield return ("label_smoothing_factor", PythonNumber.Of(facts.LabelSmoothing));
    }

    private static string Whole(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static readonly string[] NotShown = ["total_flos", "eval_runtime", "eval_samples_per_second", "eval_steps_per_second", "epoch", "step"];

    /// <summary>
    /// One line for each evaluation before the training's summary, with the last training loss before it; and the last evaluation's
    /// numbers. Without the summary (evaluation only) there are no lines.
    /// </summary>
    private static (List<List<(string Name, JsonNode? Value)>>? Lines, List<(string Name, JsonNode? Value)>? Results) Read(IEnumerable<JsonNode?> history)
    {
        var entries = history.OfType<JsonObject>().ToList();
        int end = entries.FindIndex(entry => entry.ContainsKey("train_runtime"));
        int last = entries.FindLastIndex(entry => entry.ContainsKey("eval_loss"));
        var results = last < 0 ? null : Shown(entries[last]).Select(pair => (Words(pair.Key.StartsWith("eval_", StringComparison.Ordinal) ? pair.Key[5..] : pair.Key), pair.Value)).ToList();
        if (end < 0) return (null, results);
        var lines = new List<List<(string, JsonNode?)>>();
        JsonNode? loss = "No log";
        foreach (var entry in entries.Take(end))
        {
            if (entry.ContainsKey("loss")) loss = entry["loss"];
            if (!entry.ContainsKey("eval_loss")) continue;
            lines.Add([("Training Loss", loss), ("Epoch", entry["epoch"]), ("Step", entry["step"]),
                .. Shown(entry).Select(pair => (pair.Key == "eval_loss" ? "Validation Loss" : Words(pair.Key[(pair.Key.IndexOf('_') + 1)..]), pair.Value))]);
        }
        return (lines, results);
    }

    private static IEnumerable<KeyValuePair<string, JsonNode?>> Shown(JsonObject entry) =>
        entry.Where(pair => !NotShown.Contains(pair.Key)).OrderBy(pair => pair.Key == "eval_loss" ? 0 : 1);

    private static string Words(string key) => string.Join(' ', key.Split('_').Select(part => part.Length == 0 ? part : char.ToUpperInvariant(part[0]) + part[1..].ToLowerInvariant()));

    private static string Table(List<List<(string Name, JsonNode? Value)>> lines)
    {
        if (lines.Count == 0) return "";
        string[] heads = [.. lines[0].Select(cell => cell.Name)];
        string[][] rows = [.. lines.Select(line => heads.Select(head => Rounded(line.FirstOrDefault(cell => cell.Name == head).Value)).ToArray())];
        int[] widths = [.. heads.Select((head, k) => Math.Max(head.Length, rows.Max(row => row[k].Length)))];
        string Line(string[] cells) => string.Concat(cells.Select((cell, k) => $"| {cell.PadRight(widths[k])} ")) + "|\n";
        return Line(heads) + string.Concat(widths.Select(width => "|:" + new string('-', width) + ":")) + "|\n" + string.Concat(rows.Select(Line));
    }

    /// <summary>Four decimals where a number has more; whole numbers, short ones and text as they are.</summary>
    private static string Rounded(JsonNode? value)
    {
        if (value is null) return "None";
        if (value.GetValueKind() != JsonValueKind.Number) return value.ToString();
        var written = value.ToJsonString();
        if (!written.AsSpan().ContainsAny(".eE")) return written;
        double number = value.GetValue<double>();
        var text = PythonNumber.Of(number);
        int point = text.IndexOf('.');
        return point >= 0 && text.Length - point - 1 > 4 ? number.ToString("F4", CultureInfo.InvariantCulture) : text;
    }
}
