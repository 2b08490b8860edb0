using Tunesmith.Cli;

namespace Tunesmith.Tests;

/// <summary>One run of the program inside the test process.</summary>
internal sealed record CliRun(int Code, string Out, string Error)
{
    public static CliRun Of(params string[] args) => Of("", args);

    public static CliRun Of(string input, string[] args, CancellationToken cancel = default)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var terminal = new Terminal { In = new StringReader(input), Out = output, Error = error };
        int code = App.Run(args, terminal, cancel);
        return new CliRun(code, output.ToString(), error.ToString());
    }
}
