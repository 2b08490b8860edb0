namespace Tunesmith.Tests.House;

/// <summary>
/// The texts inside the string literals of a C# file: of <c>$"{a}: got {b}; expected one."</c> the pieces <c>: got </c> and <c>; expected one.</c>,
/// and those of literals inside the holes too.
/// </summary>
internal sealed class Literals
{
    private readonly string _text;
    private readonly List<string> _pieces = [];

    private Literals(string text) => _text = text;

    public static IReadOnlyList<string> Of(string text)
    {
        var reader = new Literals(text);
        reader.Code(0, end: '\0');
        return reader._pieces;
    }

    // Reads code up to the bracket that closes it; returns where that stands.
    private int Code(int at, char end)
    {
        int depth = 0;
        while (at < _text.Length)
        {
            char c = _text[at];
            if (Starts(at, "//")) { at = After(at, "\n"); continue; }
            if (Starts(at, "/*")) { at = After(at, "*/"); continue; }
            if (c == '\'') { at = Character(at); continue; }
            if (c is '"' or '$' or '@' && Quote(at) is int quote)
            {
                int dollars = _text.AsSpan(at, quote - at).Count('$');
                bool verbatim = _text.AsSpan(at, quote - at).Contains('@');
                at = Starts(quote, "\"\"\"") ? Raw(quote, dollars) : String(quote + 1, dollars > 0, verbatim);
                continue;
            }
            if (c is '(' or '[' or '{') depth++;
            if (c is ')' or ']' or '}' && depth-- == 0 && c == end) return at;
            at++;
        }
        return at;
    }

    private int String(int at, bool holes, bool verbatim)
    {
        var piece = new System.Text.StringBuilder();
        for (; at < _text.Length; at++)
        {
            char c = _text[at];
            if (c == '"' && !(verbatim && Starts(at, "\"\""))) break;
            if (c == '\\' && !verbatim) piece.Append(_text[++at] switch { 'n' => '\n', 't' => '\t', 'r' => '\r', var other => other });
            else if (c == '"' || (holes && (Starts(at, "{{") || Starts(at, "}}")))) piece.Append(_text[++at]);
            else if (holes && c == '{')
            {
                Take(piece);
                at = Code(at + 1, '}');
            }
            else piece.Append(c);
        }
        Take(piece);
        return at + 1;
    }

    private int Raw(int at, int dollars)
    {
        int quotes = _text.AsSpan(at).IndexOfAnyExcept('"');
        string fence = _text.Substring(at, quotes);
        int close = _text.IndexOf(fence, at + quotes, StringComparison.Ordinal);
        if (close < 0) return _text.Length;
        while (close + quotes < _text.Length && _text[close + quotes] == '"') close++;
        string body = _text[(at + quotes)..close];
        if (dollars == 0) _pieces.Add(body);
        else _pieces.AddRange(body.Split([new string('{', dollars), new string('}', dollars)], StringSplitOptions.None));
        return close + quotes;
    }

    private void Take(System.Text.StringBuilder piece)
    {
        if (piece.Length > 0) _pieces.Add(piece.ToString());
        piece.Clear();
    }

    private int Character(int at)
    {
        int close = _text.IndexOf('\'', at + (at + 1 < _text.Length && _text[at + 1] == '\\' ? 3 : 2));
        return close < 0 || close - at > 12 ? at + 1 : close + 1;
    }

    // Where the quote of a literal that begins here stands; null where none begins.
    private int? Quote(int at)
    {
        while (at < _text.Length && _text[at] is '$' or '@') at++;
        return at < _text.Length && _text[at] == '"' ? at : null;
    }

    private bool Starts(int at, string text) => string.CompareOrdinal(_text, at, text, 0, text.Length) == 0;

    private int After(int at, string text) => _text.IndexOf(text, at, StringComparison.Ordinal) is >= 0 and int found ? found + text.Length : _text.Length;
}
