namespace Tunesmith.Text.Templates.Jinja;

/// <summary>The tokens of a template, read one after the other, with the nesting depth of what is being parsed.</summary>
internal sealed class TokenStream(List<Token> tokens, JinjaLimits limits)
{
    private int _at;
    private int _depth;

    public Token Current => tokens[_at];

    public Token Peek => tokens[Math.Min(_at + 1, tokens.Count - 1)];

    /// <summary>Where the stream stands, for <see cref="Named"/>.</summary>
    public int Position => _at;

    /// <summary>Whether a name was read since a position.</summary>
    public bool Named(string name, int since)
    {
        for (int i = since; i < _at; i++)
            if (tokens[i].IsName(name)) return true;
        return false;
    }

    public Token Next()
    {
        var token = tokens[_at];
        if (_at < tokens.Count - 1) _at++;
        return token;
    }

    public bool SkipOperator(string text)
    {
        if (!Current.IsOperator(text)) return false;
        Next();
        return true;
    }

    public bool SkipName(string text)
    {
        if (!Current.IsName(text)) return false;
        Next();
        return true;
    }

    public Token Expect(TokenKind kind, string expected)
    {
        if (Current.Kind != kind) throw TemplateErrors.Expected(expected, Current);
        return Next();
    }

    public void ExpectOperator(string text)
    {
        if (!SkipOperator(text)) throw TemplateErrors.Expected($"'{text}'", Current);
    }

    public void ExpectName(string text)
    {
        if (!SkipName(text)) throw TemplateErrors.Expected($"'{text}'", Current);
    }

    public void Enter()
    {
        if (++_depth > limits.Depth) throw TemplateErrors.TooDeep("syntax", limits.Depth, Current.Line);
    }

    public void Leave() => _depth--;
}
