namespace Tunesmith.Text.Templates.Jinja;

/// <summary>What rendering gave.</summary>
/// <param name="Text">The text.</param>
/// <param name="Generated">Where the text of <c>{% generation %}</c> blocks stands, in code points; end excluded.</param>
public sealed record Rendered(string Text, IReadOnlyList<(int Start, int End)> Generated);

/// <summary>
/// A Jinja template as chat templates use it: trim_blocks and lstrip_blocks on, loop controls and generation blocks known,
/// nothing reachable but the values that were passed in, and a bound on work, size and depth.
/// </summary>
public sealed class JinjaTemplate
{
    private readonly IReadOnlyList<Statement> _body;
    private readonly JinjaLimits _limits;

    private JinjaTemplate(IReadOnlyList<Statement> body, JinjaLimits limits)
    {
        _body = body;
        _limits = limits;
        HasGeneration = ContainsGeneration(body);
    }

    /// <summary>Whether the template marks what the model writes.</summary>
    public bool HasGeneration { get; }

    /// <exception cref="JinjaException">The template is not well formed.</exception>
    public static JinjaTemplate Parse(string source, JinjaLimits? limits = null)
    {
        limits ??= new JinjaLimits();
        return new JinjaTemplate(Parser.Parse(source, limits), limits);
    }

    /// <summary>Renders with the given variables: null, bool, numbers, strings, JSON elements, lists and string-keyed dictionaries of these.</summary>
    /// <exception cref="JinjaException">The template could not be rendered; the exception knows the line.</exception>
    public Rendered Render(IReadOnlyDictionary<string, object?> variables, TimeProvider clock)
    {
        var budget = new Budget(_limits);
        try
        {
            var names = new NameScope(null);
            Globals.AddTo(names, clock);
            foreach (var (name, value) in variables) names.Set(name, Imported.Value(value));
            var interpreter = new Interpreter(budget);
            string text = interpreter.Run(_body, new NameScope(names));
            return new Rendered(text, interpreter.Generated);
        }
        catch (JinjaException e)
        {
            if (e.Line == 0) e.Line = budget.Line;
            throw;
        }
    }

    private static bool ContainsGeneration(IReadOnlyList<Statement> body) => body.Any(s => s switch
    {
        GenerationStatement => true,
        IfStatement branches => branches.Branches.Any(b => ContainsGeneration(b.Body)) || ContainsGeneration(branches.Else),
        ForStatement loop => ContainsGeneration(loop.Body) || ContainsGeneration(loop.Else),
        SetBlockStatement set => ContainsGeneration(set.Body),
        MacroStatement macro => ContainsGeneration(macro.Body),
        CallStatement call => ContainsGeneration(call.Caller.Body),
        FilterStatement filter => ContainsGeneration(filter.Body),
        WithStatement with => ContainsGeneration(with.Body),
        _ => false,
    });
}
