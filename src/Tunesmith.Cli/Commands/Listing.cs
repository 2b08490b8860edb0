using System.Text.Json;
using Tunesmith.Data.Formats;
using Tunesmith.Models.Families;
using Tunesmith.Text.Templates;
using Tunesmith.Training.Optimizers;
using Tunesmith.Training.Schedules;
using Tunesmith.Training.Stages;

namespace Tunesmith.Cli.Commands;

/// <summary><c>list [kind]</c>: what there is to choose from.</summary>
internal static class Listing
{
    private static readonly (string Kind, string Key, Func<IEnumerable<string>> Names)[] Kinds =
    [
        ("adapters", "finetuning_type", () => ["freeze", "full", "lora (use_dora, use_rslora, pissa_init, loraplus_lr_ratio)"]),
        ("families", "model_type in config.json", () => FamilyPlate.All.Keys),
        ("formats", "formatting", () => FormatPlate.Names),
        ("optimizers", "optim", () => Optimizers.Names),
        ("schedules", "lr_scheduler_type", () => Schedules.Names),
        ("stages", "stage", () => Stages.Names),
        ("templates", "template", () => Templates.Names),
    ];

    public static Command Command { get; } = new()
    {
        Name = "list",
        Usage = "[KIND] [--json]",
        Summary = "lists what there is: stages, families, templates, optimizers ...",
        Help = "KIND is one of " + string.Join(", ", Kinds.Select(k => k.Kind)) + ".",
        Flags = [new("--json", null, "one JSON object")],
        Run = Run,
    };

    private static int Run(Invocation run)
    {
        var chosen = Kinds;
        if (run.Arguments.Words.Count > 0)
        {
            var kind = run.Arguments.Single("list", "kind");
            chosen = [.. Kinds.Where(k => k.Kind == kind)];
            if (chosen.Length == 0) throw Errors.UnknownKind(kind, Kinds.Select(k => k.Kind));
        }
        if (run.Json)
        {
            run.Out.WriteLine(JsonSerializer.Serialize(chosen.ToDictionary(k => k.Kind, k => k.Names().ToArray())));
            return App.Done;
        }
        foreach (var (kind, key, names) in chosen)
        {
            run.Out.WriteLine($"{kind} ({key})");
            var line = "  ";
            foreach (var name in names())
            {
                if (line.Length + name.Length + 2 > run.Terminal.Width)
                {
                    run.Out.WriteLine(line.TrimEnd());
                    line = "  ";
                }
                line += name + ", ";
            }
            run.Out.WriteLine(line.TrimEnd(' ', ','));
        }
        return App.Done;
    }
}
