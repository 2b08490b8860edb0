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
        return Lines(run, command).Select((line, at) =>
        {
            var tab = line.IndexOf('\t');
            return tab < 0 ? new PromptText(line, null, new Place("input", at + 1, at + 1)) : new PromptText(line[..tab], line[(tab + 1)..], new Place("input", at + 1, at + 1));
        });
    }

    /// <summary>One text a line; empty lines are left out. Of a file with columns its texts.</summary>
    public static IEnumerable<string> Lines(Invocation run, string command)
    {
        if (run.Arguments.Value("--text") is { } text) return text.Length > 0 ? [text] : throw Errors.EmptyInput(command);
        if (run.Arguments.Value("--input") is { } file)
        {
            if (PromptFile.HasColumns(file)) return PromptFile.Read(file, new DataOptions()).Select(prompt => prompt.Text);
            if (Directory.Exists(file) || !File.Exists(file)) throw Errors.NoSuchInput(file);
            return NotNone(RowReaders.Lines(file, file), command);
        }
        if (run.Terminal.InIsTerminal) throw Errors.EmptyInput(command);
        return NotNone(Read(run.Terminal.In), command);
    }

    private static IEnumerable<string> NotNone(IEnumerable<string> lines, string command)
    {
        var any = false;
        foreach (var line in lines)
        {
            if (line.Length == 0) continue;
            any = true;
            yield return line;
        }
        if (!any) throw Errors.EmptyInput(command);
    }

    private static IEnumerable<string> Read(TextReader reader)
    {
        while (reader.ReadLine() is { } line) yield return line;
    }
}
