using System.Text.RegularExpressions;

namespace Tunesmith.Runs.Recipes;

/// <summary>
/// A recipe: the flat keys of a YAML or JSON file with the command line's overrides on top. Options records are filled from it
/// with <see cref="Bind{T}"/>; what is wrong is collected and told at once by <see cref="ThrowIfProblems"/>.
/// </summary>
public sealed partial class Recipe
{
    private const string CommandLine = "the command line";
    private readonly Dictionary<string, Node> _values;
    private readonly List<Problem> _problems = [];
    private readonly Dictionary<string, ResolvedKey> _resolved = new(StringComparer.Ordinal);
    private readonly List<string> _order = [];
    private readonly HashSet<string> _claimed = new(StringComparer.Ordinal);
    private readonly List<string> _ignored = [];
    private bool _strangersChecked;

    private sealed record Problem(int Line, string Text);

    private Recipe(string source, Dictionary<string, Node> values, IEnumerable<string>? written = null)
    {
        Source = source;
        _values = values;
        foreach (var key in (written ?? values.Keys).ToList()) values[key] = Interpolate(key, values[key], 0);
    }

    /// <summary>The file's name as given, or "the command line".</summary>
    public string Source { get; }

    /// <summary>Every value that an options record declared so far, in the order of declaration, with its origin.</summary>
    public IReadOnlyList<ResolvedKey> Resolved => [.. _order.Select(name => _resolved[name])];

    /// <summary>Keys of the recipe that LLaMA-Factory knows and that have no effect here; known after <see cref="ThrowIfProblems"/>.</summary>
    public IReadOnlyList<string> WithoutEffect => _ignored;

    /// <summary>The problems found so far, in the order of the file.</summary>
    public IReadOnlyList<string> Problems => [.. _problems.OrderBy(problem => problem.Line).Select(Show)];

    /// <summary>Reads a recipe file (.yaml, .yml or .json); <paramref name="overrides"/> are <c>key=value</c>.</summary>
    public static Recipe Load(string path, IReadOnlyList<string>? overrides = null) => Parse(RecipeText.Read(path), path, overrides);

    /// <summary>
    /// A recipe that has no file and goes on from another: <paramref name="values"/> as they are (a text, or a list of texts), <paramref name="keys"/> as
    /// <paramref name="other"/> has them, and <c>key=value</c> on top. Nothing of it is read as YAML once more.
    /// </summary>
    public static Recipe After(Recipe? other, IEnumerable<string> keys, IReadOnlyDictionary<string, object> values, IReadOnlyList<string> overrides)
    {
        var nodes = values.ToDictionary(pair => pair.Key, pair => pair.Value is IEnumerable<string> several
            ? new ListNode([.. several.Select(text => new ScalarNode(text, true, 0))], 0)
            : (Node)new ScalarNode((string)pair.Value, true, 0), StringComparer.Ordinal);
        foreach (var key in keys)
            if (other is not null && other._values.TryGetValue(key, out var node)) nodes[key] = Overrides.AtLineZero(node);
        var given = Overrides.Read(overrides);
        foreach (var (key, value) in given) nodes[key] = value;
        return new Recipe(CommandLine, nodes, given.Keys);
    }

    /// <summary>Reads a recipe's text; a <paramref name="source"/> that ends in .json is read as JSON.</summary>
    public static Recipe Parse(string text, string source, IReadOnlyList<string>? overrides = null)
    {
        var map = source.EndsWith(".json", StringComparison.OrdinalIgnoreCase) ? JsonRecipeReader.ReadMapping(text, source) : YamlReader.ReadMapping(text, source);
        var values = new Dictionary<string, Node>(map.Entries, StringComparer.Ordinal);
        foreach (var (key, value) in Overrides.Read(overrides ?? [])) Override(values, key, value);
        return new Recipe(source, values);
    }

    /// <summary>Whether the recipe or the command line gives this key, be it null.</summary>
    public bool Has(string key) => _values.ContainsKey(key);

    /// <summary>The raw text of a single value, for those who must decide before they bind; null when it is absent, null or not single.</summary>
    public string? Peek(string key) => _values.TryGetValue(key, out var node) && node is ScalarNode scalar && !Scalars.IsNull(scalar) ? scalar.Text : null;

    /// <summary>Where the value of a key comes from.</summary>
    public Origin Origin(string key) =>
        _resolved.TryGetValue(key, out var resolved) ? resolved.Origin :
        _values.TryGetValue(key, out var node) ? OriginOf(node) : new Origin(OriginKind.Default);

    /// <summary>Fills an options record from its declared keys. A bad value leaves the default in place and is a collected problem.</summary>
    public T Bind<T>() where T : new()
    {
        var record = new T();
        foreach (var key in OptionKeys.Of(typeof(T)))
        {
            _claimed.Add(key.Name);
            object? value = key.Property.GetValue(record);
            var origin = new Origin(OriginKind.Default);
            if (_values.TryGetValue(key.Name, out var node) && !(node is ScalarNode scalar && Scalars.IsNull(scalar) && !key.Nullable))
            {
                if (Binder.TryConvert(key, node, out var given, out var expected))
                {
                    value = given;
                    origin = OriginOf(node);
                    key.Property.SetValue(record, value);
                }
                else
                {
                    Report(key.Name, node.Line, Errors.BadValue(key.Name, Binder.Show(node), expected));
                }
            }
            Resolve(key.Name, value, origin, key.Summary);
        }
        return record;
    }

    /// <summary>Records a value that was decided after binding: derived from another key, or read from a checkpoint.</summary>
    public void Resolve(string key, object? value, Origin origin, string summary = "")
    {
        _claimed.Add(key);
        if (_resolved.TryGetValue(key, out var known)) summary = summary.Length > 0 ? summary : known.Summary;
        else _order.Add(key);
        _resolved[key] = new ResolvedKey(key, value, origin, summary);
    }

    /// <summary>Adds a problem that only the owner of the options can see: two keys that exclude each other, a value that a model refuses.</summary>
    public void AddProblem(string key, string message) => Report(key, _values.TryGetValue(key, out var node) ? node.Line : int.MaxValue, message);

    /// <summary>Ends the reading: unknown keys become problems, and any problem at all is told, all of them together.</summary>
    public void ThrowIfProblems()
    {
        CheckStrangers();
        if (_problems.Count > 0) throw Errors.RecipeProblems(Source, Problems);
    }

    private void CheckStrangers()
    {
        if (_strangersChecked) return;
        _strangersChecked = true;
        foreach (var (key, node) in _values)
        {
            if (_claimed.Contains(key)) continue;
            switch (ForeignKeys.Judge(key, node))
            {
                case ForeignVerdict.Inert: _ignored.Add(key); break;
                case ForeignVerdict.Refused: Report(key, node.Line, Errors.ForeignKey(key, Binder.Show(node), ForeignKeys.DefaultOf(key), ForeignKeys.WayOut(key))); break;
                default: Report(key, node.Line, Errors.UnknownKey(key, _claimed.Concat(ForeignKeys.Names))); break;
            }
        }
    }

    private void Report(string key, int line, string message)
    {
        var text = message.StartsWith(key, StringComparison.Ordinal) || message.StartsWith($"'{key}'", StringComparison.Ordinal) ? message : $"{key}: {message}";
        if (!_problems.Exists(problem => problem.Text == text)) _problems.Add(new Problem(line, text));
    }

    private string Show(Problem problem) => problem.Line switch
    {
        0 => Source == CommandLine ? problem.Text : $"command line: {problem.Text}",
        int.MaxValue => problem.Text,
        _ => $"line {problem.Line}: {problem.Text}",
    };

    private static Origin OriginOf(Node node) => node.Line == 0 ? new Origin(OriginKind.CommandLine) : new Origin(OriginKind.RecipeFile, node.Line);

    // a.b=1 sets one entry of a mapping, as OmegaConf's dot list does; our own keys have no dots.
    private static void Override(Dictionary<string, Node> values, string key, Node value)
    {
        int dot = key.IndexOf('.');
        if (dot <= 0) { values[key] = value; return; }
        var inner = values.TryGetValue(key[..dot], out var node) && node is MapNode map ? new Dictionary<string, Node>(map.Entries, StringComparer.Ordinal) : new(StringComparer.Ordinal);
        Override(inner, key[(dot + 1)..], value);
        values[key[..dot]] = new MapNode(inner, 0);
    }

    // OmegaConf's ${other_key}; its resolvers (oc.env and the like) read the machine and are refused.
    private Node Interpolate(string key, Node node, int depth)
    {
        if (node is not ScalarNode scalar || !scalar.Text.Contains("${", StringComparison.Ordinal)) return node;
        bool alone = Reference().Match(scalar.Text) is { Success: true } match && match.Length == scalar.Text.Length;
        bool quoted = scalar.Quoted && !alone;
        string text = Reference().Replace(scalar.Text, reference =>
        {
            var name = reference.Groups[1].Value;
            if (depth < Limits.Depth && name != key && _values.TryGetValue(name, out var other) && Interpolate(name, other, depth + 1) is ScalarNode value && value.Text.Length < 4096)
            {
                if (alone) quoted = value.Quoted;
                return value.Text;
            }
            Report(key, node.Line, Errors.BadReference(key, name));
            return "";
        });
        return new ScalarNode(text, quoted, node.Line);
    }

    [GeneratedRegex(@"\$\{([^{}]*)\}", RegexOptions.CultureInvariant)]
    private static partial Regex Reference();
}
