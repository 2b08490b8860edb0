using System.Numerics;
using System.Text;

namespace Tunesmith.Text.Templates.Jinja;

/// <summary>Python's operators on template values.</summary>
internal static class Operators
{
    public static bool IsTrue(object? value) => value switch
    {
        null or Undefined => false,
        bool b => b,
        long n => n != 0,
        double d => d != 0,
        string s => s.Length > 0,
        PyList list => list.Kind == ListKind.Generator || list.Items.Count > 0,
        PyDict dict => dict.Count > 0,
        _ => true,
    };

    public static bool AreEqual(object? a, object? b, Budget budget)
    {
        // Each pair is paid for: lists that hold a list twice, and that one another twice, have more pairs than elements.
        budget.Spend(1);
        if (ReferenceEquals(a, b)) return true;
        return (a, b) switch
        {
            (Undefined, Undefined) => true,
            (string x, string y) => x.Length == y.Length && SameText(x, y, budget),
            (PyList x, PyList y) => (x.Kind == y.Kind || (x.Kind == ListKind.Tuple) == (y.Kind == ListKind.Tuple)) && x.Indexed && y.Indexed && SameItems(x.Items, y.Items, budget),
            (PyDict x, PyDict y) => x.Count == y.Count && SameEntries(x, y, budget),
            (long x, long y) => x == y,
            _ => Number(a) is { } m && Number(b) is { } n && m == n,
        };
    }

    public static bool SameItems(IReadOnlyList<object?> a, IReadOnlyList<object?> b, Budget budget)
    {
        if (a.Count != b.Count) return false;
        GuardStack("comparison");
        for (int i = 0; i < a.Count; i++)
            if (!AreEqual(a[i], b[i], budget)) return false;
        return true;
    }

    private static bool SameEntries(PyDict a, PyDict b, Budget budget)
    {
        GuardStack("comparison");
        return a.All(p => b.TryGet(p.Key, out object? other) && AreEqual(p.Value, other, budget));
    }

    private static bool SameText(string a, string b, Budget budget)
    {
        budget.Spend(a.Length / 64);
        return a == b;
    }

    /// <summary>Less than 0, 0 or more than 0; an error for values that Python does not order.</summary>
    public static int Order(object? a, object? b, Budget budget, string sign = "<")
    {
        if (a is string x && b is string y)
        {
            budget.Spend(Math.Min(x.Length, y.Length) / 64);
            return OrderText(x, y);
        }
        if (a is PyList { Indexed: true } m && b is PyList { Indexed: true } n && m.Kind == n.Kind)
        {
            GuardStack("comparison");
            for (int i = 0; i < Math.Min(m.Items.Count, n.Items.Count); i++)
                if (!AreEqual(m.Items[i], n.Items[i], budget)) return Order(m.Items[i], n.Items[i], budget, sign);
            return m.Items.Count.CompareTo(n.Items.Count);
        }
        if (a is long p && b is long q) return p.CompareTo(q);
        if (Number(a) is { } c && Number(b) is { } d) return c.CompareTo(d);
        throw TemplateErrors.NotSupported(sign, a, b);
    }

    public static bool Contains(object? container, object? item, Budget budget) => container switch
    {
        Undefined => false,
        string text => item is string part ? Holds(text, part, budget) : throw TemplateErrors.NotSupported("in", item, container),
        PyDict dict => dict.TryGet(Key(item, budget), out _),
        PyList list => list.Read().Any(i => AreEqual(i, item, budget)),
        _ => throw TemplateErrors.NotIterable(container),
    };

    /// <summary>A key to look up, paid for: a long text is read whole for it.</summary>
    public static object? Key(object? key, Budget budget)
    {
        if (key is string text) budget.Spend(text.Length / 64);
        return key;
    }

    private static bool Holds(string text, string part, Budget budget)
    {
        budget.Spend(text.Length / 64);
        return text.Contains(part, StringComparison.Ordinal);
    }

    public static object? Compute(string sign, object? a, object? b, Budget budget)
    {
        if (a is bool x) a = x ? 1L : 0L;
        if (b is bool y) b = y ? 1L : 0L;
        if (a is string format && sign == "%") return PercentFormat.Apply(format, b is PyList { Kind: ListKind.Tuple } t ? t.Items : [b], b as PyDict, budget);
        if (sign == "+" && a is string s && b is string r)
        {
            budget.Make((long)s.Length + r.Length);
            return s + r;
        }
        if (sign == "+" && a is PyList { Indexed: true } m && b is PyList n && m.Kind == n.Kind && m.Kind != ListKind.Range)
        {
            budget.Make(((long)m.Items.Count + n.Items.Count) * 8);
            return new PyList([.. m.Items, .. n.Items], m.Kind);
        }
        if (sign == "*" && Repeat(a, b, budget) is { } repeated) return repeated;
        if (a is long i && b is long j) return Integers(sign, i, j);
        if (Number(a) is { } c && Number(b) is { } d) return Floats(sign, c, d);
        throw TemplateErrors.NotSupported(sign, a, b);
    }

    public static object Negate(object? value) => value switch
    {
        bool b => (object)(b ? -1L : 0L),
        long n => n == long.MinValue ? throw TemplateErrors.IntegerTooLarge() : -n,
        double d => -d,
        _ => throw TemplateErrors.NotSupported("-", value),
    };

    public static double? Number(object? value) => value switch
    {
        bool b => b ? 1 : 0,
        long n => n,
        double d => d,
        _ => null,
    };

    /// <summary>The elements that Python's iteration gives.</summary>
    public static IReadOnlyList<object?> Iterate(object? value, Budget budget)
    {
        IReadOnlyList<object?> items = value switch
        {
            PyList list => list.Read(),
            PyDict dict => [.. dict.Keys],
            string text => [.. text.EnumerateRunes().Select(r => (object?)r.ToString())],
            Undefined => [],
            _ => throw TemplateErrors.NotIterable(value),
        };
        budget.Make(items.Count);
        return items;
    }

    /// <summary>Python's slice of a text (by code points) or list; null where the value has no slices.</summary>
    public static object? Slice(object? value, long? start, long? stop, long step, Budget budget)
    {
        if (step == 0) throw TemplateErrors.ZeroStep();
        if (value is not (string or PyList { Indexed: true })) return null;
        var items = value is string ? null : ((PyList)value).Items;
        Rune[] runes = value is string text ? [.. text.EnumerateRunes()] : [];
        long count = items?.Count ?? runes.Length;
        budget.Make(count);
        long Bound(long? given, long otherwise)
        {
            if (given is not { } at) return otherwise;
            if (at < 0) at = Math.Max(at + count, step < 0 ? -1 : 0);
            return Math.Min(at, step < 0 ? count - 1 : count);
        }
        step = Math.Clamp(step, -count - 1, count + 1);
        long from = Bound(start, step > 0 ? 0 : count - 1), to = Bound(stop, step > 0 ? count : -1);
        var picked = new List<object?>();
        var chars = new StringBuilder();
        for (long i = from; step > 0 ? i < to : i > to; i += step)
        {
            if (items is null) chars.Append(runes[i].ToString());
            else picked.Add(items[(int)i]);
        }
        return items is null ? chars.ToString() : new PyList(picked, ((PyList)value).Kind);
    }

    private static int OrderText(string a, string b)
    {
        using var x = a.EnumerateRunes().GetEnumerator();
        using var y = b.EnumerateRunes().GetEnumerator();
        while (true)
        {
            bool more = x.MoveNext();
            if (!y.MoveNext()) return more ? 1 : 0;
            if (!more) return -1;
            int order = x.Current.CompareTo(y.Current);
            if (order != 0) return order;
        }
    }

    private static object? Repeat(object? a, object? b, Budget budget)
    {
        if (a is long && b is string or PyList) (a, b) = (b, a);
        if (b is not long times) return null;
        int count = (int)Math.Clamp(times, 0, int.MaxValue);
        if (a is string text)
        {
            budget.Make((long)text.Length * count);
            return new StringBuilder().Insert(0, text, text.Length == 0 ? 0 : count).ToString();
        }
        if (a is not PyList { Kind: ListKind.List or ListKind.Tuple } list) return null;
        budget.Make((long)list.Items.Count * count * 8);
        return new PyList([.. Enumerable.Range(0, list.Items.Count == 0 ? 0 : count).SelectMany(_ => list.Items)], list.Kind);
    }

    private static object Integers(string sign, long a, long b)
    {
        if (b == 0 && sign is "/" or "//" or "%") throw TemplateErrors.DivisionByZero();
        try
        {
            return sign switch
            {
                "+" => (object)checked(a + b), // boxed here: the arms must not become double
                "-" => checked(a - b),
                "*" => checked(a * b),
                "/" => (double)a / b,
                "//" => checked(a / b) - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0),
                "%" => b == -1 ? 0L : a % b is var m && m != 0 && (m < 0) != (b < 0) ? m + b : m,
                "**" when b < 0 => a == 0 ? throw TemplateErrors.DivisionByZero() : Math.Pow(a, b),
                "**" => b > 64 && a is not (0 or 1 or -1) ? throw TemplateErrors.IntegerTooLarge() : (long)BigInteger.Pow(a, (int)(b > 64 ? 2 + b % 2 : b)),
                _ => throw TemplateErrors.NotSupported(sign, a, b),
            };
        }
        catch (OverflowException)
        {
            throw TemplateErrors.IntegerTooLarge();
        }
    }

    private static object Floats(string sign, double a, double b)
    {
        if (b == 0 && sign is "/" or "//" or "%") throw TemplateErrors.DivisionByZero();
        return sign switch
        {
            "+" => a + b,
            "-" => a - b,
            "*" => a * b,
            "/" => a / b,
            "//" => Math.Floor(a / b),
            "%" => a - Math.Floor(a / b) * b,
            "**" => Math.Pow(a, b),
            _ => throw TemplateErrors.NotSupported(sign, a, b),
        };
    }

    /// <summary>Deeply nested values are looked through by recursion: stop before the stack ends.</summary>
    public static void GuardStack(string what)
    {
        if (!System.Runtime.CompilerServices.RuntimeHelpers.TryEnsureSufficientExecutionStack()) throw TemplateErrors.NestedTooDeeply(what);
    }
}
