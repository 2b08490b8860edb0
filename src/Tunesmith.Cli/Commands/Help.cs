using Tunesmith.Runs.Files;
using Tunesmith.Runs.Recipes;
using Tunesmith.Training;

namespace Tunesmith.Cli.Commands;

/// <summary><c>help [command]</c>.</summary>
internal static class Help
{
    private const int Columns = 80;

    public static Command Command { get; } = new()
    {
        Name = "help",
        Usage = "[COMMAND|keys] [--json] [--pages DIR]",
        Summary = "says what the commands do; `help keys` lists the recipe keys",
        Flags =
        [
            new("--json", null, "with keys: the JSON schema of a recipe, for editors"),
            new("--pages", "DIR", "writes the reference pages: commands, keys, catalogue, schema"),
        ],
        Run = Run,
    };

    /// <summary>The help of one command.</summary>
    public static void Write(TextWriter output, Command command)
    {
        Write(output, $"usage: ./tunesmith {command.Name} {command.Usage}".TrimEnd(), indent: 6);
        output.WriteLine();
        Write(output, $"{char.ToUpperInvariant(command.Summary[0])}{command.Summary[1..]}.");
        if (command.Help.Length > 0)
        {
            output.WriteLine();
            Write(output, command.Help.Trim('\n'));
        }
        if (command.Flags.Count == 0) return;
        output.WriteLine();
        var wide = command.Flags.Max(f => Shown(f).Length);
        foreach (var flag in command.Flags) output.WriteLine($"  {Shown(flag).PadRight(wide)}  {flag.Summary}");
    }

    // A text that does not fit into 80 columns is laid out anew; the lines after the first may stand further in.
    private static void Write(TextWriter output, string text, int indent = 0, int first = 0)
    {
        if (text.Split('\n').All(line => line.Length <= Columns))
        {
            output.WriteLine(text);
            return;
        }
        var line = new string(' ', first);
        foreach (var word in Words(text))
        {
            if (line.Length + 1 + word.Length > Columns && line.Trim().Length > 0)
            {
                output.WriteLine(line);
                line = new string(' ', indent);
            }
            line += line.Trim().Length == 0 ? word : " " + word;
        }
        output.WriteLine(line);
    }

    // What stands in brackets stays together.
    private static IEnumerable<string> Words(string text)
    {
        var word = "";
        foreach (var part in text.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries))
        {
            word = word.Length == 0 ? part : word + " " + part;
            if (word.StartsWith('[') && word.Count('[') > word.Count(']')) continue;
            yield return word;
            word = "";
        }
        if (word.Length > 0) yield return word;
    }

    private static string Shown(Flag flag) => flag.Value is null ? flag.Name : $"{flag.Name} {flag.Value}";

    // Every key that a recipe may set: default and sentence, from the records beside the code they steer.
    private static int Keys(Invocation run)
    {
        if (run.Json)
        {
            run.Out.Write(RecipeSchema.Text());
            return App.Done;
        }
        foreach (var key in RunOptions.Records.SelectMany(OptionKeys.Of).OrderBy(k => k.Name, StringComparer.Ordinal))
        {
            run.Out.WriteLine($"{key.Name}: {RecipeWriter.Value(key.Default)}");
            Write(run.Out, "    " + key.Summary, indent: 4, first: 4);
        }
        return App.Done;
    }

    private static int Run(Invocation run)
    {
        if (run.Arguments.Value("--pages") is { } folder)
        {
            foreach (var (name, text) in ReferencePages.All()) AtomicFile.WriteAllText(Path.Combine(folder, name), text);
            return App.Done;
        }
        if (run.Arguments.Words.Count > 0)
        {
            var name = run.Arguments.Single("help", "command");
            if (name == "keys") return Keys(run);
            if (!Plate.TryFind(name, out var command)) throw Errors.UnknownCommand(name, Plate.Names);
            Write(run.Out, command);
            return App.Done;
        }
        run.Out.WriteLine("""
            Tunesmith fine-tunes pretrained models on your own data: one YAML file, one command.

            usage: ./tunesmith COMMAND ...

            """);
        var wide = Plate.All.Max(c => c.Name.Length);
        foreach (var command in Plate.All) run.Out.WriteLine($"  {command.Name.PadRight(wide)}  {command.Summary}");
        run.Out.WriteLine($"""

            Start with:  ./tunesmith train recipes/quickstart.yaml
            More on one: ./tunesmith help COMMAND
            With --trace an error shows where it came from.
            {App.ExitCodes}
            """);
        return App.Done;
    }
}
