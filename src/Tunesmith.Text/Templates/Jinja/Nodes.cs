namespace Tunesmith.Text.Templates.Jinja;

/// <summary>A piece of a parsed template and the line it stands on.</summary>
internal abstract record Node(int Line);

internal abstract record Expression(int Line) : Node(Line);

internal sealed record Constant(int Line, object? Value) : Expression(Line);

internal sealed record NameExpression(int Line, string Name) : Expression(Line);

internal sealed record ListExpression(int Line, IReadOnlyList<Expression> Items, bool Tuple) : Expression(Line);

internal sealed record DictExpression(int Line, IReadOnlyList<(Expression Key, Expression Value)> Items) : Expression(Line);

internal sealed record UnaryExpression(int Line, string Operator, Expression Operand) : Expression(Line);

internal sealed record BinaryExpression(int Line, string Operator, Expression Left, Expression Right) : Expression(Line);

internal sealed record CompareExpression(int Line, Expression First, IReadOnlyList<(string Operator, Expression Operand)> Rest) : Expression(Line);

internal sealed record ConcatExpression(int Line, IReadOnlyList<Expression> Items) : Expression(Line);

internal sealed record ConditionalExpression(int Line, Expression Test, Expression Then, Expression? Else) : Expression(Line);

internal sealed record AttributeExpression(int Line, Expression Target, string Name) : Expression(Line);

internal sealed record ItemExpression(int Line, Expression Target, Expression Index) : Expression(Line);

internal sealed record SliceExpression(int Line, Expression? Start, Expression? Stop, Expression? Step) : Expression(Line);

internal sealed record CallExpression(int Line, Expression Target, ArgumentList Arguments) : Expression(Line);

/// <summary>A filter; <c>Target</c> is null in a filter block or a block assignment, where the block's text is the target.</summary>
internal sealed record FilterExpression(int Line, string Name, Expression? Target, ArgumentList Arguments) : Expression(Line);

internal sealed record TestExpression(int Line, string Name, Expression Target, ArgumentList Arguments) : Expression(Line);

internal sealed record ArgumentList(
    IReadOnlyList<Expression> Positional,
    IReadOnlyList<(string Name, Expression Value)> Named,
    Expression? Spread,
    Expression? NamedSpread)
{
    public static readonly ArgumentList None = new([], [], null, null);
}

internal abstract record Statement(int Line) : Node(Line);

internal sealed record TextStatement(int Line, string Text) : Statement(Line);

internal sealed record OutputStatement(int Line, Expression Value) : Statement(Line);

internal sealed record IfStatement(int Line, IReadOnlyList<(Expression Test, IReadOnlyList<Statement> Body)> Branches, IReadOnlyList<Statement> Else) : Statement(Line);

internal sealed record ForStatement(
    int Line,
    Expression Target,
    Expression Items,
    Expression? Filter,
    bool Recursive,
    IReadOnlyList<Statement> Body,
    IReadOnlyList<Statement> Else) : Statement(Line);

internal sealed record SetStatement(int Line, Expression Target, Expression Value) : Statement(Line);

internal sealed record SetBlockStatement(int Line, Expression Target, Expression? Filter, IReadOnlyList<Statement> Body) : Statement(Line);

/// <param name="TakesMore">The body names varargs: then more values than parameters may be given.</param>
/// <param name="TakesNamed">The body names kwargs: then values of any name may be given.</param>
internal sealed record MacroStatement(int Line, string Name, IReadOnlyList<Parameter> Parameters, IReadOnlyList<Statement> Body, bool TakesMore, bool TakesNamed) : Statement(Line);

internal sealed record Parameter(string Name, Expression? Default);

internal sealed record CallStatement(int Line, CallExpression Call, MacroStatement Caller) : Statement(Line);

internal sealed record FilterStatement(int Line, Expression Filter, IReadOnlyList<Statement> Body) : Statement(Line);

internal sealed record WithStatement(int Line, IReadOnlyList<(Expression Target, Expression Value)> Values, IReadOnlyList<Statement> Body) : Statement(Line);

/// <summary>What stands between <c>{% generation %}</c> and <c>{% endgeneration %}</c>: text the model is to write.</summary>
internal sealed record GenerationStatement(int Line, IReadOnlyList<Statement> Body) : Statement(Line);

internal sealed record LoopControlStatement(int Line, bool Break) : Statement(Line);
