using System.Runtime.CompilerServices;

namespace Tunesmith.Text.Templates.Jinja;

/// <summary>Counts what one rendering has cost, so that no template runs for ever or fills the memory.</summary>
internal sealed class Budget(JinjaLimits limits)
{
    private long _work;
    private int _depth;

    /// <summary>The line being evaluated.</summary>
    public int Line { get; set; }

    public JinjaLimits Limits => limits;

    public void Spend(long units)
    {
        _work += units;
        if (_work > limits.Work) throw TemplateErrors.TooMuchWork(limits.Work);
    }

    /// <summary>Pays for a text or list of the given length before it is made.</summary>
    public void Make(long length)
    {
        if (length > limits.Length) throw TemplateErrors.TooLarge(length, limits.Length);
        Spend(length / 64);
    }

    public string Made(string text)
    {
        Make(text.Length);
        return text;
    }

    public void Enter()
    {
        if (++_depth > limits.Depth * 5L || !RuntimeHelpers.TryEnsureSufficientExecutionStack()) throw TemplateErrors.TooDeep("evaluation", limits.Depth * 5, Line);
    }

    public void Leave() => _depth--;
}
