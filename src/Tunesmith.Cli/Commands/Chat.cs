using System.Globalization;
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
            In a terminal: answers appear as they are written; `clear` forgets the conversation,
            `exit` ends. Through a pipe: one message a line in, one answer a line out (line
            breaks in an answer are written as \n). Keys: template, default_system, do_sample,
            temperature, top_p, top_k, max_new_tokens, repetition_penalty, seed ...
            """,
        Flags = [new("--prompt", "TEXT", "one message; prints the answer and ends")],
        Run = Run,
    };

    private static int Run(Invocation run)
    {
        var path = run.Arguments.Single("chat", "model or recipe");
        using var scope = Scope.Open();
        using var opened = OpenedModel.Open(path, run.Arguments.Overrides);
        var seed = opened.Recipe.Peek("seed") is { } given ? ulong.Parse(given, CultureInfo.InvariantCulture) : 42;
        var session = new ChatSession(opened, "chat", seed);
        if (run.Arguments.Value("--prompt") is { } prompt)
        {
            run.Out.WriteLine(session.Answer([new Message(Roles.User, prompt)], null, run.Cancel));
            return App.Done;
        }
        return run.Terminal.InIsTerminal ? Talk(run, session) : Pipe(run, session);
    }

    private static int Talk(Invocation run, ChatSession session)
    {
        run.Error.WriteLine("Write a message and press Enter. `clear` forgets the conversation, `exit` ends.");
        var history = new List<Message>();
        while (true)
        {
            run.Error.Write("\nyou: ");
            var line = run.Terminal.In.ReadLine();
            if (line is null or "exit" || run.Cancel.IsCancellationRequested) return App.Done;
            if (line.Trim().Length == 0) continue;
            if (line == "clear")
            {
                history.Clear();
                run.Error.WriteLine("(forgotten)");
                continue;
            }
            history.Add(new Message(Roles.User, line));
            run.Error.Write("model: ");
            var answer = session.Answer(history, piece =>
            {
                run.Out.Write(piece);
                run.Out.Flush();
            }, run.Cancel);
            run.Out.WriteLine();
            history.Add(new Message(Roles.Assistant, answer));
        }
    }

    private static int Pipe(Invocation run, ChatSession session)
    {
        var history = new List<Message>();
        while (run.Terminal.In.ReadLine() is { } line)
        {
            if (line == "exit") break;
            if (line.Trim().Length == 0) continue;
            if (line == "clear")
            {
                history.Clear();
                continue;
            }
            history.Add(new Message(Roles.User, line));
            var answer = session.Answer(history, null, run.Cancel);
            history.Add(new Message(Roles.Assistant, answer));
            run.Out.WriteLine(answer.Replace("\r", "", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal));
            run.Out.Flush();
        }
        return App.Done;
    }
}
