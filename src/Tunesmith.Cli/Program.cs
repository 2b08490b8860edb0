using System.Runtime.InteropServices;
using Tunesmith.Cli;

const int FileTooLarge = 25; // SIGXFSZ on Linux

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
// A limit on the size of files (ulimit -f) is told like a full disk; by itself this signal ends the program without a word.
using var tooLarge = PosixSignalRegistration.Create((PosixSignal)FileTooLarge, context => context.Cancel = true);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
return App.Run(args, terminal, cancel.Token);
