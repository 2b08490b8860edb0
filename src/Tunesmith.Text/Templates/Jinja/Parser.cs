namespace Tunesmith.Text.Templates.Jinja;

/// <summary>Reads the statements of a template into nodes.</summary>
internal sealed class Parser
{
    private readonly TokenStream _tokens;
    private readonly ExpressionParser _expressions;
    private int _loops;

    private Parser(TokenStream tokens)
    {
        _tokens = tokens;
        _expressions = new ExpressionParser(tokens);
    }

    public static IReadOnlyList<Statement> Parse(string source, JinjaLimits limits)
    {
        if (source.Length > limits.SourceLength) throw TemplateErrors.TooLong(source.Length, limits.SourceLength);
        var parser = new Parser(new TokenStream(Lexer.Read(source), limits));
        return parser.ParseBody("", 0, []);
    }

    /// <summary>Statements up to a tag whose name is one of <paramref name="ends"/>; that name is left as the current token.</summary>
    private List<Statement> ParseBody(string block, int line, ReadOnlySpan<string> ends)
    {
        _tokens.Enter();
        var body = new List<Statement>();
        while (true)
        {
            var token = _tokens.Next();
            if (token.Kind == TokenKind.End)
            {
                if (ends.Length > 0) throw TemplateErrors.UnclosedBlock(block, line, ends);
                break;
            }
            if (token.Kind == TokenKind.Text) body.Add(new TextStatement(token.Line, token.Text));
            else if (token.Kind == TokenKind.OutputBegin)
            {
                body.Add(new OutputStatement(token.Line, _expressions.ParseTuple()));
                _tokens.Expect(TokenKind.OutputEnd, "end of print statement");
            }
            else
            {
                var tag = _tokens.Current;
                if (tag.Kind == TokenKind.Name && ends.Contains(tag.Text)) break;
                body.Add(ParseStatement());
            }
        }
        _tokens.Leave();
        return body;
    }

    /// <summary>Statements up to the one given closing tag, which is read too.</summary>
    private List<Statement> ParseBodyTo(string block, int line, string end)
    {
        EndTag();
        var body = ParseBody(block, line, [end]);
        _tokens.Next();
        EndTag();
        return body;
    }

    private void EndTag() => _tokens.Expect(TokenKind.BlockEnd, "end of statement block");

    private Statement ParseStatement()
    {
        var tag = _tokens.Expect(TokenKind.Name, "the name of a tag");
        switch (tag.Text)
        {
            case "if": return ParseIf(tag.Line);
            case "for": return ParseFor(tag.Line);
            case "set": return ParseSet(tag.Line);
            case "block": return ParseBlock(tag.Line);
            case "macro": return ParseMacro(tag.Line);
            case "call": return ParseCall(tag.Line);
            case "with": return ParseWith(tag.Line);
            case "generation": return new GenerationStatement(tag.Line, ParseClosed("generation", tag.Line));
            case "filter":
                var filter = _expressions.ParseFilters(null, needsPipe: false);
                return new FilterStatement(tag.Line, filter, ParseBodyTo("filter", tag.Line, "endfilter"));
            case "break" or "continue":
                if (_loops == 0) throw TemplateErrors.OutsideLoop(tag.Text, tag.Line);
                EndTag();
                return new LoopControlStatement(tag.Line, tag.Text == "break");
            default:
                throw TemplateErrors.UnknownTag(tag.Text, tag.Line);
        }
    }

    private List<Statement> ParseClosed(string block, int line)
    {
        int loops = _loops;
        _loops = 0;
        var body = ParseBodyTo(block, line, "end" + block);
        _loops = loops;
        return body;
    }

    private IfStatement ParseIf(int line)
    {
        bool outer = _expressions.InBranch;
        var branches = new List<(Expression, IReadOnlyList<Statement>)>();
        List<Statement> otherwise = [];
        while (true)
        {
            var test = _expressions.ParseTuple(conditional: false);
            EndTag();
            _expressions.InBranch = true;
            branches.Add((test, ParseBody("if", line, ["elif", "else", "endif"])));
            var next = _tokens.Next();
            if (next.Text == "elif") continue;
            if (next.Text == "else") otherwise = ParseBodyTo("if", line, "endif");
            else EndTag();
            break;
        }
        _expressions.InBranch = outer;
        return new IfStatement(line, branches, otherwise);
    }

    private ForStatement ParseFor(int line)
    {
        bool outer = _expressions.InBranch;
        var target = _expressions.ParseTarget();
        _tokens.ExpectName("in");
        var items = _expressions.ParseTuple(conditional: false, stops: t => t.IsName("recursive"));
        Expression? filter = _tokens.SkipName("if") ? _expressions.Parse() : null;
        bool recursive = _tokens.SkipName("recursive");
        EndTag();
        _expressions.InBranch = false;
        _loops++;
        var body = ParseBody("for", line, ["else", "endfor"]);
        _loops--;
        List<Statement> otherwise = [];
        if (_tokens.Next().Text == "else") otherwise = ParseBodyTo("for", line, "endfor");
        else EndTag();
        _expressions.InBranch = outer;
        return new ForStatement(line, target, items, filter, recursive, body, otherwise);
    }

    private Statement ParseSet(int line)
    {
        var target = _expressions.ParseTarget(attributes: true);
        if (_tokens.SkipOperator("="))
        {
            var value = _expressions.ParseTuple();
            EndTag();
            return new SetStatement(line, target, value);
        }
        var filter = _tokens.Current.IsOperator("|") ? _expressions.ParseFilters(null, needsPipe: true) : null;
        return new SetBlockStatement(line, target, filter, ParseBodyTo("set", line, "endset"));
    }

    private MacroStatement ParseMacro(int line)
    {
        string name = _tokens.Expect(TokenKind.Name, "the macro's name").Text;
        var parameters = ParseParameters();
        return Macro(line, name, parameters, "macro");
    }

    private MacroStatement Macro(int line, string name, IReadOnlyList<Parameter> parameters, string tag)
    {
        int start = _tokens.Position;
        var body = ParseClosed(tag, line);
        return new MacroStatement(line, name, parameters, body, _tokens.Named("varargs", start), _tokens.Named("kwargs", start));
    }

    private List<Parameter> ParseParameters()
    {
        var parameters = new List<Parameter>();
        _tokens.ExpectOperator("(");
        while (!_tokens.Current.IsOperator(")"))
        {
            if (parameters.Count > 0) _tokens.ExpectOperator(",");
            var name = _tokens.Expect(TokenKind.Name, "a parameter's name");
            Expression? value = _tokens.SkipOperator("=") ? _expressions.Parse() : null;
            if (value is null && parameters.Count > 0 && parameters[^1].Default is not null) throw TemplateErrors.ParameterOrder(name.Text, name.Line);
            parameters.Add(new Parameter(name.Text, value));
        }
        _tokens.ExpectOperator(")");
        return parameters;
    }

    private CallStatement ParseCall(int line)
    {
        var parameters = _tokens.Current.IsOperator("(") ? ParseParameters() : [];
        if (_expressions.Parse() is not CallExpression call) throw TemplateErrors.Expected("a call", _tokens.Current);
        return new CallStatement(line, call, Macro(line, "caller", parameters, "call"));
    }

    /// <summary>Without a template that extends this one, a block is its content in a scope of its own.</summary>
    private WithStatement ParseBlock(int line)
    {
        string name = _tokens.Expect(TokenKind.Name, "the block's name").Text;
        _tokens.SkipName("scoped");
        EndTag();
        int loops = _loops;
        _loops = 0;
        var body = ParseBody("block", line, ["endblock"]);
        _loops = loops;
        _tokens.Next();
        _tokens.SkipName(name);
        EndTag();
        return new WithStatement(line, [], body);
    }

    private WithStatement ParseWith(int line)
    {
        var values = new List<(Expression, Expression)>();
        while (_tokens.Current.Kind != TokenKind.BlockEnd)
        {
            if (values.Count > 0) _tokens.ExpectOperator(",");
            var target = _expressions.ParseTarget(tuples: false);
            _tokens.ExpectOperator("=");
            values.Add((target, _expressions.Parse()));
        }
        return new WithStatement(line, values, ParseBodyTo("with", line, "endwith"));
    }
}
