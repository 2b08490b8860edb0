using System.Text.Json;
using Tunesmith.Text.Tokenizers.Unicode;

namespace Tunesmith.Text.Tokenizers.Patterns;

/// <summary>A stretch of a text: what a pattern matched, or what stands between two matches.</summary>
internal readonly record struct PatternMatch(int Start, int End, bool IsMatch);

/// <summary>The <c>pattern</c> of tokenizer.json: a literal string or an Oniguruma regular expression.</summary>
internal sealed class TextPattern
{
    private readonly bool _isRegex;
    private readonly PatternProgram? _program;

    private TextPattern(string source, bool isRegex)
    {
        Source = source;
        _isRegex = isRegex;
        Scanner = isRegex ? SplitScanners.Known(source) : null;
        if (isRegex && Scanner is null) _program = PatternParser.Compile(source);
    }

    public string Source { get; }

    /// <summary>The literal string, or null for a regular expression.</summary>
    public string? Literal => _isRegex ? null : Source;

    /// <summary>The hand-written scanner of a well-known pattern, or null.</summary>
    public ISplitScanner? Scanner { get; }

    public static TextPattern OfString(string text) => new(text, false);

    public static TextPattern OfRegex(string source) => new(source, true);

    /// <summary>Cuts the whole text into matches and what stands between them.</summary>
    public void Find(ReadOnlySpan<char> text, List<PatternMatch> matches)
    {
        if (text.IsEmpty)
        {
            matches.Add(new PatternMatch(0, 0, false));
        }
        else if (Scanner is not null)
        {
            for (int start = 0; start < text.Length;)
            {
                int end = Scanner.Next(text, start);
                matches.Add(new PatternMatch(start, end, true));
                start = end;
            }
        }
        else if (_program is not null)
        {
            FindAll(text, _program.Start(text), matches);
        }
        else
        {
            FindLiteral(text, matches);
        }
    }

    private static void FindAll(ReadOnlySpan<char> text, PatternRun run, List<PatternMatch> matches)
    {
        int previous = 0;
        int from = 0;
        int lastEnd = -1;
        while (from <= text.Length && run.Search(text, from, out int start, out int end))
        {
            if (start == end && end == lastEnd)
            {
                // An empty match right after the last match is passed over.
                if (from >= text.Length) break;
                Runes.At(text, from, out int length);
                from += length;
                continue;
            }

            if (previous != start) matches.Add(new PatternMatch(previous, start, false));
            matches.Add(new PatternMatch(start, end, true));
            previous = from = lastEnd = end;
        }

        if (previous != text.Length) matches.Add(new PatternMatch(previous, text.Length, false));
    }

    private void FindLiteral(ReadOnlySpan<char> text, List<PatternMatch> matches)
    {
        int previous = 0;
        if (Source.Length == 0)
        {
            for (int i = 0; i <= text.Length;)
            {
                if (i != previous) matches.Add(new PatternMatch(previous, i, false));
                matches.Add(new PatternMatch(i, i, true));
                previous = i;
                if (i == text.Length) break;
                Runes.At(text, i, out int length);
                i += length;
            }

            return;
        }

        while (true)
        {
            int at = text[previous..].IndexOf(Source);
            if (at < 0) break;
            if (at > 0) matches.Add(new PatternMatch(previous, previous + at, false));
            matches.Add(new PatternMatch(previous + at, previous + at + Source.Length, true));
            previous += at + Source.Length;
        }

        if (previous != text.Length) matches.Add(new PatternMatch(previous, text.Length, false));
    }

    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject("pattern");
        json.WriteString(_isRegex ? "Regex" : "String", Source);
        json.WriteEndObject();
    }
}
