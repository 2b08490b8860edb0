namespace Tunesmith.Text.Templates.Jinja;

/// <summary>Jinja's built-in tests (reference: Jinja 3.1, tests.py), sorted by name.</summary>
internal static class Tests
{
    private static readonly SortedDictionary<string, Func<object?, Arguments, bool>> Known = new(StringComparer.Ordinal)
    {
        ["!="] = (v, a) => !Operators.AreEqual(v, Other(a), a.Budget),
        ["<"] = (v, a) => Order(v, a) < 0,
        ["<="] = (v, a) => Order(v, a) <= 0,
        ["=="] = (v, a) => Operators.AreEqual(v, Other(a), a.Budget),
        [">"] = (v, a) => Order(v, a) > 0,
        [">="] = (v, a) => Order(v, a) >= 0,
        ["boolean"] = (v, _) => v is bool,
        ["callable"] = (v, _) => v is PyFunction or LoopState or Undefined,
        ["defined"] = (v, _) => v is not Undefined,
        ["divisibleby"] = (v, a) => Operators.IsTrue(Operators.AreEqual(Operators.Compute("%", v, Other(a), a.Budget), 0L, a.Budget)),
        ["eq"] = (v, a) => Operators.AreEqual(v, Other(a), a.Budget),
        ["equalto"] = (v, a) => Operators.AreEqual(v, Other(a), a.Budget),
        ["escaped"] = (_, _) => false,
        ["even"] = (v, a) => Operators.AreEqual(Operators.Compute("%", v, 2L, a.Budget), 0L, a.Budget),
        ["false"] = (v, _) => v is false,
        ["filter"] = (v, _) => v is string name && Filters.Exists(name),
        ["float"] = (v, _) => v is double,
        ["ge"] = (v, a) => Order(v, a) >= 0,
        ["greaterthan"] = (v, a) => Order(v, a) > 0,
        ["gt"] = (v, a) => Order(v, a) > 0,
        ["in"] = (v, a) => Operators.Contains(Other(a), v, a.Budget),
        ["integer"] = (v, _) => v is long,
        ["iterable"] = (v, _) => v is string or PyList or PyDict or Undefined,
        ["le"] = (v, a) => Order(v, a) <= 0,
        ["lessthan"] = (v, a) => Order(v, a) < 0,
        ["lower"] = (v, a) => PythonText.Str(v, a.Budget) is var s && s.Any(char.IsLower) && !s.Any(char.IsUpper),
        ["lt"] = (v, a) => Order(v, a) < 0,
        ["mapping"] = (v, _) => v is PyDict,
        ["ne"] = (v, a) => !Operators.AreEqual(v, Other(a), a.Budget),
        ["none"] = (v, _) => v is null,
        ["number"] = (v, _) => v is long or double or bool,
        ["odd"] = (v, a) => Operators.AreEqual(Operators.Compute("%", v, 2L, a.Budget), 1L, a.Budget),
        ["sameas"] = (v, a) => Other(a) is var other && (ReferenceEquals(v, other) || (v is bool or long && v.Equals(other))),
        ["sequence"] = (v, _) => v is string or PyDict or Undefined or PyList { Indexed: true },
        ["string"] = (v, _) => v is string,
        ["test"] = (v, _) => v is string name && Exists(name),
        ["true"] = (v, _) => v is true,
        ["undefined"] = (v, _) => v is Undefined,
        ["upper"] = (v, a) => PythonText.Str(v, a.Budget) is var s && s.Any(char.IsUpper) && !s.Any(char.IsLower),
    };

    public static bool Exists(string name) => Known.ContainsKey(name);

    public static object? Apply(string name, object? value, Arguments arguments) =>
        Known.TryGetValue(name, out var test) ? test(value, arguments) : throw TemplateErrors.NoTest(name, 0);

    private static object? Other(Arguments arguments) => arguments.Bind("other").Needed(0);

    private static int Order(object? value, Arguments arguments)
    {
        if (value is Undefined undefined) throw TemplateErrors.UsedUndefined(undefined.Why);
        return Operators.Order(value, Other(arguments), arguments.Budget);
    }
}
