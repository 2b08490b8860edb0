namespace Tunesmith.Cli;

/// <summary>What Ctrl-C means while a command runs.</summary>
public enum InterruptAnswer
{
    /// <summary>The command comes to an end in good order.</summary>
    Cancel,

    /// <summary>The command dealt with it and goes on.</summary>
    Handled,

    /// <summary>Nothing is under way: the program may end at once.</summary>
    End,
}

/// <summary>The place where a command says what Ctrl-C means to it; without a word it is cancelled.</summary>
public sealed class Interrupts
{
    private volatile Func<InterruptAnswer>? _handler;

    /// <summary>Called from the thread that signals come on; null for the usual way.</summary>
    public Func<InterruptAnswer>? Handler
    {
        get => _handler;
        set => _handler = value;
    }

    /// <summary>Asks the command.</summary>
    public InterruptAnswer Ask() => _handler?.Invoke() ?? InterruptAnswer.Cancel;
}
