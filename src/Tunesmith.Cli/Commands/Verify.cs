using Tunesmith.Proof;

namespace Tunesmith.Cli.Commands;

/// <summary><c>verify PATH...</c>.</summary>
internal static class Verify
{
    public static Command Command { get; } = new()
    {
        Name = "verify",
        Usage = "PATH... [--json] [--root DIR]",
        Summary = "compares recorded reference values with what is computed here",
        Help = """
            Each PATH is a case, a folder of cases, or a folder of kinds, in the formats of
            docs/reference/golden-formats.md. Prints a line a case (worst tensor, largest
            difference, tolerance) and last `N passed, N failed`. Exit code 1 where a case
            fails or nothing was checked; what is not implemented counts as failed.
            """,
        Flags =
        [
            new("--json", null, "one JSON object a line"),
            new("--root", "DIR", "the folder that holds shared/, for files that name paths below it"),
        ],
        Run = Run,
    };

    private static int Run(Invocation run)
    {
        if (run.Arguments.Words.Count == 0) throw Errors.WordMissing("verify", "path");
        var options = new ProofOptions { Json = run.Json, Root = run.Arguments.Value("--root") };
        return ProofRunner.Verify(run.Arguments.Words, run.Out, options, run.Cancel).ExitCode;
    }
}
