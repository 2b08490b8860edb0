using System.Text.RegularExpressions;
using Tunesmith.Text.Templates.Jinja;

namespace Tunesmith.Text.Templates;

/// <summary>One call that a model's answer holds.</summary>
/// <param name="Name">The tool.</param>
/// <param name="Arguments">Its arguments as JSON.</param>
public sealed record ToolCall(string Name, string Arguments);

/// <summary>
/// Reads calls back out of an answer: the way back from how a format writes them (LLaMA-Factory's tool_extractor of each format).
/// null is an ordinary answer.
/// </summary>
internal static partial class ToolCalls
{
    public static IReadOnlyList<ToolCall>? Default(string content)
    {
        var calls = new List<ToolCall>();
        foreach (Match match in Actions().Matches(content))
        {
            if (!ToolFormats.TryParse(match.Groups[2].Value.Trim().Trim('"').Trim('`'), out object? arguments)) return null;
            calls.Add(new ToolCall(match.Groups[1].Value, ToolFormats.Json(arguments)));
        }
        return calls.Count == 0 ? null : calls;
    }

    public static IReadOnlyList<ToolCall>? Glm4(string content)
    {
        int end = content.IndexOf('\n');
        return end >= 0 && ToolFormats.TryParse(content[end..].Trim(), out object? arguments) ? [new ToolCall(content[..end], ToolFormats.Json(arguments))] : null;
    }

    /// <summary>An object or a list of objects with the name and, under a key, the arguments.</summary>
    public static IReadOnlyList<ToolCall>? Objects(string content, string key)
    {
        if (!ToolFormats.TryParse(content.Trim(), out object? parsed)) return null;
        var calls = new List<ToolCall>();
        foreach (object? tool in (parsed as PyList)?.Items ?? [parsed])
        {
            if (tool is not PyDict dict) throw TemplateErrors.NotACall(content);
            if (!dict.TryGet("name", out object? name) || !dict.TryGet(key, out object? arguments)) return null;
            calls.Add(new ToolCall(name as string ?? ToolFormats.Json(name), ToolFormats.Json(arguments)));
        }
        return calls;
    }

    public static IReadOnlyList<ToolCall>? Qwen(string content)
    {
        var calls = new List<ToolCall>();
        foreach (Match match in Tagged().Matches(content))
        {
            if (!ToolFormats.TryParse(match.Groups[1].Value.Trim(), out object? tool)) return null;
            if (tool is not (PyDict or PyList or string)) throw TemplateErrors.NotACall(content);
            if (tool is not PyDict dict || !dict.TryGet("name", out object? name) || !dict.TryGet("arguments", out object? arguments)) return null;
            calls.Add(new ToolCall(name as string ?? ToolFormats.Json(name), ToolFormats.Json(arguments)));
        }
        return calls.Count == 0 ? null : calls;
    }

    [GeneratedRegex(@"Action:\s*([a-zA-Z0-9_]+)\s*Action Input:\s*(.+?)(?=\s*Action:|\s*$)", RegexOptions.Singleline | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 2000)]
    private static partial Regex Actions();

    [GeneratedRegex(@"<tool_call>(.+?)</tool_call>(?=\s*<tool_call>|\s*$)", RegexOptions.Singleline | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 2000)]
    private static partial Regex Tagged();
}
