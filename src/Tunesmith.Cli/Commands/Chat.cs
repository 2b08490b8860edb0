using Tunesmith.Runs;
using Tunesmith.Text.Conversations;
using Tunesmith.Torch;

namespace Tunesmith.Cli.Commands;

/// <summary><c>chat</c>: a conversation in the terminal, or one message a line through a pipe.</summary>
internal static class Chat
{
    public static Command Command { get; } = new()
    {
        Name = "chat",
        Usage = "MODEL|RECIPE [--prompt TEXT] [key=value ...]",
        Summary = "talks with a model in the terminal or through a pipe",
        Help = """
            In a terminal: answers appear as they are written, Ctrl-C stops one; `clear` forgets
            the conversation, `exit` ends. Through a pipe: one message a line in, one answer a
            line out (line breaks in an answer are written as \n; an empty line and `clear`
            give an empty one). Keys: template, default_system, do_sample,
            temperature, top_p, top_k, num_beams, max_new_tokens, repetition_penalty,
            seed ...
            """,
        Flags = [new("--prompt", "TEXT", "one message; prints the answer and ends")],
        Run = Run,
    };

    private static int Run(Invocation run)
    {
        var path = run.Arguments.Single("chat", "model or recipe");
        using var scope = Scope.Open();
        using var opened = OpenedModel.Open(path, run.Arguments.Overrides);
        var session = new ChatSession(opened, "chat");
        if (run.Arguments.Value("--prompt") is { } prompt)
        {
            run.Out.WriteLine(session.Answer([new Message(Roles.User, prompt)], null, run.Cancel));
            run.Cancel.ThrowIfCancellationRequested();
            return App.Done;
        }
        return run.Terminal.InIsTerminal ? Talk(run, session) : Pipe(run, session);
    }

    private static int Talk(Invocation run, ChatSession session)
    {
        run.Error.WriteLine("Write a message and press Enter. `clear` forgets the conversation, `exit` ends;");
        run.Error.WriteLine("Ctrl-C stops an answer.");
        var history = new List<Message>();
        CancellationTokenSource? answering = null;
        // While an answer is being written Ctrl-C stops it; at the prompt it ends the program, which has nothing to lose.
        run.Terminal.Interrupts.Handler = () =>
        {
            if (Volatile.Read(ref answering) is not { } current) return InterruptAnswer.End;
            current.Cancel();
            return InterruptAnswer.Handled;
        };
        try
        {
            while (true)
            {
                run.Error.Write("\nyou: ");
                var line = run.Terminal.In.ReadLine();
                // Ctrl-D leaves the cursor behind the prompt.
                if (line is null) run.Error.WriteLine();
                if (line is null || line.Trim() == "exit" || run.Cancel.IsCancellationRequested) return App.Done;
                if (line.Trim().Length == 0) continue;
                if (line.Trim() == "clear")
                {
                    history.Clear();
                    run.Error.WriteLine("(forgotten)");
                    continue;
                }
                history.Add(new Message(Roles.User, line));
                run.Error.Write("model: ");
                using var stop = CancellationTokenSource.CreateLinkedTokenSource(run.Cancel);
                Volatile.Write(ref answering, stop);
                var answer = Say(run, session, history, stop.Token);
                Volatile.Write(ref answering, null);
                if (answer is null) history.RemoveAt(history.Count - 1);
                else history.Add(new Message(Roles.Assistant, answer));
            }
        }
        finally
        {
            run.Terminal.Interrupts.Handler = null;
        }
    }

    // Null where the message was refused: the conversation goes on without it.
    private static string? Say(Invocation run, ChatSession session, List<Message> history, CancellationToken stop)
    {
        try
        {
            var answer = session.Answer(history, piece =>
            {
                run.Out.Write(piece);
                run.Out.Flush();
            }, stop, forgotten => run.Error.WriteLine($"(the conversation is longer than the model's context: its first {forgotten} messages are forgotten)"));
            run.Out.WriteLine();
            run.Out.Flush();
            if (stop.IsCancellationRequested) run.Error.WriteLine("(stopped)");
            return answer;
        }
        catch (UsageException problem)
        {
            run.Error.WriteLine();
            run.Error.WriteLine($"error: {problem.Message}");
            return null;
        }
    }

    private static int Pipe(Invocation run, ChatSession session)
    {
        var history = new List<Message>();
        while (run.Terminal.In.ReadLine() is { } line)
        {
            run.Cancel.ThrowIfCancellationRequested();
            if (line.Trim() == "exit") break;
            // A line for a line: whoever pairs messages with answers must not be shifted.
            if (line.Trim() is "" or "clear")
            {
                if (line.Trim() == "clear") history.Clear();
                run.Out.WriteLine();
                run.Out.Flush();
                continue;
            }
            history.Add(new Message(Roles.User, line));
            var answer = session.Answer(history, null, run.Cancel, forgotten => run.Error.WriteLine($"warning: the conversation is longer than the model's context: its first {forgotten} messages are forgotten"));
            run.Cancel.ThrowIfCancellationRequested();
            history.Add(new Message(Roles.Assistant, answer));
            run.Out.WriteLine(answer.Replace("\r", "", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal));
            run.Out.Flush();
        }
        return App.Done;
    }
}
