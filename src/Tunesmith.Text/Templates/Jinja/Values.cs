using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace Tunesmith.Text.Templates.Jinja;

// A value in a template is null (None), bool, long, double, string, or one of the types of this file.

/// <summary>A value that is not there: it prints nothing and is false; using it in any other way is an error.</summary>
internal sealed class Undefined(string why)
{
    public string Why { get; } = why;
}

internal enum ListKind
{
    List,
    Tuple,
    Range,
    DictItems,
    DictKeys,
    DictValues,

    /// <summary>What filters such as map give: always true, without length or items, and empty after the first reading.</summary>
    Generator,
}

/// <summary>Python's list and what else holds elements in order.</summary>
internal sealed class PyList(IReadOnlyList<object?> items, ListKind kind = ListKind.List)
{
    private IReadOnlyList<object?> _items = items;

    public ListKind Kind { get; } = kind;

    public IReadOnlyList<object?> Items => _items;

    /// <summary>Whether elements may be taken by their number.</summary>
    public bool Indexed => Kind is ListKind.List or ListKind.Tuple or ListKind.Range;

    /// <summary>A tuple's hash, once it has been asked for: a tuple may stand in others many times over.</summary>
    public int? Hash { get; set; }

    /// <summary>Names of a tuple's elements, where it has some (groupby gives such tuples).</summary>
    public string[] Names { get; init; } = [];

    public IReadOnlyList<object?> Read()
    {
        var items = _items;
        if (Kind == ListKind.Generator) _items = [];
        return items;
    }
}

/// <summary>Python's dict: keys in the order of their first writing, 1 and 1.0 and True the same key.</summary>
internal sealed class PyDict(Budget? budget = null) : IEnumerable<KeyValuePair<object?, object?>>
{
    private static readonly object NoneKey = new();
    private readonly OrderedDictionary<object, object?> _items = new(budget is null ? KeyComparer.Plain : new KeyComparer(budget));

    public int Count => _items.Count;

    public object? this[object? key]
    {
        set => _items[key ?? NoneKey] = value;
    }

    public IEnumerable<object?> Keys => _items.Keys.Select(FromKey);

    public IEnumerable<object?> Values => _items.Values;

    public bool TryGet(object? key, out object? value) => _items.TryGetValue(key ?? NoneKey, out value);

    public IEnumerator<KeyValuePair<object?, object?>> GetEnumerator() =>
        _items.Select(p => new KeyValuePair<object?, object?>(FromKey(p.Key), p.Value)).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static object? FromKey(object key) => ReferenceEquals(key, NoneKey) ? null : key;

    /// <param name="budget">Pays for the comparison of tuples; null where no template makes keys, so that there are hardly any.</param>
    private sealed class KeyComparer(Budget? budget) : IEqualityComparer<object>
    {
        public static readonly KeyComparer Plain = new(null);

        public new bool Equals(object? x, object? y) => ReferenceEquals(x, y) || (x is string a && y is string b ? a == b : Operators.AreEqual(x, y, budget ?? new Budget(new JinjaLimits())));

        public int GetHashCode([DisallowNull] object obj) => obj switch
        {
            bool b => (b ? 1.0 : 0.0).GetHashCode(),
            long n => ((double)n).GetHashCode(),
            double d => d.GetHashCode(),
            string s => s.GetHashCode(StringComparison.Ordinal),
            PyList { Kind: ListKind.Tuple } tuple => tuple.Hash ??= OfTuple(tuple),
            PyList or PyDict => throw TemplateErrors.Unhashable(PythonText.TypeName(obj)),
            _ => obj.GetHashCode(),
        };

        private int OfTuple(PyList tuple)
        {
            Operators.GuardStack("key");
            return tuple.Items.Aggregate(17, (h, i) => h * 31 + (i is null ? 0 : GetHashCode(i)));
        }
    }
}

/// <summary>What <c>namespace(...)</c> makes: the one thing whose attributes a template may set.</summary>
internal sealed class Namespace
{
    public Dictionary<string, object?> Attributes { get; } = new(StringComparer.Ordinal);
}

/// <summary>A function, bound method or macro.</summary>
internal sealed class PyFunction(string name, Func<Arguments, object?> call)
{
    public string Name { get; } = name;

    public object? Call(Arguments arguments) => call(arguments);
}

/// <summary>The state of a for loop: what the name <c>loop</c> stands for inside it.</summary>
internal sealed class LoopState(IReadOnlyList<object?> items, int depth, Func<object?, string>? again)
{
    private object?[]? _changed;

    public int Index { get; set; }

    public int Depth => depth;

    public Func<object?, string>? Again => again;

    public object? Attribute(string name) => name switch
    {
        "index" => Index + 1L,
        "index0" => (long)Index,
        "revindex" => (long)(items.Count - Index),
        "revindex0" => (long)(items.Count - Index - 1),
        "first" => Index == 0,
        "last" => Index == items.Count - 1,
        "length" => (long)items.Count,
        "depth" => (long)depth,
        "depth0" => depth - 1L,
        "previtem" => Index > 0 ? items[Index - 1] : new Undefined("there is no previous item"),
        "nextitem" => Index + 1 < items.Count ? items[Index + 1] : new Undefined("there is no next item"),
        "cycle" => new PyFunction("cycle", a => a.Positional.Count > 0 ? a.Positional[Index % a.Positional.Count] : throw TemplateErrors.NoItems("cycle")),
        "changed" => new PyFunction("changed", Changed),
        _ => new Undefined($"'loop' has no attribute '{name}'"),
    };

    private object? Changed(Arguments arguments)
    {
        bool changed = _changed is null || !Operators.SameItems(_changed, arguments.Positional, arguments.Budget);
        _changed = [.. arguments.Positional];
        return changed;
    }
}
