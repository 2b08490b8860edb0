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
string[] known = ["full-fp32", "full-bf16", "lora-fp32", "lora-bf16", "minilm", "generate"];
var rounds = 0;
var onlyTuned = false;
var cases = new List<string>();
var passed = new List<string>();
var understood = args is ["compare" or "kernels", ..];
for (var i = 1; i < args.Length && understood; i++)
{
    var comparing = args[0] == "compare";
    int? value = i + 1 < args.Length && int.TryParse(args[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out var given) && given > 0 ? given : null;
    if (args[i] == "--rounds" && value is { } many) (rounds, i) = (many, i + 1);
    else if (comparing && args[i] is ("--batch" or "--length" or "--layers") && value is not null) passed.AddRange([args[i], args[++i]]);
    else if (comparing && args[i] == "--tuned") onlyTuned = true;
    else if (comparing && known.Contains(args[i])) cases.Add(args[i]);
    else understood = false;
}
if (!understood)
{
    Console.Error.WriteLine("usage: bench kernels [--rounds N]\n       bench compare [full-fp32|full-bf16|lora-fp32|lora-bf16|minilm|generate ...] [--rounds N] [--batch B] [--length T] [--layers N] [--tuned]");
    return 2;
}
if (args[0] == "kernels")
{
    Console.WriteLine(Micro.Run(rounds == 0 ? 5 : rounds, Console.Error));
    return 0;
}
if (cases.Count == 0) cases = [.. known];
var script = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "..", "..", "bench", "torch", "steps.py"));
try
{
    foreach (var one in cases) Console.WriteLine(Compare.AgainstTorch(one, script, passed, rounds == 0 ? 3 : rounds, onlyTuned, Console.Error) + "\n");
    return 0;
}
catch (InvalidOperationException e)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
