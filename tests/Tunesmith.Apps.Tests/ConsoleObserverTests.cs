using Tunesmith.Cli;
using Tunesmith.Training;

namespace Tunesmith.Tests;

public sealed class ConsoleObserverTests
{
    private static string Shown(bool live, int columns)
    {
        using var error = new StringWriter { NewLine = "\n" };
        var terminal = new Terminal { In = TextReader.Null, Out = TextWriter.Null, Error = error, ErrorIsTerminal = live, Columns = () => columns };
        var observer = new ConsoleObserver(terminal, TimeProvider.System);
        observer.OnStart(new RunStart(100, RunLength.Of(100, 10, 1, 2, -1), 0, 5, 7));
        observer.OnStep(new StepEvent(3, 20, 0.3, 1.25, 0.5, 1e-4, [], 10, TimeSpan.Zero, 0));
        observer.OnLog(new Dictionary<string, object?> { ["loss"] = 1.25, ["epoch"] = 0.3, ["learning_rate"] = 1e-4 });
        observer.OnCancel();
        observer.Finish();
        return error.ToString();
    }

    [Theory]
    [InlineData(80, "3/20  epoch 0.30  loss 1.2500  ", " updates/s  ", " left")]
    [InlineData(46, "3/20  loss 1.2500  ", " left")]
    [InlineData(20, "3/20  loss 1.2500")]
    public void The_line_that_rewrites_itself_fits_into_the_window(int columns, params string[] parts)
    {
        var line = Shown(live: true, columns).Split('\r')[1];
        Assert.True(line.Length < columns, line);
        Assert.All(parts, part => Assert.Contains(part, line));
    }

    [Theory]
    [InlineData(true, "evaluating 1/8 batches", "evaluating 3/8 batches  0:")]
    [InlineData(false, "", "")]
    public void A_long_evaluation_shows_how_far_it_is_in_a_terminal(bool live, string first, string third)
    {
        using var error = new StringWriter();
        var observer = new ConsoleObserver(new Terminal { In = TextReader.Null, Out = TextWriter.Null, Error = error, ErrorIsTerminal = live, Columns = () => 80 }, TimeProvider.System);
        for (var batch = 1; batch <= 3; batch++) observer.OnEvaluating(batch, 8);
        var drawn = error.ToString().Split('\r', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(live ? 3 : 0, drawn.Length);
        Assert.StartsWith(first, drawn.FirstOrDefault() ?? "");
        Assert.StartsWith(third, drawn.LastOrDefault() ?? "");
    }

    [Fact]
    public void A_pipe_gets_plain_lines_without_control_characters()
    {
        var text = Shown(live: false, 80);
        Assert.DoesNotContain(text, c => char.IsControl(c) && c != '\n');
        Assert.Contains("\n3/20  epoch 0.30  loss 1.2500  lr 0.0001  ", text);
        Assert.Contains("\nCtrl-C: stops at the next place", text);
    }
}
