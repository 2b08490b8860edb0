using Tunesmith.Runs;

namespace Tunesmith.Cli;

/// <summary>An option that a command takes.</summary>
/// <param name="Name">With its dashes.</param>
/// <param name="Value">What stands for its value in the help, or null where it takes none.</param>
public sealed record Flag(string Name, string? Value, string Summary);

/// <summary>A command line after the command's name: paths and words, <c>key=value</c> pairs, options.</summary>
public sealed class Arguments
{
    private readonly Dictionary<string, string> _flags = new(StringComparer.Ordinal);
    private readonly List<string> _words = [];
    private readonly List<string> _overrides = [];

    public IReadOnlyList<string> Words => _words;

    /// <summary>Recipe keys set on the command line.</summary>
    public IReadOnlyList<string> Overrides => _overrides;

    public bool Has(string flag) => _flags.ContainsKey(flag);

    public string? Value(string flag) => _flags.GetValueOrDefault(flag);

    /// <summary>Takes a command line apart; an option that the command does not have is an error with the nearest one.</summary>
    public static Arguments Parse(string command, IReadOnlyList<string> given, IReadOnlyList<Flag> known)
    {
        var result = new Arguments();
        for (var i = 0; i < given.Count; i++)
        {
            var word = given[i];
            if (word == "--")
            {
                result._words.AddRange(given.Skip(i + 1));
                break;
            }
            if (word.Length > 1 && word[0] == '-' && !double.TryParse(word, out _))
            {
                var equals = word.IndexOf('=');
                var name = equals < 0 ? word : word[..equals];
                var flag = known.FirstOrDefault(f => f.Name == name) ?? throw Errors.UnknownFlag(command, name, known);
                if (flag.Value is null)
                {
                    if (equals >= 0) throw Errors.FlagTakesNoValue(command, name);
                    result._flags[name] = "";
                }
                else
                {
                    result._flags[name] = equals >= 0 ? word[(equals + 1)..] : i + 1 < given.Count ? given[++i] : throw Errors.FlagNeedsValue(command, flag);
                }
            }
            else if (IsOverride(word)) result._overrides.Add(word);
            else result._words.Add(word);
        }
        return result;
    }

    /// <summary>The one path that the command needs.</summary>
    public string Single(string command, string what)
    {
        if (_words.Count == 1) return _words[0];
        throw _words.Count == 0 ? Errors.WordMissing(command, what) : Errors.TooManyWords(command, what, _words);
    }

    /// <summary>Sees that a command which takes no words was given none.</summary>
    public void None(string command)
    {
        if (_words.Count + _overrides.Count > 0) throw Errors.NoWords(command, _words.Count > 0 ? _words[0] : _overrides[0]);
    }

    // key=value: the key is a plain name, so that a path with an equals sign stays a path.
    private static bool IsOverride(string word)
    {
        var equals = word.IndexOf('=');
        return equals > 0 && word.AsSpan(0, equals).IndexOfAnyExcept("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.") < 0 && !word.AsSpan(0, equals).Contains('/');
    }
}
