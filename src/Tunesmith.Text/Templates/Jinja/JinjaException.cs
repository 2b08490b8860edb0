namespace Tunesmith.Text.Templates.Jinja;

/// <summary>A Jinja template that could not be read or rendered.</summary>
public sealed class JinjaException : Exception
{
    internal JinjaException(string words, int line = 0, bool raised = false)
        : base(words)
    {
        Line = line;
        RaisedByTemplate = raised;
    }

    /// <summary>The line of the template, counted from 1; 0 where none is known.</summary>
    public int Line { get; internal set; }

    /// <summary>True when the template itself called <c>raise_exception</c>; the message then holds its own words.</summary>
    public bool RaisedByTemplate { get; }
}
