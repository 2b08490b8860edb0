namespace Tunesmith.Text.Templates.Jinja;

/// <summary>The arguments of one call and the run it happens in.</summary>
internal sealed class Arguments(string name, IReadOnlyList<object?> positional, IReadOnlyList<KeyValuePair<string, object?>> named, Budget budget)
{
    private static readonly object Missing = new();

    public string Name => name;

    public IReadOnlyList<object?> Positional => positional;

    public IReadOnlyList<KeyValuePair<string, object?>> Named => named;

    public Budget Budget => budget;

    /// <summary>Gives each argument to its parameter; an argument too many or of an unknown name is an error.</summary>
    public BoundArguments Bind(params ReadOnlySpan<string> parameters)
    {
        var values = new object?[parameters.Length];
        Array.Fill(values, Missing);
        if (positional.Count > parameters.Length) throw TemplateErrors.TooManyArguments(name, parameters.Length, positional.Count);
        for (int i = 0; i < positional.Count; i++) values[i] = positional[i];
        foreach (var (key, value) in named)
        {
            int at = parameters.IndexOf(key);
            if (at < 0 || values[at] != Missing) throw TemplateErrors.UnexpectedArgument(name, key);
            values[at] = value;
        }
        return new BoundArguments(name, values, Missing);
    }
}

/// <summary>Arguments given to parameters, read with the type that is needed.</summary>
internal readonly struct BoundArguments(string name, object?[] values, object missing)
{
    public bool Has(int i) => values[i] != missing;

    public object? Any(int i, object? otherwise) => Has(i) ? values[i] : otherwise;

    public object? Needed(int i) => Has(i) ? values[i] : throw TemplateErrors.MissingArgument(name, i + 1);

    public string Text(int i, string? otherwise = null)
    {
        object? value = otherwise is null ? Needed(i) : Any(i, otherwise);
        return value as string ?? throw TemplateErrors.WrongArgument(name, i + 1, "a string", value);
    }

    public string? TextOrNone(int i) => Any(i, null) is null ? null : Text(i);

    public long Integer(int i, long otherwise)
    {
        object? value = Any(i, otherwise);
        return value switch
        {
            long n => n,
            bool b => b ? 1 : 0,
            _ => throw TemplateErrors.WrongArgument(name, i + 1, "an integer", value),
        };
    }

    public int Count(int i, int otherwise) => (int)Math.Clamp(Integer(i, otherwise), int.MinValue, int.MaxValue);

    public bool Truth(int i, bool otherwise) => Has(i) ? Operators.IsTrue(values[i]) : otherwise;
}
