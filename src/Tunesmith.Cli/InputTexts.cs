using System.Text.Encodings.Web;
using System.Text.Json;
using Tunesmith.Data;
using Tunesmith.Data.Readers;

namespace Tunesmith.Cli;

/// <summary>Texts that a command works on: from an option, a file, or standard input.</summary>
internal static class InputTexts
{
    public static JsonSerializerOptions Json { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>One text a line, or a row of a file with columns; empty lines are left out. A tab parts two texts that belong together.</summary>
    public static IEnumerable<PromptText> Prompts(Invocation run, string command, DataOptions options)
    {
        if (run.Arguments.Value("--text") is null && run.Arguments.Value("--input") is { } file && PromptFile.HasColumns(file))
        {
            var named = run.Arguments.Overrides.Any(o => o.StartsWith("text_column=", StringComparison.Ordinal) || o.StartsWith("text_pair_column=", StringComparison.Ordinal));
            return PromptFile.Read(file, options, elseByName: !named);
        }
        return Numbered(run, command).Select(line =>
        {
            var tab = line.Text.IndexOf('\t');
            return tab < 0 ? new PromptText(line.Text, null, line.Place) : new PromptText(line.Text[..tab], line.Text[(tab + 1)..], line.Place);
        });
    }

    /// <summary>One text a line; empty lines are left out. Of a file with columns its texts.</summary>
    public static IEnumerable<string> Lines(Invocation run, string command) => Numbered(run, command).Select(line => line.Text);

    private static IEnumerable<(string Text, Place Place)> Numbered(Invocation run, string command)
    {
        if (run.Arguments.Value("--text") is { } text)
        {
            if (run.Arguments.Value("--input") is not null) throw Errors.TwoInputs(command);
            return text.Length > 0 ? [(text, new Place("--text", 1, 1))] : throw Errors.EmptyInput(command);
        }
        if (run.Arguments.Value("--input") is { } file)
        {
            if (PromptFile.HasColumns(file)) return PromptFile.Read(file, new DataOptions()).Select(prompt => (prompt.Text, prompt.Place));
            if (Directory.Exists(file) || !File.Exists(file)) throw Errors.NoSuchInput(file);
            return NotNone(RowReaders.Lines(file, file), file, command);
        }
        if (run.Terminal.InIsTerminal) throw Errors.EmptyInput(command);
        return NotNone(Read(run.Terminal.In), "standard input", command);
    }

    private static IEnumerable<(string Text, Place Place)> NotNone(IEnumerable<string> lines, string name, string command)
    {
        var any = false;
        long number = 0;
        foreach (var line in lines)
        {
            number++;
            if (line.Length == 0) continue;
            any = true;
            yield return (line, new Place(name, number, number));
        }
        if (!any) throw Errors.EmptyInput(command);
    }

    private static IEnumerable<string> Read(TextReader reader)
    {
        while (reader.ReadLine() is { } line) yield return line;
    }
}
