using System.Runtime.InteropServices;
using Tunesmith.Cli;
using Tunesmith.Runs.Files;

// A limit on the size of files is told like a full disk.
FileSizeSignal.Ignore();

// The first Ctrl-C asks the command to come to an end in good order; the second one ends the program at once.
var terminal = Terminal.OfProcess();
using var cancel = new CancellationTokenSource();
var asked = 0;
void Stop(PosixSignalContext context)
{
    var answer = context.Signal == PosixSignal.SIGINT ? terminal.Interrupts.Ask() : InterruptAnswer.Cancel;
    if (answer == InterruptAnswer.End) return;
    context.Cancel = true;
    if (answer == InterruptAnswer.Handled) return;
    context.Cancel = Interlocked.Increment(ref asked) == 1;
    if (context.Cancel) cancel.Cancel();
}
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
// The terminal was closed, or the connection to the machine was lost: what was trained is kept.
using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop);
return App.Run(args, terminal, cancel.Token);
