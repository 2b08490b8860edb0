namespace Tunesmith.Cli;

/// <summary>Where a command reads and writes: results go to <see cref="Out"/>, talk to <see cref="Error"/>.</summary>
public sealed record Terminal
{
    public required TextReader In { get; init; }

    public required TextWriter Out { get; init; }

    public required TextWriter Error { get; init; }

    /// <summary>A person types.</summary>
    public bool InIsTerminal { get; init; }

    /// <summary>A person reads the results.</summary>
    public bool OutIsTerminal { get; init; }

    /// <summary>A person reads the talk.</summary>
    public bool ErrorIsTerminal { get; init; }

    /// <summary>Colours may be used in the results.</summary>
    public bool Color { get; init; }

    /// <summary>Columns of the terminal as it is now (a person may drag its edge); 80 where there is none.</summary>
    public int Width => Columns();

    /// <summary>Asks for the columns.</summary>
    public Func<int> Columns { get; init; } = () => 80;

    /// <summary>What becomes of Ctrl-C: a command may want it for itself.</summary>
    public Interrupts Interrupts { get; } = new();

    /// <summary>A variable of the environment, or null where it is empty.</summary>
    public Func<string, string?> Variable { get; init; } = _ => null;

    /// <summary>The process's own terminal.</summary>
    public static Terminal OfProcess()
    {
        var utf8 = new System.Text.UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        var strict = new System.Text.UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
        static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
        return new Terminal
        {
            In = new StreamReader(Console.OpenStandardInput(), strict),
            Out = new StreamWriter(OutputStream.OfResults(), utf8, 1 << 14) { AutoFlush = !Console.IsOutputRedirected, NewLine = "\n" },
            Error = new StreamWriter(new OutputStream(Console.OpenStandardError(), isTalk: true), utf8, 1 << 12) { AutoFlush = true, NewLine = "\n" },
            InIsTerminal = !Console.IsInputRedirected,
            OutIsTerminal = !Console.IsOutputRedirected,
            ErrorIsTerminal = !Console.IsErrorRedirected,
            Color = !Console.IsOutputRedirected && Variable("NO_COLOR") is null && Variable("TERM") != "dumb",
            Columns = WidthOfProcess,
            Variable = Variable,
        };
    }

    private static int WidthOfProcess()
    {
        if (Console.IsOutputRedirected && Console.IsErrorRedirected) return 80;
        try
        {
            return Console.WindowWidth is > 20 and var width ? width : 80;
        }
        catch (IOException)
        {
            return 80;
        }
    }
}
