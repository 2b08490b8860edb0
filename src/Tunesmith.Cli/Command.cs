namespace Tunesmith.Cli;

/// <summary>One command of the program.</summary>
public sealed record Command
{
    public required string Name { get; init; }

    /// <summary>What follows the name, for the help.</summary>
    public required string Usage { get; init; }

    /// <summary>One line.</summary>
    public required string Summary { get; init; }

    /// <summary>What a person should know to use it, lines of at most 78 columns.</summary>
    public string Help { get; init; } = "";

    public IReadOnlyList<Flag> Flags { get; init; } = [];

    /// <summary>Does the work; returns the exit code.</summary>
    public required Func<Invocation, int> Run { get; init; }
}

/// <summary>One run of a command.</summary>
public sealed record Invocation(Terminal Terminal, Arguments Arguments, CancellationToken Cancel, TimeProvider Time)
{
    public TextWriter Out => Terminal.Out;

    public TextWriter Error => Terminal.Error;

    public bool Json => Arguments.Has("--json");
}
