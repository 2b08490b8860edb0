using System.Text.Json;
using Tunesmith.Text.Tokenizers.Patterns;
using Tunesmith.Text.Tokenizers.Unicode;

namespace Tunesmith.Text.Tokenizers.Normalizers;

/// <summary>Puts a string in place of every match of a pattern.</summary>
internal sealed class Replace(TextPattern pattern, string content) : Normalizer
{
    public TextPattern Pattern => pattern;

    public string Content => content;

    public override void Apply(NormalizedText text)
    {
        var matches = new List<PatternMatch>();
        pattern.Find(text.Span, matches);
        if (!matches.Exists(match => match.IsMatch)) return;
        var writer = new NormalizedText.Writer(text);
        foreach (var match in matches)
        {
            if (!match.IsMatch)
            {
                writer.JumpTo(match.Start);
                writer.CopyTo(match.End);
                continue;
            }

            // The new characters stand where the last replaced character stood (the reference's own rule).
            int start = match.End > 0 ? text.Starts[match.End - 1] : 0;
            int end = match.End > 0 ? text.Ends[match.End - 1] : 0;
            for (int i = 0; i < content.Length;)
            {
                int rune = Runes.At(content, i, out int length);
                i += length;
                writer.Append(rune, start, end);
            }
        }

        text.Replace(writer);
    }

    public override bool LeavesAlone(ReadOnlySpan<char> text) =>
        pattern.Literal is { Length: > 0 } literal && text.IndexOf(literal) < 0;

    public override void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("type", "Replace");
        pattern.Write(json);
        json.WriteString("content", content);
        json.WriteEndObject();
    }
}
