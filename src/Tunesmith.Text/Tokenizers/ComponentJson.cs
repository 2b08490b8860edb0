using System.Globalization;
using System.Text.Json;
using Tunesmith.Text.Tokenizers.Models;

namespace Tunesmith.Text.Tokenizers;

/// <summary>Writing of the parts of tokenizer.json.</summary>
internal static class ComponentJson
{
    public static void WriteType(this Utf8JsonWriter json, string type)
    {
        json.WriteStartObject();
        json.WriteString("type", type);
        json.WriteEndObject();
    }

    /// <summary>Components one after the other.</summary>
    public static void WriteSequence<T>(this Utf8JsonWriter json, string name, IReadOnlyList<T> steps, Action<T, Utf8JsonWriter> write)
    {
        json.WriteStartObject();
        json.WriteString("type", "Sequence");
        json.WriteStartArray(name);
        foreach (var step in steps) write(step, json);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>The pre-tokenizer and the decoder of this name have the same fields.</summary>
    public static void WriteMetaspace(this Utf8JsonWriter json, string mark, PreTokenizers.PrependScheme scheme, bool split)
    {
        json.WriteStartObject();
        json.WriteString("type", "Metaspace");
        json.WriteString("replacement", mark);
        json.WriteString("prepend_scheme", scheme.ToString().ToLowerInvariant());
        json.WriteBoolean("split", split);
        json.WriteEndObject();
    }

    /// <summary>The vocabulary in the order of its ids.</summary>
    public static void WriteVocabulary(this Utf8JsonWriter json, Vocabulary vocabulary)
    {
        json.WriteStartObject("vocab");
        foreach ((string token, int id) in vocabulary.Ids.OrderBy(pair => pair.Value)) json.WriteNumber(token, id);
        json.WriteEndObject();
    }

    /// <summary>A number that keeps its point, as the reference writes scores.</summary>
    public static void WriteScore(this Utf8JsonWriter json, double score)
    {
        string text = score.ToString("R", CultureInfo.InvariantCulture);
        if (!text.AsSpan().ContainsAny('.', 'E', 'N')) text += ".0";
        json.WriteRawValue(text.Replace("E", "e", StringComparison.Ordinal).Replace("e+", "e", StringComparison.Ordinal));
    }
}
