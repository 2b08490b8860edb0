using System.Runtime.InteropServices;
using Tunesmith.Cli;

// The first Ctrl-C asks the command to come to an end in good order; the second one ends the program at once.
using var cancel = new CancellationTokenSource();
var asked = 0;
void Stop(PosixSignalContext context)
{
    if (Interlocked.Increment(ref asked) > 1) return;
    context.Cancel = true;
    cancel.Cancel();
}
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
return App.Run(args, Terminal.OfProcess(), cancel.Token);
