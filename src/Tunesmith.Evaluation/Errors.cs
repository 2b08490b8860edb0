using Tunesmith.Runs;

namespace Tunesmith.Evaluation;

/// <summary>Every message of this room.</summary>
internal static class Errors
{
    public static UsageException LengthsDiffer(string what, int got, int expected) =>
        new($"{what}: got {got}; expected {expected}, one for each example. Check that no example was left out.");

    public static UsageException TooFewValues(string what, int got, int least) =>
        new($"{what}: got {got} {(got == 1 ? "value" : "values")}; expected at least {least}. Evaluate on more examples.");
}
