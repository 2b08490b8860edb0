using System.Text.Encodings.Web;
using System.Text.Json;

namespace Tunesmith.Cli;

/// <summary>Texts that a command works on: from an option, a file, or standard input.</summary>
internal static class InputTexts
{
    public static JsonSerializerOptions Json { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>One text a line; empty lines are left out.</summary>
    public static IEnumerable<string> Lines(Invocation run, string command)
    {
        if (run.Arguments.Value("--text") is { } text) return [text];
        if (run.Arguments.Value("--input") is { } file)
        {
            if (!File.Exists(file)) throw Errors.NoSuchFolder(file);
            return NotNone(File.ReadLines(file), command);
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
