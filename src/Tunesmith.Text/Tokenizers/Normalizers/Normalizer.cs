using System.Text.Json;

namespace Tunesmith.Text.Tokenizers.Normalizers;

/// <summary>Rewrites a text before it is cut into words.</summary>
internal abstract class Normalizer
{
    public abstract void Apply(NormalizedText text);

    /// <summary>Whether a text is known to come out as it went in; false where that is not known.</summary>
    public virtual bool LeavesAlone(ReadOnlySpan<char> text) => false;

    public abstract void Write(Utf8JsonWriter json);

    /// <summary>The normalised form alone.</summary>
    public string ApplyTo(string text)
    {
        var state = new NormalizedText(text);
        Apply(state);
        return state.Span.ToString();
    }
}
