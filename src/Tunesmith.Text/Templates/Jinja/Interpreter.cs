using System.Text;

namespace Tunesmith.Text.Templates.Jinja;

internal enum Flow
{
    Next,
    Break,
    Continue,
}

/// <summary>Where a template's text is written; counts code points for the spans of generation blocks.</summary>
internal sealed class TextSink(Budget budget)
{
    private readonly StringBuilder _text = new();

    public int CodePoints { get; private set; }

    public void Write(string text)
    {
        budget.Make(_text.Length + (long)text.Length);
        _text.Append(text);
        CodePoints += CountCodePoints(text);
    }

    public override string ToString() => _text.ToString();

    public static int CountCodePoints(string text)
    {
        int count = text.Length;
        for (int i = 1; i < text.Length; i++)
            if (char.IsSurrogatePair(text[i - 1], text[i])) count--;
        return count;
    }
}

/// <summary>The names that are visible at one place; a name is looked up here and then outwards.</summary>
internal sealed class NameScope(NameScope? outer)
{
    private readonly Dictionary<string, object?> _values = new(StringComparer.Ordinal);

    public bool TryGet(string name, out object? value)
    {
        for (var scope = this; scope is not null; scope = scope.Outer)
            if (scope._values.TryGetValue(name, out value)) return true;
        value = null;
        return false;
    }

    public void Set(string name, object? value) => _values[name] = value;

    private NameScope? Outer => outer;
}

/// <summary>Runs the statements of one template once.</summary>
internal sealed class Interpreter
{
    private readonly Budget _budget;
    private readonly Evaluator _evaluator;
    private readonly TextSink _root;

    public Interpreter(Budget budget)
    {
        _budget = budget;
        _evaluator = new Evaluator(budget);
        _root = new TextSink(budget);
    }

    /// <summary>Spans of generation blocks, in code points of the output.</summary>
    public List<(int Start, int End)> Generated { get; } = [];

    public string Run(IReadOnlyList<Statement> template, NameScope names)
    {
        Run(template, names, _root);
        return _root.ToString();
    }

    private Flow Run(IReadOnlyList<Statement> body, NameScope names, TextSink sink)
    {
        _budget.Enter();
        var flow = Flow.Next;
        for (int i = 0; i < body.Count && flow == Flow.Next; i++)
        {
            _budget.Line = body[i].Line;
            _budget.Spend(1);
            flow = Run(body[i], names, sink);
        }
        _budget.Leave();
        return flow;
    }

    private Flow Run(Statement statement, NameScope names, TextSink sink)
    {
        switch (statement)
        {
            case TextStatement text:
                sink.Write(text.Text);
                return Flow.Next;
            case OutputStatement output:
                sink.Write(PythonText.Str(_evaluator.Evaluate(output.Value, names), _budget));
                return Flow.Next;
            case IfStatement branches:
                foreach (var (test, body) in branches.Branches)
                    if (Operators.IsTrue(_evaluator.Evaluate(test, names))) return Run(body, names, sink);
                return Run(branches.Else, names, sink);
            case ForStatement loop:
                RunLoop(loop, _evaluator.Evaluate(loop.Items, names), 1, names, sink);
                return Flow.Next;
            case SetStatement set:
                _evaluator.Assign(set.Target, _evaluator.Evaluate(set.Value, names), names);
                return Flow.Next;
            case SetBlockStatement block:
                _evaluator.Assign(block.Target, Filtered(block.Filter, Capture(block.Body, new NameScope(names)), names), names);
                return Flow.Next;
            case MacroStatement macro:
                names.Set(macro.Name, MakeMacro(macro, names));
                return Flow.Next;
            case CallStatement call:
                sink.Write(PythonText.Str(_evaluator.Call(call.Call, names, ("caller", MakeMacro(call.Caller, names))), _budget));
                return Flow.Next;
            case FilterStatement filter:
                sink.Write(PythonText.Str(Filtered(filter.Filter, Capture(filter.Body, new NameScope(names)), names), _budget));
                return Flow.Next;
            case WithStatement with:
                return RunWith(with, names, sink);
            case GenerationStatement generation:
                string written = Capture(generation.Body, new NameScope(names));
                Generated.Add((_root.CodePoints, _root.CodePoints + TextSink.CountCodePoints(written)));
                sink.Write(written);
                return Flow.Next;
            case LoopControlStatement control:
                return control.Break ? Flow.Break : Flow.Continue;
            default:
                throw new InvalidOperationException(statement.GetType().Name);
        }
    }

    private Flow RunWith(WithStatement with, NameScope names, TextSink sink)
    {
        var inner = new NameScope(names);
        foreach (var (target, value) in with.Values) _evaluator.Assign(target, _evaluator.Evaluate(value, names), inner);
        return Run(with.Body, inner, sink);
    }

    private void RunLoop(ForStatement loop, object? value, int depth, NameScope names, TextSink sink)
    {
        var items = Operators.Iterate(value, _budget);
        if (loop.Filter is not null) items = [.. items.Where(item => Passes(loop, item, names))];
        if (items.Count == 0)
        {
            Run(loop.Else, new NameScope(names), sink);
            return;
        }
        Func<object?, string>? again = loop.Recursive ? inner => RunAgain(loop, inner, depth + 1, names) : null;
        var state = new LoopState(items, depth, again);
        for (int i = 0; i < items.Count; i++)
        {
            _budget.Spend(1);
            state.Index = i;
            var scope = new NameScope(names);
            scope.Set("loop", state);
            _evaluator.Assign(loop.Target, items[i], scope);
            if (Run(loop.Body, scope, sink) == Flow.Break) break;
        }
    }

    private bool Passes(ForStatement loop, object? item, NameScope names)
    {
        var scope = new NameScope(names);
        _evaluator.Assign(loop.Target, item, scope);
        return Operators.IsTrue(_evaluator.Evaluate(loop.Filter!, scope));
    }

    private string RunAgain(ForStatement loop, object? items, int depth, NameScope names)
    {
        var sink = new TextSink(_budget);
        _budget.Enter();
        RunLoop(loop, items, depth, names, sink);
        _budget.Leave();
        return sink.ToString();
    }

    private string Capture(IReadOnlyList<Statement> body, NameScope names)
    {
        var sink = new TextSink(_budget);
        Run(body, names, sink);
        return sink.ToString();
    }

    private object? Filtered(Expression? filter, string text, NameScope names)
    {
        if (filter is null) return text;
        var scope = new NameScope(names);
        return _evaluator.EvaluateWithBlock(filter, text, scope);
    }

    private PyFunction MakeMacro(MacroStatement macro, NameScope names) => new(macro.Name, arguments =>
    {
        var scope = new NameScope(names);
        var named = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var (key, value) in arguments.Named)
            if (!named.TryAdd(key, value)) throw TemplateErrors.UnexpectedArgument(macro.Name, key);
        if (!macro.TakesMore && arguments.Positional.Count > macro.Parameters.Count) throw TemplateErrors.TooManyArguments(macro.Name, macro.Parameters.Count, arguments.Positional.Count);
        for (int i = 0; i < macro.Parameters.Count; i++)
        {
            var parameter = macro.Parameters[i];
            if (i < arguments.Positional.Count)
            {
                if (named.ContainsKey(parameter.Name)) throw TemplateErrors.UnexpectedArgument(macro.Name, parameter.Name);
                scope.Set(parameter.Name, arguments.Positional[i]);
            }
            else if (named.Remove(parameter.Name, out object? given)) scope.Set(parameter.Name, given);
            else if (parameter.Default is not null) scope.Set(parameter.Name, _evaluator.Evaluate(parameter.Default, scope));
            else scope.Set(parameter.Name, new Undefined($"parameter '{parameter.Name}' was not provided"));
        }
        if (named.Remove("caller", out object? caller)) scope.Set("caller", caller);
        if (!macro.TakesNamed && named.Count > 0) throw TemplateErrors.UnexpectedArgument(macro.Name, named.Keys.First());
        scope.Set("varargs", new PyList([.. arguments.Positional.Skip(macro.Parameters.Count)], ListKind.Tuple));
        var rest = new PyDict();
        foreach (var (key, value) in named) rest[key] = value;
        scope.Set("kwargs", rest);
        return Capture(macro.Body, scope);
    });
}
