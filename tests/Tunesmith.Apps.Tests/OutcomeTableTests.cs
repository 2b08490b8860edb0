using Tunesmith.Cli;
using Tunesmith.Training;

namespace Tunesmith.Tests;

public sealed class OutcomeTableTests
{
    [Fact]
    public void The_table_and_its_examples_fit_into_the_window()
    {
        var terminal = new Terminal { In = TextReader.Null, Out = TextWriter.Null, Error = TextWriter.Null };
        var observer = new ConsoleObserver(terminal, TimeProvider.System);
        observer.OnPredictions("after",
        [
            new(0, "spam", 0.987, "spam") { Text = "WINNER!! Claim your\nprize " + new string('x', 200) },
            new(1, "ham", 0.5123, "spam") { Text = "short" },
        ]);
        var outcome = new RunOutcome(RunEnding.Done, "runs/x", new Dictionary<string, double> { ["loss"] = 0.7, ["f1"] = 0.25 }, new Dictionary<string, double> { ["f1"] = 0.9, ["loss"] = 0.1 });
        using var output = new StringWriter { NewLine = "\n" };
        OutcomeTable.Write(output, outcome, observer, TimeSpan.FromSeconds(2), 60);
        var lines = output.ToString().Split('\n');
        Assert.Equal(["", "                            before       after", "loss                        0.7000      0.1000", "f1                          0.2500      0.9000"], lines[..4]);
        Assert.Contains("         says    sure  is    text", lines);
        Assert.Contains("  WRONG  ham   51.2 %  spam  short", lines);
        var clipped = lines.Single(line => line.Contains("WINNER", StringComparison.Ordinal));
        Assert.StartsWith("  right  spam  98.7 %  spam  WINNER!! Claim your prize xx", clipped);
        Assert.Equal(60, clipped.Length);
    }
}
