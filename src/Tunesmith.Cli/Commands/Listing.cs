using System.Text.Json;

namespace Tunesmith.Cli.Commands;

/// <summary><c>list [kind]</c>: what there is to choose from.</summary>
internal static class Listing
{
    public static Command Command { get; } = new()
    {
        Name = "list",
        Usage = "[KIND] [--json]",
        Summary = "lists what there is: stages, families, templates, optimizers and more",
        Help = "KIND is one of " + string.Join(", ", Catalogue.All.Select(choice => choice.Kind)) + ".",
        Flags = [new("--json", null, "one JSON object")],
        Run = Run,
    };

    private static int Run(Invocation run)
    {
        var chosen = Catalogue.All;
        if (run.Arguments.Words.Count > 0)
        {
            var kind = run.Arguments.Single("list", "kind");
            chosen = [.. Catalogue.All.Where(choice => choice.Kind == kind)];
            if (chosen.Count == 0) throw Errors.UnknownKind(kind, Catalogue.All.Select(choice => choice.Kind));
        }
        if (run.Json)
        {
            run.Out.WriteLine(JsonSerializer.Serialize(chosen.ToDictionary(choice => choice.Kind, choice => choice.Names().ToArray())));
            return App.Done;
        }
        foreach (var choice in chosen)
        {
            run.Out.WriteLine($"{choice.Kind} ({choice.Key})");
            var line = "  ";
            foreach (var name in choice.Names())
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
