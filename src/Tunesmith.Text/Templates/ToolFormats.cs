using System.Globalization;
using System.Text;
using System.Text.Json;
using Tunesmith.Text.Templates.Jinja;

namespace Tunesmith.Text.Templates;

/// <summary>One way of telling a model about tools, of writing its calls and of reading them back (LLaMA-Factory, data/tool_utils.py).</summary>
internal sealed class ToolFormat(string name, Func<IReadOnlyList<PyDict>, TimeProvider, string> describe, Func<IReadOnlyList<(string Name, object? Arguments)>, string> call,
    Func<string, IReadOnlyList<ToolCall>?> extract)
{
    /// <summary>The calls that an answer holds; null where it is an ordinary one.</summary>
    public IReadOnlyList<ToolCall>? Extract(string content)
    {
        try
        {
            return extract(content);
        }
        catch (System.Text.RegularExpressions.RegexMatchTimeoutException)
        {
            return null; // a text that takes seconds to look through is no call
        }
    }

    /// <summary>The text about the tools, which follows the system prompt; nothing for an empty list.</summary>
    public string Describe(string tools, TimeProvider clock)
    {
        if (ToolFormats.Parse(tools) is not PyList list) throw TemplateErrors.NotATool(tools);
        return list.Items.Count == 0 ? "" : describe([.. list.Items.Select(t => t as PyDict ?? throw TemplateErrors.NotATool(tools))], clock);
    }

    /// <summary>The text of one call or a list of calls, given as JSON.</summary>
    public string Call(string content)
    {
        object? parsed = ToolFormats.Parse(content);
        var calls = (parsed as PyList)?.Items ?? [parsed];
        return call([.. calls.Select(c => Read(c, content))]);
    }

    public override string ToString() => name;

    private static (string, object?) Read(object? call, string content) =>
        call is PyDict dict && dict.TryGet("name", out object? name) && name is string text && dict.TryGet("arguments", out object? arguments)
            ? (text, arguments)
            : throw TemplateErrors.NotACall(content);
}

/// <summary>The tool formats, sorted by name.</summary>
public static class ToolFormats
{
    private static readonly SortedDictionary<string, ToolFormat> Known = new(StringComparer.Ordinal)
    {
        ["default"] = new("default", DescribeDefault, calls => string.Join('\n', calls.Select(c => $"Action: {c.Name}\nAction Input: {Json(c.Arguments)}")), ToolCalls.Default),
        ["glm4"] = new("glm4", DescribeGlm4, calls => calls.Count == 1 ? $"{calls[0].Name}\n{Json(calls[0].Arguments)}" : throw TemplateErrors.OneCallOnly("glm4", calls.Count), ToolCalls.Glm4),
        ["llama3"] = new("llama3", DescribeLlama3, calls => CallObjects(calls, "parameters") is [var only] ? Json(only) : Json(new PyList(CallObjects(calls, "parameters"))), content => ToolCalls.Objects(content, "parameters")),
        ["mistral"] = new("mistral", (tools, _) => $"[AVAILABLE_TOOLS] {Json(new PyList([.. tools.Select(Wrapped)]))}[/AVAILABLE_TOOLS]", calls => Json(new PyList(CallObjects(calls, "arguments"))),
            content => ToolCalls.Objects(content, "arguments")),
        ["qwen"] = new("qwen", DescribeQwen, calls => string.Join('\n', CallObjects(calls, "arguments").Select(c => $"<tool_call>\n{Json(c)}\n</tool_call>")), ToolCalls.Qwen),
    };

    public static IReadOnlyCollection<string> Names => Known.Keys;

    /// <summary>The text about the tools, given as a JSON list, which follows the system prompt.</summary>
    public static string Describe(string format, string tools, TimeProvider clock) => Get(format).Describe(tools, clock);

    /// <summary>The text of one call or a list of calls, given as JSON.</summary>
    public static string Call(string format, string content) => Get(format).Call(content);

    /// <summary>The calls that an answer in a format holds; null where it is an ordinary one.</summary>
    public static IReadOnlyList<ToolCall>? Extract(string format, string content) => Get(format).Extract(content);

    internal static ToolFormat Get(string name) => Known.TryGetValue(name, out var format) ? format : throw TemplateErrors.NoToolFormat(name, Names);

    /// <summary>JSON as template values.</summary>
    internal static object? Parse(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return Imported.Value(document.RootElement);
        }
        catch (JsonException)
        {
            throw TemplateErrors.NotJsonText(json);
        }
    }

    /// <summary>JSON as template values; false where the text is none.</summary>
    internal static bool TryParse(string json, out object? value)
    {
        try
        {
            value = Parse(json);
            return true;
        }
        catch (Runs.UsageException)
        {
            value = null;
            return false;
        }
    }

    internal static string Json(object? value, string? indent = null) =>
        JsonText.Write(value, indent is null ? new JsonText.Style() : new JsonText.Style { Indent = indent, ItemSeparator = "," }, new Budget(new JinjaLimits()));

    private static PyDict Wrapped(PyDict tool) =>
        tool.TryGet("type", out object? type) && type is "function" ? tool : new PyDict { ["type"] = "function", ["function"] = tool };

    private static PyDict Unwrapped(PyDict tool) =>
        tool.TryGet("type", out object? type) && type is "function" && tool.TryGet("function", out object? inner) && inner is PyDict function ? function : tool;

    private static List<object?> CallObjects(IReadOnlyList<(string Name, object? Arguments)> calls, string key) =>
        [.. calls.Select(c => (object?)new PyDict { ["name"] = c.Name, [key] = c.Arguments })];

    private static object? Needed(PyDict dict, string key) => dict.TryGet(key, out object? value) ? value : throw TemplateErrors.ToolLacks(key);

    private static string Text(PyDict dict, string key) => dict.TryGet(key, out object? value) ? PythonText.Str(value, new Budget(new JinjaLimits())) : "";

    private static string DescribeDefault(IReadOnlyList<PyDict> tools, TimeProvider clock)
    {
        var text = new StringBuilder("You have access to the following tools:\n");
        foreach (var tool in tools.Select(Unwrapped))
        {
            text.Append(CultureInfo.InvariantCulture, $"> Tool Name: {Needed(tool, "name")}\nTool Description: {Text(tool, "description")}\nTool Args:\n");
            if (Needed(tool, "parameters") is not PyDict parameters || Needed(parameters, "properties") is not PyDict properties) throw TemplateErrors.ToolLacks("parameters.properties");
            var required = parameters.TryGet("required", out object? names) && names is PyList list ? list.Items : [];
            foreach (var (name, value) in properties) DescribeParameter(text, (string)name!, value as PyDict ?? throw TemplateErrors.ToolLacks("properties"), required.Contains(name));
            text.Append('\n');
        }
        string all = string.Join(", ", tools.Select(t => Needed(Unwrapped(t), "name")));
        return text.Append(CultureInfo.InvariantCulture, $"Use the following format if using a tool:\n```\nAction: tool name (one of [{all}])\nAction Input: the input to the tool, in a JSON format representing the kwargs (e.g. ```{{\"input\": \"hello world\", \"num_beams\": 5}}```)\n```\n").ToString();
    }

    private static void DescribeParameter(StringBuilder text, string name, PyDict parameter, bool required)
    {
        string choices = parameter.TryGet("enum", out object? values) && values is PyList { Items.Count: > 0 } list
            ? $", should be one of [{string.Join(", ", list.Items.Select(i => i as string ?? throw TemplateErrors.ToolLacks("enum of strings")))}]" : "";
        string items = parameter.TryGet("items", out object? inner) && inner is PyDict { Count: > 0 } item ? $", where each item should be {Text(item, "type")}" : "";
        text.Append(CultureInfo.InvariantCulture, $"  - {name} ({Text(parameter, "type")}{(required ? ", required" : "")}): {Text(parameter, "description")}{choices}{items}\n");
    }

    private static string DescribeGlm4(IReadOnlyList<PyDict> tools, TimeProvider clock) =>
        "你是一个名为 ChatGLM 的人工智能助手。你是基于智谱 AI 公司训练的语言模型 GLM-4 模型开发的，你的任务是针对用户的问题和要求提供适当的答复和支持。\n\n# 可用工具"
        + string.Concat(tools.Select(Unwrapped).Select(t => $"\n\n## {Needed(t, "name")}\n\n{Json(t, "    ")}\n在调用上述函数时，请使用 Json 格式表示调用的参数。"));

    private static string DescribeLlama3(IReadOnlyList<PyDict> tools, TimeProvider clock) =>
        $"Cutting Knowledge Date: December 2023\nToday Date: {clock.GetLocalNow().ToString("dd MMM yyyy", CultureInfo.InvariantCulture)}\n\n"
        + "You have access to the following functions. To call a function, please respond with JSON for a function call. "
        + "Respond in the format {\"name\": function name, \"parameters\": dictionary of argument name and its value}. Do not use variables.\n\n"
        + string.Concat(tools.Select(t => Json(Wrapped(t), "    ") + "\n\n"));

    private static string DescribeQwen(IReadOnlyList<PyDict> tools, TimeProvider clock) =>
        "\n\n# Tools\n\nYou may call one or more functions to assist with the user query.\n\n"
        + "You are provided with function signatures within <tools></tools> XML tags:\n<tools>"
        + string.Concat(tools.Select(t => "\n" + Json(Wrapped(t))))
        + "\n</tools>\n\nFor each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:\n"
        + "<tool_call>\n{\"name\": <function-name>, \"arguments\": <args-json-object>}\n</tool_call>";
}
