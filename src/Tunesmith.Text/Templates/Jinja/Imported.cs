using System.Collections;
using System.Text.Json;

namespace Tunesmith.Text.Templates.Jinja;

/// <summary>Turns what a caller passes in into template values.</summary>
internal static class Imported
{
    public static object? Value(object? value) => value switch
    {
        null or bool or long or double or string or PyList or PyDict or Undefined => value,
        int n => (long)n,
        float f => (double)f,
        JsonElement json => FromJson(json),
        IReadOnlyDictionary<string, object?> dict => FromPairs(dict),
        IEnumerable list => new PyList([.. list.Cast<object?>().Select(Value)]),
        _ => throw TemplateErrors.NotATemplateValue(value.GetType().Name),
    };

    private static object? FromJson(JsonElement json)
    {
        switch (json.ValueKind)
        {
            case JsonValueKind.String: return json.GetString();
            case JsonValueKind.True: return true;
            case JsonValueKind.False: return false;
            case JsonValueKind.Number: return json.TryGetInt64(out long n) && !json.GetRawText().AsSpan().ContainsAny('.', 'e', 'E') ? (object)n : json.GetDouble();
            case JsonValueKind.Array: return new PyList([.. json.EnumerateArray().Select(FromJson)]);
            case JsonValueKind.Object: return FromPairs(json.EnumerateObject().Select(p => new KeyValuePair<string, object?>(p.Name, p.Value)));
            default: return null;
        }
    }

    private static PyDict FromPairs(IEnumerable<KeyValuePair<string, object?>> pairs)
    {
        var dict = new PyDict();
        foreach (var (key, value) in pairs) dict[key] = Value(value);
        return dict;
    }
}
