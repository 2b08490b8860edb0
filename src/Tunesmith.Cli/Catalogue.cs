using Tunesmith.Data.Formats;
using Tunesmith.Evaluation.Metrics;
using Tunesmith.Models.Families;
using Tunesmith.Proof;
using Tunesmith.Text.Templates;
using Tunesmith.Training.Optimizers;
using Tunesmith.Training.Schedules;
using Tunesmith.Training.Stages;

namespace Tunesmith.Cli;

/// <summary>One thing that a person chooses among entries of a plate.</summary>
/// <param name="Key">Where the choice is written: a recipe key, or a file's field.</param>
/// <param name="Plate">The file with the entries, from the repository's top.</param>
internal sealed record Choice(string Kind, string Key, string Plate, Func<IEnumerable<string>> Names);

/// <summary>Every plate of the house, for <c>list</c> and docs/reference/catalogue.md.</summary>
internal static class Catalogue
{
    public static IReadOnlyList<Choice> All { get; } =
    [
        new("adapters", "finetuning_type", "src/Tunesmith.Models/Adapters/AdapterOptions.cs", () => ["freeze", "full", "lora (use_dora, use_rslora, pissa_init, loraplus_lr_ratio)"]),
        new("families", "model_type in config.json", "src/Tunesmith.Models/Families/Families.cs", () => FamilyPlate.All.Keys),
        new("formats", "formatting", "src/Tunesmith.Data/Formats/FormatPlate.cs", () => FormatPlate.Names),
        new("goldens", "folders that verify reads", "src/Tunesmith.Proof/KindPlate.cs", () => ProofRunner.Kinds),
        new("metrics", "predict_results.json", "src/Tunesmith.Evaluation/Metrics/TextMetrics.cs", () => TextMetrics.All.Select(metric => metric.Name)),
        new("optimizers", "optim", "src/Tunesmith.Training/Optimizers/Optimizers.cs", () => Optimizers.Names),
        new("schedules", "lr_scheduler_type", "src/Tunesmith.Training/Schedules/Schedules.cs", () => Schedules.Names),
        new("stages", "stage", "src/Tunesmith.Training/Stages/Stages.cs", () => Stages.Names),
        new("templates", "template", "src/Tunesmith.Text/Templates/templates.jsonl", () => Templates.Names),
    ];
}
