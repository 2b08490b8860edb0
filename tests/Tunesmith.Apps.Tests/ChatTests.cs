using Tunesmith.Cli;

namespace Tunesmith.Tests;

/// <summary>A conversation in a terminal and through a pipe, with the small real model.</summary>
public sealed class ChatTests
{
    private static readonly string Model = Path.Combine(Repo.Root, "models", "stories260k");

    /// <summary>A terminal that tells when the first piece of an answer is on it.</summary>
    private sealed class Watched(Action onText) : StringWriter
    {
        public override void Write(string? value)
        {
            base.Write(value);
            if (value is { Length: > 0 } && value != "\n") onText();
        }
    }

    private static (int Code, string Out, string Error, Terminal Terminal) Talk(string typed, Action<Terminal>? onText = null)
    {
        Terminal? made = null;
        using var output = new Watched(() => onText?.Invoke(made!)) { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        made = new Terminal { In = new StringReader(typed), Out = output, Error = error, InIsTerminal = true, OutIsTerminal = true };
        var code = App.Run(["chat", Model, "template=empty", "max_new_tokens=40", "temperature=0"], made, CancellationToken.None);
        return (code, output.ToString(), error.ToString(), made);
    }

    [Fact]
    public void Ctrl_C_stops_an_answer_and_not_the_conversation()
    {
        var whole = Talk("Once upon a time\nexit\n");
        var pieces = 0;
        var stopped = Talk("Once upon a time\n exit \n", terminal =>
        {
            if (++pieces == 1) Assert.Equal(InterruptAnswer.Handled, terminal.Interrupts.Ask());
        });
        Assert.Equal((0, 0), (whole.Code, stopped.Code));
        Assert.True(stopped.Out.Length < whole.Out.Length / 2, $"'{stopped.Out}' of '{whole.Out}'");
        Assert.Contains("(stopped)\n\nyou: ", stopped.Error);
        // When it is over, Ctrl-C means what it always does.
        Assert.Equal(InterruptAnswer.Cancel, stopped.Terminal.Interrupts.Ask());
    }

    [Fact]
    public void Through_a_pipe_every_line_has_its_line()
    {
        var run = CliRun.Of("Once\n\n  \nclear\nOnce\nexit\nOnce\n", ["chat", Model, "template=empty", "max_new_tokens=4", "do_sample=false"]);
        Assert.True(run.Code == 0, run.Error);
        var lines = run.Out.Split('\n');
        Assert.Equal([lines[0], "", "", "", lines[0], ""], lines);
        Assert.NotEmpty(lines[0]);
    }

    [Fact]
    public void Predict_tells_where_the_text_stands_that_the_model_cannot_take()
    {
        var run = CliRun.Of("Once\n\n" + string.Concat(Enumerable.Repeat("word ", 600)) + "\n", ["predict", Model, "template=empty", "max_new_tokens=4"]);
        Assert.Equal(2, run.Code);
        Assert.StartsWith("error: standard input, line 3: message: got ", run.Error);
        Assert.Single(run.Out.TrimEnd().Split('\n'));
        run = CliRun.Of("", ["predict", Model, "--text", "Once", "--input", "texts.txt"]);
        Assert.Equal(2, run.Code);
        Assert.Contains("got --text and --input", run.Error);
    }

    [Fact]
    public void A_message_that_is_too_long_is_refused_and_the_conversation_goes_on()
    {
        var run = Talk(string.Concat(Enumerable.Repeat("word ", 600)) + "\nOnce upon a time\n");
        Assert.Equal(0, run.Code);
        Assert.Contains("error: message: got ", run.Error);
        Assert.Contains("; expected fewer than 512, the longest text that this model takes.", run.Error);
        Assert.NotEmpty(run.Out.Trim());
        Assert.EndsWith("you: \n", run.Error);
    }

    [Fact]
    public void A_conversation_that_outgrows_the_model_forgets_its_beginning()
    {
        var message = string.Concat(Enumerable.Repeat("the little girl went to the park ", 24)).Trim();
        var run = CliRun.Of($"{message}\n{message}\n{message}\n", ["chat", Model, "template=empty", "max_new_tokens=8", "temperature=0"]);
        Assert.Equal((0, 3), (run.Code, run.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length));
        Assert.Contains("warning: the conversation is longer than the model's context: its first 2 messages are forgotten\n", run.Error);
    }
}
