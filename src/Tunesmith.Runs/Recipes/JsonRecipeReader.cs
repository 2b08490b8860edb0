using System.Text;
using System.Text.Json;

namespace Tunesmith.Runs.Recipes;

/// <summary>Reads a recipe written as JSON; comments and a trailing comma are forgiven, a duplicate key is not.</summary>
internal static class JsonRecipeReader
{
    public static MapNode ReadMapping(string text, string source)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var options = new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, MaxDepth = Limits.Depth };
        var reader = new Utf8JsonReader(bytes, options);
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) throw Errors.NotAMapping(source, 1);
            var map = (MapNode)Value(ref reader, bytes, source);
            if (reader.Read()) throw Errors.BrokenJson(source, Line(ref reader, bytes), "more text after the closing brace", null);
            return map;
        }
        catch (JsonException broken)
        {
            throw Errors.BrokenJson(source, (int)(broken.LineNumber ?? 0) + 1, FirstSentence(broken.Message), broken);
        }
        catch (InvalidOperationException broken)
        {
            // A string with half a surrogate pair in an escape.
            throw Errors.BrokenJson(source, Line(ref reader, bytes), broken.Message, broken);
        }
    }

    internal static Node Read(string text, string source) =>
        ((MapNode)ReadMapping("{\"value\":" + text + "}", source)).Entries["value"];

    private static Node Value(ref Utf8JsonReader reader, byte[] bytes, string source)
    {
        int line = Line(ref reader, bytes);
        switch (reader.TokenType)
        {
            case JsonTokenType.String: return new ScalarNode(reader.GetString()!, true, line);
            case JsonTokenType.Null: return new ScalarNode("null", false, line);
            case JsonTokenType.True or JsonTokenType.False or JsonTokenType.Number:
                return new ScalarNode(Encoding.UTF8.GetString(reader.ValueSpan), false, line);
            case JsonTokenType.StartArray:
                var items = new List<Node>();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray) items.Add(Value(ref reader, bytes, source));
                return new ListNode(items, line);
            default:
                var entries = new Dictionary<string, Node>(StringComparer.Ordinal);
                while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
                {
                    var key = reader.GetString()!;
                    int keyLine = Line(ref reader, bytes);
                    reader.Read();
                    if (entries.TryGetValue(key, out var first)) throw Errors.DuplicateKey(source, key, first.Line, keyLine);
                    entries.Add(key, Value(ref reader, bytes, source) with { Line = keyLine });
                }
                return new MapNode(entries, line);
        }
    }

    private static int Line(ref Utf8JsonReader reader, byte[] bytes) => bytes.AsSpan(0, (int)reader.TokenStartIndex).Count((byte)'\n') + 1;

    private static string FirstSentence(string message)
    {
        int end = message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        if (end >= 0) message = message[..end];
        // It quotes the file, which may hold anything of any length.
        return message.Length <= 200 ? message : message[..200] + "...";
    }
}
