namespace Tunesmith.Text.Templates.Jinja;

/// <summary>Computes expressions.</summary>
internal sealed class Evaluator(Budget budget)
{
    private string? _block;

    /// <summary>A filter chain whose innermost target is a block's text.</summary>
    public object? EvaluateWithBlock(Expression filter, string text, NameScope names)
    {
        (string? outer, _block) = (_block, text);
        object? value = Evaluate(filter, names);
        _block = outer;
        return value;
    }

    public object? Evaluate(Expression expression, NameScope names)
    {
        budget.Spend(1);
        budget.Enter();
        int line = budget.Line;
        budget.Line = expression.Line;
        object? value = Compute(expression, names);
        budget.Line = line;
        budget.Leave();
        return value;
    }

    public void Assign(Expression target, object? value, NameScope names)
    {
        switch (target)
        {
            case NameExpression name:
                names.Set(name.Name, value);
                return;
            case AttributeExpression { Target: NameExpression owner } attribute:
                if (!names.TryGet(owner.Name, out object? holder) || holder is not Namespace space) throw TemplateErrors.NotANamespace(owner.Name);
                space.Attributes[attribute.Name] = value;
                return;
            case ListExpression targets:
                var items = Operators.Iterate(value, budget);
                if (items.Count != targets.Items.Count) throw TemplateErrors.Unpack(targets.Items.Count, items.Count);
                for (int i = 0; i < items.Count; i++) Assign(targets.Items[i], items[i], names);
                return;
            default:
                throw TemplateErrors.CannotAssign(target.GetType().Name, target.Line);
        }
    }

    public object? Call(CallExpression call, NameScope names, params ReadOnlySpan<(string, object?)> extra)
    {
        object? target = Evaluate(call.Target, names);
        var arguments = Collect(NameOf(call.Target), call.Arguments, names, extra);
        budget.Line = call.Line;
        return target switch
        {
            PyFunction function => function.Call(arguments),
            LoopState { Again: { } again } when arguments.Positional.Count == 1 => again(arguments.Positional[0]),
            Undefined undefined => throw TemplateErrors.UsedUndefined(undefined.Why),
            _ => throw TemplateErrors.NotCallable(target),
        };
    }

    private object? Compute(Expression expression, NameScope names) => expression switch
    {
        Constant constant => constant.Value,
        NameExpression name => names.TryGet(name.Name, out object? value) ? value : new Undefined($"'{name.Name}' is undefined"),
        ListExpression list => new PyList([.. list.Items.Select(i => Evaluate(i, names))], list.Tuple ? ListKind.Tuple : ListKind.List),
        DictExpression dict => MakeDict(dict, names),
        UnaryExpression unary => Unary(unary.Operator, Evaluate(unary.Operand, names)),
        BinaryExpression { Operator: "and" } and => Evaluate(and.Left, names) is var left && !Operators.IsTrue(left) ? left : Evaluate(and.Right, names),
        BinaryExpression { Operator: "or" } or => Evaluate(or.Left, names) is var left && Operators.IsTrue(left) ? left : Evaluate(or.Right, names),
        BinaryExpression binary => Operators.Compute(binary.Operator, Defined(Evaluate(binary.Left, names)), Defined(Evaluate(binary.Right, names)), budget),
        CompareExpression compare => Compare(compare, names),
        ConcatExpression concat => Concat(concat, names),
        ConditionalExpression choice => Operators.IsTrue(Evaluate(choice.Test, names)) ? Evaluate(choice.Then, names)
            : choice.Else is null ? new Undefined("the inline if-expression evaluated to false and no else section was defined") : Evaluate(choice.Else, names),
        AttributeExpression attribute => Attributes.Get(Evaluate(attribute.Target, names), attribute.Name, budget),
        ItemExpression item => Item(item, names),
        CallExpression call => Call(call, names),
        FilterExpression filter => Filters.Apply(filter.Name, filter.Target is null ? _block : Evaluate(filter.Target, names), Collect(filter.Name, filter.Arguments, names)),
        TestExpression test => Tests.Apply(test.Name, Evaluate(test.Target, names), Collect(test.Name, test.Arguments, names)),
        _ => throw new InvalidOperationException(expression.GetType().Name),
    };

    private static object? Unary(string sign, object? value) => sign switch
    {
        "not" => !Operators.IsTrue(value),
        "-" => Operators.Negate(Defined(value)),
        _ => Operators.Number(Defined(value)) is null ? throw TemplateErrors.NotSupported("+", value) : value is bool b ? (object)(b ? 1L : 0L) : value,
    };

    private static object? Defined(object? value) => value is Undefined undefined ? throw TemplateErrors.UsedUndefined(undefined.Why) : value;

    private PyDict MakeDict(DictExpression expression, NameScope names)
    {
        var dict = new PyDict(budget);
        foreach (var (key, value) in expression.Items) dict[Operators.Key(Evaluate(key, names), budget)] = Evaluate(value, names);
        return dict;
    }

    private object? Compare(CompareExpression compare, NameScope names)
    {
        object? left = Evaluate(compare.First, names);
        foreach (var (sign, operand) in compare.Rest)
        {
            object? right = Evaluate(operand, names);
            bool holds = sign switch
            {
                "==" => Operators.AreEqual(left, right, budget),
                "!=" => !Operators.AreEqual(left, right, budget),
                "in" => Operators.Contains(right, left, budget),
                "not in" => !Operators.Contains(right, left, budget),
                "<" => Operators.Order(Defined(left), Defined(right), budget, sign) < 0,
                "<=" => Operators.Order(Defined(left), Defined(right), budget, sign) <= 0,
                ">" => Operators.Order(Defined(left), Defined(right), budget, sign) > 0,
                _ => Operators.Order(Defined(left), Defined(right), budget, sign) >= 0,
            };
            if (!holds) return false;
            left = right;
        }
        return true;
    }

    private string Concat(ConcatExpression concat, NameScope names)
    {
        var parts = concat.Items.Select(i => PythonText.Str(Evaluate(i, names), budget)).ToArray();
        budget.Make(parts.Sum(p => (long)p.Length));
        return string.Concat(parts);
    }

    private object? Item(ItemExpression item, NameScope names)
    {
        object? target = Evaluate(item.Target, names);
        if (target is Undefined undefined) throw TemplateErrors.UsedUndefined(undefined.Why);
        if (item.Index is not SliceExpression slice) return Attributes.Item(target, Evaluate(item.Index, names), budget);
        object? picked = Operators.Slice(target, Bound(slice.Start, names), Bound(slice.Stop, names), Bound(slice.Step, names) ?? 1, budget);
        return picked ?? new Undefined($"{PythonText.TypeName(target)} object has no slices");
    }

    private long? Bound(Expression? expression, NameScope names)
    {
        if (expression is null) return null;
        return Evaluate(expression, names) switch
        {
            null => null,
            long n => n,
            bool b => b ? 1 : 0,
            var other => throw TemplateErrors.SliceBound(other),
        };
    }

    private Arguments Collect(string name, ArgumentList list, NameScope names, params ReadOnlySpan<(string, object?)> extra)
    {
        if (list == ArgumentList.None && extra.Length == 0) return new Arguments(name, [], [], budget);
        var positional = new List<object?>(list.Positional.Count);
        foreach (var argument in list.Positional) positional.Add(Evaluate(argument, names));
        if (list.Spread is not null) positional.AddRange(Operators.Iterate(Evaluate(list.Spread, names), budget));
        var named = new List<KeyValuePair<string, object?>>();
        foreach (var (key, value) in list.Named) named.Add(new(key, Evaluate(value, names)));
        if (list.NamedSpread is not null)
        {
            if (Evaluate(list.NamedSpread, names) is not PyDict dict) throw TemplateErrors.NotAMapping();
            foreach (var (key, value) in dict) named.Add(new(key as string ?? throw TemplateErrors.NotAMapping(), value));
        }
        foreach (var (key, value) in extra) named.Add(new(key, value));
        return new Arguments(name, positional, named, budget);
    }

    private static string NameOf(Expression target) => target switch
    {
        NameExpression name => name.Name,
        AttributeExpression attribute => attribute.Name,
        _ => "function",
    };
}
