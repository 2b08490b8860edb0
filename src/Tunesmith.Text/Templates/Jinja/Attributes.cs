namespace Tunesmith.Text.Templates.Jinja;

/// <summary>What stands behind <c>x.name</c> and <c>x[key]</c>: items, and a fixed list of harmless methods. Nothing is looked up by reflection.</summary>
internal static class Attributes
{
    // Methods that change a list or dict in place: the reference's immutable sandbox refuses them.
    private static readonly HashSet<string> ListChanges = ["append", "clear", "pop", "reverse", "insert", "sort", "extend", "remove"];
    private static readonly HashSet<string> DictChanges = ["clear", "pop", "popitem", "setdefault", "update"];

    public static object? Get(object? target, string name, Budget budget) =>
        TryAttribute(target, name, budget, out object? value) || TryItem(target, name, budget, out value) ? value : Missing(target, name);

    /// <summary>Only what stands behind the dot: no items.</summary>
    public static object? Attribute(object? target, string name, Budget budget) => TryAttribute(target, name, budget, out object? value) ? value : Missing(target, name);

    public static object? Item(object? target, object? key, Budget budget)
    {
        if (TryItem(target, key, budget, out object? value)) return value;
        if (key is string name && TryAttribute(target, name, budget, out value)) return value;
        return Missing(target, key);
    }

    private static Undefined Missing(object? target, object? key) =>
        new($"'{PythonText.TypeName(target)} object' has no attribute {(key is string s ? $"'{s}'" : key as long? is { } n ? n.ToString(System.Globalization.CultureInfo.InvariantCulture) : PythonText.TypeName(key))}");

    private static bool TryItem(object? target, object? key, Budget budget, out object? value)
    {
        value = null;
        switch (target)
        {
            case PyDict dict when key is not (PyList { Kind: not ListKind.Tuple } or PyDict):
                return dict.TryGet(Operators.Key(key, budget), out value);
            case PyList { Indexed: true } list when Index(key, list.Items.Count) is { } at:
                value = list.Items[at];
                return true;
            case string text when key is long or bool:
                // Paid for as a whole: the character is found by counting from the beginning.
                budget.Spend(text.Length / 64);
                if (Index(key, TextSink.CountCodePoints(text)) is not { } place) return false;
                value = text.EnumerateRunes().ElementAt(place).ToString();
                return true;
            default:
                return false;
        }
    }

    private static int? Index(object? key, int count)
    {
        long at = key switch { long n => n, bool b => b ? 1 : 0, _ => long.MaxValue };
        if (at < 0) at += count;
        return at >= 0 && at < count ? (int)at : null;
    }

    private static bool TryAttribute(object? target, string name, Budget budget, out object? value)
    {
        value = target switch
        {
            Undefined undefined => throw TemplateErrors.UsedUndefined(undefined.Why),
            string text => StringMethods.Get(text, name),
            PyDict dict => DictMethod(dict, name),
            PyList list => ListAttribute(list, name),
            LoopState loop => loop.Attribute(name),
            Namespace space => space.Attributes.TryGetValue(name, out object? held) ? new Held(held) : null,
            double number when name == "is_integer" => new PyFunction(name, _ => Math.Floor(number) == number),
            _ => null,
        };
        if (value is Held box)
        {
            value = box.Value;
            return true;
        }
        return value is not null;
    }

    private static object? DictMethod(PyDict dict, string name)
    {
        if (DictChanges.Contains(name)) return Unsafe("dict", name);
        return name switch
        {
            "items" => new PyFunction(name, _ => new PyList([.. dict.Select(p => new PyList([p.Key, p.Value], ListKind.Tuple))], ListKind.DictItems)),
            "keys" => new PyFunction(name, _ => new PyList([.. dict.Keys], ListKind.DictKeys)),
            "values" => new PyFunction(name, _ => new PyList([.. dict.Values], ListKind.DictValues)),
            "get" => new PyFunction(name, a =>
            {
                var bound = a.Bind("key", "default");
                return dict.TryGet(Operators.Key(bound.Needed(0), a.Budget), out object? value) ? value : bound.Any(1, null);
            }),
            "copy" => new PyFunction(name, a =>
            {
                var copy = new PyDict(a.Budget);
                a.Budget.Make(dict.Count);
                foreach (var (key, value) in dict) copy[key] = value;
                return copy;
            }),
            _ => null,
        };
    }

    private static object? ListAttribute(PyList list, string name)
    {
        if (Array.IndexOf(list.Names, name) is >= 0 and var at) return new Held(list.Items[at]);
        if (list.Kind == ListKind.List && ListChanges.Contains(name)) return Unsafe("list", name);
        if (!list.Indexed) return null;
        return name switch
        {
            "index" => new PyFunction(name, a =>
            {
                object? wanted = a.Bind("value").Needed(0);
                for (int i = 0; i < list.Items.Count; i++)
                    if (Operators.AreEqual(list.Items[i], wanted, a.Budget)) return (long)i;
                throw TemplateErrors.NotInList();
            }),
            "count" => new PyFunction(name, a =>
            {
                object? wanted = a.Bind("value").Needed(0);
                return (long)list.Items.Count(i => Operators.AreEqual(i, wanted, a.Budget));
            }),
            "copy" when list.Kind == ListKind.List => new PyFunction(name, _ => new PyList([.. list.Items])),
            _ => null,
        };
    }

    private static Undefined Unsafe(string type, string name) => new($"access to attribute '{name}' of '{type}' object is unsafe.");

    /// <summary>A value that may be None, told apart from no value.</summary>
    private sealed record Held(object? Value);
}
