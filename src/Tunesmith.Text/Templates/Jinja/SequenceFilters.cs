using System.Globalization;

namespace Tunesmith.Text.Templates.Jinja;

/// <summary>The filters that work on lists.</summary>
internal static class SequenceFilters
{
    public static object? Batch(object? value, Arguments arguments)
    {
        var a = arguments.Bind("linecount", "fill_with");
        int size = Math.Max(1, a.Count(0, 1));
        var rows = Operators.Iterate(value, arguments.Budget).Chunk(size).Select(c => c.ToList()).ToList();
        if (a.Any(1, null) is { } fill && rows.Count > 0)
        {
            arguments.Budget.Make(size * 8L);
            while (rows[^1].Count < size) rows[^1].Add(fill);
        }
        return new PyList([.. rows.Select(r => new PyList(r))], ListKind.Generator);
    }

    public static object? Slices(object? value, Arguments arguments)
    {
        var a = arguments.Bind("slices", "fill_with");
        var items = Operators.Iterate(value, arguments.Budget);
        int count = a.Count(0, 1);
        if (count < 1) throw TemplateErrors.WrongArgument("slice", 1, "a number above 0", (long)count);
        arguments.Budget.Make(count * 8L);
        int each = items.Count / count, more = items.Count % count, at = 0;
        var rows = new List<object?>();
        for (int i = 0; i < count; i++)
        {
            int take = each + (i < more ? 1 : 0);
            var row = items.Skip(at).Take(take).ToList();
            at += take;
            if (a.Any(1, null) is { } fill && i >= more && more > 0) row.Add(fill);
            rows.Add(new PyList(row));
        }
        return new PyList(rows, ListKind.Generator);
    }

    public static object? DictSort(object? value, Arguments arguments)
    {
        var a = arguments.Bind("case_sensitive", "by", "reverse");
        if (value is not PyDict dict) throw TemplateErrors.NotAMapping();
        int by = a.Text(1, "key") == "value" ? 1 : 0;
        var pairs = dict.Select(p => (object?)new PyList([p.Key, p.Value], ListKind.Tuple)).ToList();
        return new PyList(Sorted(pairs, p => Key(((PyList)p!).Items[by], a.Truth(0, false)), a.Truth(2, false), arguments.Budget));
    }

    public static object? GroupBy(object? value, Arguments arguments)
    {
        var a = arguments.Bind("attribute", "default", "case_sensitive");
        bool sensitive = a.Truth(2, false);
        object? otherwise = a.Any(1, null);
        var get = Getter(a.Needed(0), a.Has(1) ? otherwise : null, arguments.Budget);
        var sorted = Sorted(Operators.Iterate(value, arguments.Budget), i => Key(get(i), sensitive), false, arguments.Budget);
        var groups = new List<object?>();
        for (int i = 0; i < sorted.Count;)
        {
            int from = i;
            object? key = Key(get(sorted[from]), sensitive);
            while (i < sorted.Count && Operators.AreEqual(Key(get(sorted[i]), sensitive), key, arguments.Budget)) i++;
            groups.Add(new PyList([get(sorted[from]), new PyList(sorted.GetRange(from, i - from))], ListKind.Tuple) { Names = ["grouper", "list"] });
        }
        return new PyList(groups);
    }

    public static object? Join(object? value, Arguments arguments)
    {
        var a = arguments.Bind("d", "attribute");
        string separator = PythonText.Str(a.Any(0, ""), arguments.Budget);
        var items = Operators.Iterate(value, arguments.Budget);
        var get = a.Any(1, null) is { } attribute ? Getter(attribute, null, arguments.Budget) : null;
        return StringMethods.Join(separator, [.. items.Select(i => PythonText.Str(get is null ? i : get(i), arguments.Budget))], arguments.Budget);
    }

    public static object? Map(object? value, Arguments arguments)
    {
        var items = Operators.Iterate(value, arguments.Budget);
        Func<object?, object?> change;
        if (arguments.Positional.Count == 0)
        {
            var a = arguments.Bind("attribute", "default");
            change = Getter(a.Needed(0), a.Any(1, null), arguments.Budget);
        }
        else
        {
            string name = arguments.Positional[0] as string ?? throw TemplateErrors.WrongArgument("map", 1, "the name of a filter", arguments.Positional[0]);
            var rest = new Arguments(name, [.. arguments.Positional.Skip(1)], arguments.Named, arguments.Budget);
            change = item => Filters.Apply(name, item, rest);
        }
        return new PyList([.. items.Select(i => Charged(i, change, arguments.Budget))], ListKind.Generator);
    }

    public static object? Select(object? value, Arguments arguments, bool keep, bool byAttribute)
    {
        var items = Operators.Iterate(value, arguments.Budget);
        int skip = byAttribute ? 1 : 0;
        if (arguments.Positional.Count < skip) throw TemplateErrors.MissingArgument(arguments.Name, 1);
        var get = byAttribute ? Getter(arguments.Positional[0], null, arguments.Budget) : i => i;
        Func<object?, bool> test = Operators.IsTrue;
        if (arguments.Positional.Count > skip)
        {
            string name = arguments.Positional[skip] as string ?? throw TemplateErrors.WrongArgument(arguments.Name, skip + 1, "the name of a test", arguments.Positional[skip]);
            var rest = new Arguments(name, [.. arguments.Positional.Skip(skip + 1)], arguments.Named, arguments.Budget);
            test = item => Operators.IsTrue(Tests.Apply(name, item, rest));
        }
        return new PyList([.. items.Where(i => test(Charged(i, get, arguments.Budget)) == keep)], ListKind.Generator);
    }

    public static object? Sort(object? value, Arguments arguments)
    {
        var a = arguments.Bind("reverse", "case_sensitive", "attribute");
        bool sensitive = a.Truth(1, false);
        var items = Operators.Iterate(value, arguments.Budget);
        if (a.Any(2, null) is not { } attribute) return new PyList(Sorted(items, i => Key(i, sensitive), a.Truth(0, false), arguments.Budget));
        var getters = (attribute is string names ? names.Split(',') : new object?[] { attribute }).Select(n => Getter(n is string s ? s.Trim() : n, null, arguments.Budget)).ToArray();
        return new PyList(Sorted(items, i => new PyList([.. getters.Select(g => Key(g(i), sensitive))]), a.Truth(0, false), arguments.Budget));
    }

    public static object? Sum(object? value, Arguments arguments)
    {
        var a = arguments.Bind("attribute", "start");
        var get = a.Any(0, null) is { } attribute ? Getter(attribute, null, arguments.Budget) : null;
        object? sum = a.Any(1, 0L);
        foreach (object? item in Operators.Iterate(value, arguments.Budget)) sum = Operators.Compute("+", sum, get is null ? item : get(item), arguments.Budget);
        return sum;
    }

    public static object? Unique(object? value, Arguments arguments)
    {
        var a = arguments.Bind("case_sensitive", "attribute");
        var get = a.Any(1, null) is { } attribute ? Getter(attribute, null, arguments.Budget) : i => i;
        var seen = new PyDict(arguments.Budget);
        var kept = new List<object?>();
        foreach (object? item in Operators.Iterate(value, arguments.Budget))
        {
            object? key = Operators.Key(Key(get(item), a.Truth(0, false)), arguments.Budget);
            if (seen.TryGet(key, out _)) continue;
            seen[key] = true;
            kept.Add(item);
        }
        return new PyList(kept, ListKind.Generator);
    }

    public static object? Extreme(object? value, Arguments arguments, int sign)
    {
        var a = arguments.Bind("case_sensitive", "attribute");
        var get = a.Any(1, null) is { } attribute ? Getter(attribute, null, arguments.Budget) : i => i;
        var items = Operators.Iterate(value, arguments.Budget);
        if (items.Count == 0) return new Undefined("No aggregated item, sequence was empty.");
        object? best = items[0];
        foreach (object? item in items.Skip(1))
            if (Math.Sign(Operators.Order(Key(get(item), a.Truth(0, false)), Key(get(best), a.Truth(0, false)), arguments.Budget)) == sign) best = item;
        return best;
    }

    /// <summary>Reads an attribute path such as <c>function.name</c> or <c>0</c> from an item.</summary>
    private static Func<object?, object?> Getter(object? attribute, object? otherwise, Budget budget)
    {
        object?[] path = attribute switch
        {
            string text => [.. text.Split('.').Select(p => p.Length > 0 && p.All(char.IsAsciiDigit) && long.TryParse(p, CultureInfo.InvariantCulture, out long n) ? n : (object?)p)],
            _ => [attribute],
        };
        return item =>
        {
            foreach (object? step in path)
            {
                if (item is Undefined undefined) throw TemplateErrors.UsedUndefined(undefined.Why);
                item = Attributes.Item(item, step, budget);
                if (item is Undefined && otherwise is not null) item = otherwise;
            }
            return item;
        };
    }

    private static object? Charged(object? item, Func<object?, object?> change, Budget budget)
    {
        budget.Spend(1);
        return change(item);
    }

    private static object? Key(object? value, bool caseSensitive) => value is string s && !caseSensitive ? s.ToLowerInvariant() : value;

    /// <summary>In Python's order; values that it does not order are an error of the template.</summary>
    public static List<T> Sorted<T>(IEnumerable<T> items, Func<T, object?> key, bool reverse, Budget budget)
    {
        var order = Comparer<object?>.Create((x, y) =>
        {
            budget.Spend(1);
            return Operators.Order(x, y, budget);
        });
        try
        {
            return [.. reverse ? items.OrderByDescending(key, order) : items.OrderBy(key, order)];
        }
        catch (InvalidOperationException e) when (e.InnerException is JinjaException inner)
        {
            throw inner;
        }
    }
}
