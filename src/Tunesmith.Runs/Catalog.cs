namespace Tunesmith.Runs;

/// <summary>The list behind a plate: names, and what each stands for. Built-ins and plugins are added the same way.</summary>
/// <param name="kind">What an entry is, for messages: "stage", "optimizer".</param>
public sealed class Catalog<T>(string kind)
{
    private readonly SortedDictionary<string, (T Entry, string Summary)> _entries = new(StringComparer.Ordinal);

    /// <summary>The names, sorted.</summary>
    public IEnumerable<string> Names => _entries.Keys;

    /// <summary>Adds an entry; a name that is taken is an error of the program, not of its user.</summary>
    public Catalog<T> Add(string name, T entry, string summary = "")
    {
        if (!_entries.TryAdd(name, (entry, summary))) throw new InvalidOperationException($"{kind} '{name}' is in the catalog already");
        return this;
    }

    /// <summary>The entry of this name; an unknown one is answered with the nearest name and the whole list.</summary>
    public T Get(string name) => TryGet(name, out var entry) ? entry : throw Errors.UnknownEntry(kind, name, Names);

    /// <summary>Whether there is an entry of this name.</summary>
    public bool TryGet(string name, out T entry)
    {
        bool found = _entries.TryGetValue(name, out var pair);
        entry = pair.Entry;
        return found;
    }

    /// <summary>One sentence on an entry.</summary>
    public string Summary(string name) => _entries.TryGetValue(name, out var pair) ? pair.Summary : throw Errors.UnknownEntry(kind, name, Names);
}
