namespace Tunesmith.Text.Templates.Jinja;

/// <summary>Reads expressions, with the precedence of Jinja 3.1 (parser.py): <c>|</c> and <c>is</c> bind tightest, then <c>**</c>, <c>* /</c>, <c>~</c>, <c>+ -</c>.</summary>
internal sealed class ExpressionParser(TokenStream tokens)
{
    private static readonly HashSet<string> WordsAfterTest = ["else", "or", "and", "is", "if", "in", "not"];

    /// <summary>True while a branch of an if is read, where an unknown filter or test is an error only when it is reached.</summary>
    public bool InBranch { get; set; }

    public Expression Parse(bool conditional = true)
    {
        tokens.Enter();
        var expression = conditional ? ParseConditional() : ParseOr();
        tokens.Leave();
        return expression;
    }

    /// <summary>One expression, or several with commas between, which make a tuple.</summary>
    public Expression ParseTuple(bool conditional = true, bool mayBeEmpty = false, Func<Token, bool>? stops = null)
    {
        int line = tokens.Current.Line;
        var items = new List<Expression>();
        bool tuple = false;
        while (true)
        {
            if (items.Count > 0 && !tokens.SkipOperator(",")) break;
            tuple |= items.Count > 0;
            if (EndsTuple() || stops?.Invoke(tokens.Current) == true) break;
            items.Add(Parse(conditional));
        }
        if (!tuple && items.Count == 1) return items[0];
        if (items.Count == 0 && !mayBeEmpty) throw TemplateErrors.Expected("an expression", tokens.Current);
        return new ListExpression(line, items, Tuple: true);
    }

    /// <summary>What <c>for</c>, <c>set</c> and <c>with</c> assign to: a name, several names, or an attribute of a namespace.</summary>
    public Expression ParseTarget(bool tuples = true, bool attributes = false)
    {
        var first = ParseSingleTarget();
        if (attributes && first is NameExpression name && tokens.SkipOperator("."))
            return new AttributeExpression(name.Line, name, tokens.Expect(TokenKind.Name, "a name").Text);
        if (!tuples || !tokens.Current.IsOperator(",")) return first;
        var items = new List<Expression> { first };
        while (tokens.SkipOperator(","))
        {
            if (tokens.Current.Kind != TokenKind.Name && !tokens.Current.IsOperator("(")) break;
            if (tokens.Current.IsName("in")) break;
            items.Add(ParseSingleTarget());
        }
        return new ListExpression(first.Line, items, Tuple: true);
    }

    public ArgumentList ParseArguments()
    {
        tokens.ExpectOperator("(");
        var positional = new List<Expression>();
        var named = new List<(string, Expression)>();
        Expression? spread = null, namedSpread = null;
        bool first = true;
        while (!tokens.Current.IsOperator(")"))
        {
            if (!first) tokens.ExpectOperator(",");
            first = false;
            if (tokens.Current.IsOperator(")")) break;
            if (tokens.SkipOperator("*")) spread = Parse();
            else if (tokens.SkipOperator("**")) namedSpread = Parse();
            else if (tokens.Current.Kind == TokenKind.Name && tokens.Peek.IsOperator("="))
            {
                string name = tokens.Next().Text;
                tokens.Next();
                named.Add((name, Parse()));
            }
            else if (named.Count > 0 || namedSpread is not null) throw TemplateErrors.PositionalAfterNamed(tokens.Current.Line);
            else positional.Add(Parse());
        }
        tokens.ExpectOperator(")");
        return new ArgumentList(positional, named, spread, namedSpread);
    }

    /// <summary>Filters written one after the other; <paramref name="target"/> is null for a block's text.</summary>
    public Expression ParseFilters(Expression? target, bool needsPipe)
    {
        var result = target;
        while (!needsPipe || tokens.Current.IsOperator("|"))
        {
            if (needsPipe) tokens.Next();
            needsPipe = true;
            var name = DottedName("a filter");
            if (!InBranch && !Filters.Exists(name.Text)) throw TemplateErrors.NoFilter(name.Text, name.Line);
            var arguments = tokens.Current.IsOperator("(") ? ParseArguments() : ArgumentList.None;
            result = new FilterExpression(name.Line, name.Text, result, arguments);
        }
        return result!;
    }

    private bool EndsTuple() => tokens.Current.Kind is TokenKind.BlockEnd or TokenKind.OutputEnd || tokens.Current.IsOperator(")");

    private Expression ParseSingleTarget()
    {
        if (tokens.SkipOperator("("))
        {
            tokens.Enter();
            var inner = ParseTarget();
            tokens.Leave();
            tokens.ExpectOperator(")");
            return inner;
        }
        var name = tokens.Expect(TokenKind.Name, "a name to assign to");
        if (name.Text is "true" or "false" or "none" or "True" or "False" or "None") throw TemplateErrors.CannotAssign(name.Text, name.Line);
        return new NameExpression(name.Line, name.Text);
    }

    private Expression ParseConditional()
    {
        var expression = ParseOr();
        while (tokens.Current.IsName("if"))
        {
            int line = tokens.Next().Line;
            var test = ParseOr();
            Expression? otherwise = null;
            if (tokens.SkipName("else"))
            {
                tokens.Enter();
                otherwise = ParseConditional();
                tokens.Leave();
            }
            expression = new ConditionalExpression(line, test, expression, otherwise);
        }
        return expression;
    }

    private Expression ParseOr()
    {
        var left = ParseAnd();
        while (tokens.Current.IsName("or")) left = new BinaryExpression(tokens.Next().Line, "or", left, ParseAnd());
        return left;
    }

    private Expression ParseAnd()
    {
        var left = ParseNot();
        while (tokens.Current.IsName("and")) left = new BinaryExpression(tokens.Next().Line, "and", left, ParseNot());
        return left;
    }

    private Expression ParseNot()
    {
        if (!tokens.Current.IsName("not")) return ParseCompare();
        int line = tokens.Next().Line;
        tokens.Enter();
        var operand = ParseNot();
        tokens.Leave();
        return new UnaryExpression(line, "not", operand);
    }

    private Expression ParseCompare()
    {
        int line = tokens.Current.Line;
        var first = ParseSum();
        var rest = new List<(string, Expression)>();
        while (true)
        {
            if (tokens.Current is { Kind: TokenKind.Operator, Text: "==" or "!=" or "<" or "<=" or ">" or ">=" }) rest.Add((tokens.Next().Text, ParseSum()));
            else if (tokens.SkipName("in")) rest.Add(("in", ParseSum()));
            else if (tokens.Current.IsName("not") && tokens.Peek.IsName("in"))
            {
                tokens.Next();
                tokens.Next();
                rest.Add(("not in", ParseSum()));
            }
            else break;
        }
        return rest.Count == 0 ? first : new CompareExpression(line, first, rest);
    }

    private Expression ParseSum() => ParseChain(ParseConcat, "+", "-");

    private Expression ParseConcat()
    {
        int line = tokens.Current.Line;
        var items = new List<Expression> { ParseProduct() };
        while (tokens.SkipOperator("~")) items.Add(ParseProduct());
        return items.Count == 1 ? items[0] : new ConcatExpression(line, items);
    }

    private Expression ParseProduct() => ParseChain(() => ParseChain(() => ParseUnary(filters: true), "**"), "*", "/", "//", "%");

    private Expression ParseChain(Func<Expression> operand, params ReadOnlySpan<string> operators)
    {
        var left = operand();
        while (tokens.Current.Kind == TokenKind.Operator && operators.Contains(tokens.Current.Text))
        {
            var sign = tokens.Next();
            left = new BinaryExpression(sign.Line, sign.Text, left, operand());
        }
        return left;
    }

    private Expression ParseUnary(bool filters)
    {
        Expression expression;
        if (tokens.Current is { Kind: TokenKind.Operator, Text: "-" or "+" })
        {
            var sign = tokens.Next();
            tokens.Enter();
            expression = new UnaryExpression(sign.Line, sign.Text, ParseUnary(filters: false));
            tokens.Leave();
        }
        else expression = ParsePrimary();
        expression = ParsePostfix(expression);
        return filters ? ParseFiltersAndTests(expression) : expression;
    }

    private Expression ParsePostfix(Expression expression)
    {
        while (tokens.Current.Kind == TokenKind.Operator)
        {
            int line = tokens.Current.Line;
            if (tokens.Current.Text == "(") expression = new CallExpression(line, expression, ParseArguments());
            else if (tokens.SkipOperator("[")) expression = new ItemExpression(line, expression, ParseIndex());
            else if (tokens.SkipOperator("."))
            {
                var name = tokens.Next();
                expression = name.Kind switch
                {
                    TokenKind.Name => new AttributeExpression(line, expression, name.Text),
                    TokenKind.Integer => new ItemExpression(line, expression, new Constant(line, name.Value)),
                    _ => throw TemplateErrors.Expected("a name or a number after '.'", name),
                };
            }
            else break;
        }
        return expression;
    }

    private Expression ParseIndex()
    {
        int line = tokens.Current.Line;
        var items = new List<Expression>();
        do items.Add(ParseIndexPart());
        while (tokens.SkipOperator(","));
        tokens.ExpectOperator("]");
        return items.Count == 1 ? items[0] : new ListExpression(line, items, Tuple: true);
    }

    private Expression ParseIndexPart()
    {
        int line = tokens.Current.Line;
        Expression? start = tokens.Current.IsOperator(":") ? null : Parse();
        if (!tokens.SkipOperator(":")) return start!;
        Expression? stop = null, step = null;
        if (!EndsIndexPart() && !tokens.Current.IsOperator(":")) stop = Parse();
        if (tokens.SkipOperator(":") && !EndsIndexPart()) step = Parse();
        return new SliceExpression(line, start, stop, step);
    }

    private bool EndsIndexPart() => tokens.Current.IsOperator("]") || tokens.Current.IsOperator(",");

    private Expression ParseFiltersAndTests(Expression expression)
    {
        while (true)
        {
            if (tokens.Current.IsOperator("|")) expression = ParseFilters(expression, needsPipe: true);
            else if (tokens.Current.IsName("is")) expression = ParseTest(expression);
            else if (tokens.Current.IsOperator("(")) expression = new CallExpression(tokens.Current.Line, expression, ParseArguments());
            else return expression;
        }
    }

    private Expression ParseTest(Expression target)
    {
        int line = tokens.Next().Line;
        bool negated = tokens.SkipName("not");
        var name = DottedName("a test");
        if (!InBranch && !Tests.Exists(name.Text)) throw TemplateErrors.NoTest(name.Text, name.Line);
        var arguments = ArgumentList.None;
        var current = tokens.Current;
        if (current.IsOperator("(")) arguments = ParseArguments();
        else if (current.Kind is TokenKind.String or TokenKind.Integer or TokenKind.Float || current.IsOperator("[") || current.IsOperator("{")
            || (current.Kind == TokenKind.Name && !WordsAfterTest.Contains(current.Text)))
            arguments = ArgumentList.None with { Positional = [ParsePostfix(ParsePrimary())] };
        Expression test = new TestExpression(line, name.Text, target, arguments);
        return negated ? new UnaryExpression(line, "not", test) : test;
    }

    private Token DottedName(string what)
    {
        var name = tokens.Expect(TokenKind.Name, $"the name of {what}");
        while (tokens.SkipOperator(".")) name = name with { Text = name.Text + "." + tokens.Expect(TokenKind.Name, $"the name of {what}").Text };
        return name;
    }

    private Expression ParsePrimary()
    {
        var token = tokens.Next();
        switch (token.Kind)
        {
            case TokenKind.Name:
                return token.Text switch
                {
                    "true" or "True" => new Constant(token.Line, true),
                    "false" or "False" => new Constant(token.Line, false),
                    "none" or "None" => new Constant(token.Line, null),
                    _ => new NameExpression(token.Line, token.Text),
                };
            case TokenKind.String:
                string text = token.Text;
                while (tokens.Current.Kind == TokenKind.String) text += tokens.Next().Text;
                return new Constant(token.Line, text);
            case TokenKind.Integer or TokenKind.Float:
                return new Constant(token.Line, token.Value);
            case TokenKind.Operator when token.Text is "(" or "[" or "{":
                tokens.Enter();
                var inner = token.Text == "(" ? ParseParentheses() : token.Text == "[" ? ParseList(token.Line) : ParseDict(token.Line);
                tokens.Leave();
                return inner;
            default:
                throw TemplateErrors.Expected("an expression", token);
        }
    }

    private Expression ParseParentheses()
    {
        var inner = ParseTuple(mayBeEmpty: true);
        tokens.ExpectOperator(")");
        return inner;
    }

    private ListExpression ParseList(int line)
    {
        var items = new List<Expression>();
        while (!tokens.Current.IsOperator("]"))
        {
            if (items.Count > 0) tokens.ExpectOperator(",");
            if (tokens.Current.IsOperator("]")) break;
            items.Add(Parse());
        }
        tokens.ExpectOperator("]");
        return new ListExpression(line, items, Tuple: false);
    }

    private DictExpression ParseDict(int line)
    {
        var items = new List<(Expression, Expression)>();
        while (!tokens.Current.IsOperator("}"))
        {
            if (items.Count > 0) tokens.ExpectOperator(",");
            if (tokens.Current.IsOperator("}")) break;
            var key = Parse();
            tokens.ExpectOperator(":");
            items.Add((key, Parse()));
        }
        tokens.ExpectOperator("}");
        return new DictExpression(line, items);
    }
}
