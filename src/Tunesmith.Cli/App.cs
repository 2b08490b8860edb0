using Tunesmith.Runs;
using Tunesmith.Torch;

namespace Tunesmith.Cli;

/// <summary>Finds the command, runs it, and turns what it throws into one message and an exit code: 0 done, 1 failed, 2 wrong use, 130 interrupted.</summary>
public static class App
{
    public const int Done = 0, Failed = 1, WrongUse = 2, Interrupted = 130;

    /// <summary>The exit codes in one sentence, for help and reference.</summary>
    public const string ExitCodes = "Exit codes: 0 done, 1 failed, 2 wrong use, 130 interrupted.";

    private const string TraceFlag = "--trace";

    public static int Run(IReadOnlyList<string> args, Terminal terminal, CancellationToken cancel, TimeProvider? time = null)
    {
        var trace = args.Contains(TraceFlag);
        if (trace) args = [.. args.Where(a => a != TraceFlag)];
        try
        {
            var code = Dispatch(args, terminal, cancel, time ?? TimeProvider.System);
            // A result that cannot be written (a full disk) is no success.
            terminal.Out.Flush();
            return code;
        }
        catch (OperationCanceledException)
        {
            Flush(terminal);
            terminal.Error.WriteLine("Interrupted.");
            return Interrupted;
        }
        catch (ReaderLeftException)
        {
            // It had enough: no error of ours, and nothing more to compute.
            return Done;
        }
        catch (UsageException e)
        {
            return Tell(e, WrongUse);
        }
        catch (System.Text.DecoderFallbackException e)
        {
            return Tell(Errors.InputNotUtf8(e), WrongUse);
        }
        catch (Exception e) when (e is RunException or TorchException or IOException or UnauthorizedAccessException)
        {
            return Tell(e, Failed);
        }
        catch (TypeInitializationException e) when (e.InnerException is TorchException inner)
        {
            return Tell(inner, Failed);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // No input should come this far; where one does, it still gets one line, and --trace shows the way to it.
            return Tell(new RunException($"{e.GetType().Name}: {e.Message} This is a mistake in Tunesmith. Run the command again with {TraceFlag} and report what it prints.", e), Failed);
        }
        catch (OutOfMemoryException e)
        {
            return Tell(new RunException("memory: there is not enough. Lower per_device_train_batch_size or cutoff_len, or set gradient_checkpointing: true.", e), Failed);
        }

        int Tell(Exception e, int code)
        {
            Flush(terminal);
            terminal.Error.WriteLine($"error: {e.Message}");
            if (trace) terminal.Error.WriteLine(e);
            return code;
        }
    }

    private static int Dispatch(IReadOnlyList<string> args, Terminal terminal, CancellationToken cancel, TimeProvider time)
    {
        var name = args.Count == 0 ? "help" : args[0] switch { "-h" or "--help" => "help", "--version" or "-v" => "version", var word => word };
        IReadOnlyList<string> rest = args.Count == 0 ? [] : [.. args.Skip(1)];
        if (!Commands.Plate.TryFind(name, out var command)) throw Errors.UnknownCommand(name, Commands.Plate.Names);
        if (rest.Any(a => a is "-h" or "--help"))
        {
            Commands.Help.Write(terminal.Out, command);
            return Done;
        }
        return command.Run(new Invocation(terminal, Arguments.Parse(name, rest, command.Flags), cancel, time));
    }

    // After an error: what there is of the results is written where that is possible; the error is what is told.
    private static void Flush(Terminal terminal)
    {
        try
        {
            terminal.Out.Flush();
        }
        catch (Exception lost) when (lost is RunException or ReaderLeftException)
        {
        }
    }
}
