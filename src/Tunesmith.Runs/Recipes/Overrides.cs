namespace Tunesmith.Runs.Recipes;

/// <summary>Reads <c>key=value</c> from the command line as OmegaConf's dot list does; <c>--key value</c> and <c>--key=value</c> are understood too.</summary>
internal static class Overrides
{
    public static Dictionary<string, Node> Read(IReadOnlyList<string> arguments)
    {
        var values = new Dictionary<string, Node>(StringComparer.Ordinal);
        for (int i = 0; i < arguments.Count; i++)
        {
            var argument = arguments[i];
            bool dashed = argument.StartsWith("--", StringComparison.Ordinal);
            var text = dashed ? argument[2..] : argument;
            int sign = text.IndexOf('=');
            string key, value;
            if (sign > 0) (key, value) = (text[..sign].Trim(), text[(sign + 1)..]);
            else if (dashed && text.Length > 0 && i + 1 < arguments.Count && !arguments[i + 1].StartsWith("--", StringComparison.Ordinal) && !IsPair(arguments[i + 1])) (key, value) = (text, arguments[++i]);
            else if (dashed && text.Length > 0) (key, value) = (text, "true");
            else throw Errors.NotAnOverride(argument);
            if (dashed) key = key.Replace('-', '_');
            values[key] = Value(key, value);
        }
        return values;
    }

    // After "--do_train", "seed=1" is the next override and no value of do_train.
    private static bool IsPair(string argument)
    {
        int sign = argument.IndexOf('=');
        return sign > 0 && argument.AsSpan(0, sign).IndexOfAnyExcept("abcdefghijklmnopqrstuvwxyz0123456789_.") < 0;
    }

    private static Node Value(string key, string text)
    {
        var trimmed = text.Trim();
        // Only these four open something in OmegaConf's grammar; any other text is taken as it stands, whatever YAML would make of it.
        if (trimmed.Length > 0 && trimmed[0] is '[' or '{' or '"' or '\'') return AtLineZero(YamlReader.Read(trimmed, $"the value of '{key}'"));
        return new ScalarNode(trimmed, false, 0);
    }

    /// <summary>The node as the command line would have given it.</summary>
    public static Node AtLineZero(Node node) => node switch
    {
        ListNode list => new ListNode([.. list.Items.Select(AtLineZero)], 0),
        MapNode map => new MapNode(map.Entries.ToDictionary(entry => entry.Key, entry => AtLineZero(entry.Value)), 0),
        _ => node with { Line = 0 },
    };
}
