using System.Globalization;
using System.Numerics;
using System.Text;
using Tunesmith.Runs.Reports;

namespace Tunesmith.Text.Templates.Jinja;

/// <summary>Values as Python's <c>str</c> and <c>repr</c> write them.</summary>
internal static class PythonText
{
    public static string Str(object? value, Budget budget)
    {
        if (value is string text) return text;
        var into = new StringBuilder();
        Write(value, into, budget, top: true);
        return into.ToString();
    }

    /// <summary>As Python's <c>repr</c> writes the value.</summary>
    public static string Repr(object? value, Budget budget)
    {
        var into = new StringBuilder();
        Write(value, into, budget, top: false);
        return into.ToString();
    }

    public static string Float(double value) => PythonNumber.Of(value);

    /// <summary>A number with a fixed count of decimals, exactly rounded with halves to even, as Python's <c>%.nf</c> and <c>round</c> do.</summary>
    public static string Fixed(double value, int decimals)
    {
        if (!double.IsFinite(value)) return Float(value);
        const int Guard = 30;
        string exact = Math.Abs(value).ToString("F" + (decimals + Guard), CultureInfo.InvariantCulture);
        var scale = BigInteger.Pow(10, Guard);
        var whole = BigInteger.DivRem(BigInteger.Parse(exact.Replace(".", ""), CultureInfo.InvariantCulture), scale, out var rest);
        int half = (rest * 2).CompareTo(scale);
        if (half > 0 || (half == 0 && !whole.IsEven)) whole++;
        string digits = whole.ToString(CultureInfo.InvariantCulture).PadLeft(decimals + 1, '0');
        string text = decimals == 0 ? digits : $"{digits[..^decimals]}.{digits[^decimals..]}";
        return double.IsNegative(value) ? "-" + text : text;
    }

    public static string TypeName(object? value) => value switch
    {
        null => "NoneType",
        bool => "bool",
        long => "int",
        double => "float",
        string => "str",
        PyList { Kind: ListKind.Tuple } => "tuple",
        PyList { Kind: ListKind.Range } => "range",
        PyList { Kind: ListKind.Generator } => "generator",
        PyList { Kind: ListKind.DictItems } => "dict_items",
        PyList { Kind: ListKind.DictKeys } => "dict_keys",
        PyList { Kind: ListKind.DictValues } => "dict_values",
        PyList => "list",
        PyDict => "dict",
        Namespace => "Namespace",
        LoopState => "LoopContext",
        Undefined => "Undefined",
        _ => "function",
    };

    private static void Write(object? value, StringBuilder into, Budget budget, bool top)
    {
        budget.Spend(1);
        switch (value)
        {
            case null: into.Append("None"); break;
            case bool b: into.Append(b ? "True" : "False"); break;
            case long n: into.Append(n.ToString(CultureInfo.InvariantCulture)); break;
            case double d: into.Append(Float(d)); break;
            case string s: Quote(s, into); break;
            case Undefined: into.Append(top ? "" : "Undefined"); break;
            case PyList list: WriteList(list, into, budget); break;
            case PyDict dict: WriteDict(dict, into, budget); break;
            case Namespace space:
                into.Append("<Namespace ");
                var held = new PyDict();
                foreach (var (key, item) in space.Attributes) held[key] = item;
                WriteDict(held, into, budget);
                into.Append('>');
                break;
            case LoopState loop: into.Append(CultureInfo.InvariantCulture, $"<LoopContext {loop.Index + 1}/{loop.Attribute("length")}>"); break;
            case PyFunction function: into.Append("<function ").Append(function.Name).Append('>'); break;
        }
        budget.Make(into.Length);
    }

    private static void WriteList(PyList list, StringBuilder into, Budget budget)
    {
        if (list.Kind == ListKind.Generator)
        {
            into.Append("<generator>");
            return;
        }
        if (list.Kind == ListKind.Range)
        {
            WriteRange(list.Items, into);
            return;
        }
        budget.Enter();
        (string open, string close) = list.Kind switch
        {
            ListKind.Tuple => ("(", list.Items.Count == 1 ? ",)" : ")"),
            ListKind.List => ("[", "]"),
            _ => (TypeName(list) + "([", "])"),
        };
        into.Append(open);
        for (int i = 0; i < list.Items.Count; i++)
        {
            if (i > 0) into.Append(", ");
            Write(list.Items[i], into, budget, top: false);
        }
        into.Append(close);
        budget.Leave();
    }

    private static void WriteRange(IReadOnlyList<object?> items, StringBuilder into)
    {
        long start = items.Count > 0 ? (long)items[0]! : 0;
        long step = items.Count > 1 ? (long)items[1]! - start : 1;
        into.Append(CultureInfo.InvariantCulture, $"range({start}, {start + step * items.Count}{(step == 1 ? "" : $", {step}")})");
    }

    private static void WriteDict(PyDict dict, StringBuilder into, Budget budget)
    {
        budget.Enter();
        into.Append('{');
        bool first = true;
        foreach (var (key, value) in dict)
        {
            if (!first) into.Append(", ");
            first = false;
            Write(key, into, budget, top: false);
            into.Append(": ");
            Write(value, into, budget, top: false);
        }
        into.Append('}');
        budget.Leave();
    }

    private static void Quote(string text, StringBuilder into)
    {
        char quote = text.Contains('\'') && !text.Contains('"') ? '"' : '\'';
        into.Append(quote);
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                int rune = char.ConvertToUtf32(c, text[++i]);
                if (Printable(CharUnicodeInfo.GetUnicodeCategory(rune))) into.Append(c).Append(text[i]);
                else into.Append("\\U").Append(rune.ToString("x8", CultureInfo.InvariantCulture));
            }
            else if (c == quote || c == '\\') into.Append('\\').Append(c);
            else if (c == '\n') into.Append("\\n");
            else if (c == '\r') into.Append("\\r");
            else if (c == '\t') into.Append("\\t");
            else if (c == ' ' || Printable(CharUnicodeInfo.GetUnicodeCategory(c))) into.Append(c);
            else if (c <= 0xFF) into.Append("\\x").Append(((int)c).ToString("x2", CultureInfo.InvariantCulture));
            else into.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture));
        }
        into.Append(quote);
    }

    private static bool Printable(UnicodeCategory category) => category is not (UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator);
}
