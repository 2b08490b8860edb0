using System.Globalization;
using System.Text;

namespace Tunesmith.Text.Templates.Jinja;

/// <summary>JSON as Python's <c>json.dumps</c> writes it: ", " and ": " between, non-ASCII kept unless asked otherwise.</summary>
internal static class JsonText
{
    /// <summary>The options of <c>json.dumps</c> that chat templates may give.</summary>
    public sealed record Style
    {
        public string? Indent { get; init; }

        public string ItemSeparator { get; init; } = ", ";

        public string KeySeparator { get; init; } = ": ";

        public bool Ascii { get; init; }

        public bool SortKeys { get; init; }
    }

    public static string Write(object? value, Style style, Budget budget)
    {
        var into = new StringBuilder();
        Write(value, style, into, 0, budget);
        return into.ToString();
    }

    public static object? Filter(object? value, Arguments arguments)
    {
        var a = arguments.Bind("ensure_ascii", "indent", "separators", "sort_keys");
        var style = new Style { Ascii = a.Truth(0, false), SortKeys = a.Truth(3, false) };
        if (a.Any(1, null) is { } indent)
            style = style with { Indent = indent as string ?? new string(' ', Math.Clamp(a.Count(1, 0), 0, 1000)), ItemSeparator = "," };
        if (a.Any(2, null) is PyList { Items: [string item, string key] }) style = style with { ItemSeparator = item, KeySeparator = key };
        return Write(value, style, arguments.Budget);
    }

    private static void Write(object? value, Style style, StringBuilder into, int depth, Budget budget)
    {
        budget.Spend(1);
        switch (value)
        {
            case null: into.Append("null"); break;
            case bool b: into.Append(b ? "true" : "false"); break;
            case long n: into.Append(n.ToString(CultureInfo.InvariantCulture)); break;
            case double d: into.Append(double.IsNaN(d) ? "NaN" : double.IsInfinity(d) ? (d > 0 ? "Infinity" : "-Infinity") : PythonText.Float(d)); break;
            case string s: Quote(s, style.Ascii, into); break;
            case PyList { Kind: ListKind.List or ListKind.Tuple } list:
                Group('[', ']', list.Items, style, into, depth, budget, item => Write(item, style, into, depth + 1, budget));
                break;
            case PyDict dict:
                IEnumerable<KeyValuePair<object?, object?>> pairs = dict;
                if (style.SortKeys) pairs = SequenceFilters.Sorted(dict, p => p.Key, false, budget);
                Group('{', '}', [.. pairs], style, into, depth, budget, pair =>
                {
                    Quote(Key(pair.Key), style.Ascii, into);
                    into.Append(style.KeySeparator);
                    Write(pair.Value, style, into, depth + 1, budget);
                });
                break;
            default: throw TemplateErrors.NotJson(value);
        }
        budget.Make(into.Length);
    }

    private static void Group<T>(char open, char close, IReadOnlyList<T> items, Style style, StringBuilder into, int depth, Budget budget, Action<T> write)
    {
        into.Append(open);
        budget.Enter();
        for (int i = 0; i < items.Count; i++)
        {
            if (i > 0) into.Append(style.ItemSeparator);
            NewLine(style, into, depth + 1);
            write(items[i]);
        }
        budget.Leave();
        if (items.Count > 0) NewLine(style, into, depth);
        into.Append(close);
    }

    private static void NewLine(Style style, StringBuilder into, int depth)
    {
        if (style.Indent is null) return;
        into.Append('\n');
        for (int i = 0; i < depth; i++) into.Append(style.Indent);
    }

    private static string Key(object? key) => key switch
    {
        string s => s,
        null => "null",
        bool b => b ? "true" : "false",
        long n => n.ToString(CultureInfo.InvariantCulture),
        double d => PythonText.Float(d),
        _ => throw TemplateErrors.NotJson(key),
    };

    private static void Quote(string text, bool ascii, StringBuilder into)
    {
        into.Append('"');
        foreach (char c in text)
        {
            int simple = "\"\\\n\r\t\f\b".IndexOf(c);
            if (simple >= 0) into.Append('\\').Append("\"\\nrtfb"[simple]);
            else if (c < ' ' || (ascii && c > '~')) into.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture));
            else into.Append(c);
        }
        into.Append('"');
    }
}
