using System.Globalization;
using Tunesmith.Bench;

// bench compare [CASE ...] [--rounds N] [--batch B] [--length T] [--layers N] [--tuned]: our steps beside plain PyTorch's, in turn; --tuned leaves out torch as it comes
// bench kernels [--rounds N]: each of our kernels beside libtorch's operators
// bench step CASE [--batch B] [--length T] [--layers N]: one contender, driven through its standard input
if (args is ["step", var name, .. var rest])
{
    int Number(string flag, int otherwise) => Array.IndexOf(rest, flag) is >= 0 and var at ? int.Parse(rest[at + 1], CultureInfo.InvariantCulture) : otherwise;
    Steps.Run(name, Number("--batch", 0), Number("--length", 0), Number("--layers", 30), Console.In, Console.Out);
    return 0;
}
if (args is ["kernels", .. var settings])
{
    var count = settings is ["--rounds", var given] ? int.Parse(given, CultureInfo.InvariantCulture) : 5;
    Console.WriteLine(Micro.Run(count, Console.Error));
    return 0;
}
if (args is not ["compare", .. var chosen])
{
    Console.Error.WriteLine("usage: bench kernels [--rounds N]\n       bench compare [full-fp32|full-bf16|lora-fp32|lora-bf16|minilm|generate ...] [--rounds N] [--batch B] [--length T] [--layers N] [--tuned]");
    return 2;
}
var rounds = 3;
var onlyTuned = false;
var cases = new List<string>();
var passed = new List<string>();
for (var i = 0; i < chosen.Length; i++)
{
    if (chosen[i] == "--tuned") onlyTuned = true;
    else if (chosen[i] == "--rounds") rounds = int.Parse(chosen[++i], CultureInfo.InvariantCulture);
    else if (chosen[i].StartsWith("--", StringComparison.Ordinal)) passed.AddRange([chosen[i], chosen[++i]]);
    else cases.Add(chosen[i]);
}
if (cases.Count == 0) cases = ["full-fp32", "full-bf16", "lora-fp32", "lora-bf16", "minilm", "generate"];
var script = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "..", "..", "bench", "torch", "steps.py"));
try
{
    foreach (var one in cases) Console.WriteLine(Compare.AgainstTorch(one, script, passed, rounds, onlyTuned, Console.Error) + "\n");
    return 0;
}
catch (InvalidOperationException e)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
