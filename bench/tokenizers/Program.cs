using System.Globalization;
using Tunesmith.TokenizerBench;

// same  [--count N] [--seed S] [--shared DIR] [NAME ...]: ids and offsets of random strings against npm `tokenizers`
// speed [--seconds S] [--rounds N] [--shared DIR] [NAME ...]: megabytes of English text a second beside it, one core and all cores, in turn
string Option(string flag, string otherwise) => Array.IndexOf(args, flag) is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : otherwise;
double Number(string flag, double otherwise) => double.TryParse(Option(flag, ""), CultureInfo.InvariantCulture, out double value) ? value : otherwise;
string here = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "..", ".."));
string scripts = Path.Combine(here, "bench", "tokenizers");
string shared = Option("--shared", Path.Combine(here, "..", "shared"));
string[] names = [.. args.Skip(1).Where((word, at) => !word.StartsWith("--", StringComparison.Ordinal) && !args[at].StartsWith("--", StringComparison.Ordinal))];
string[] known = ["--count", "--seed", "--seconds", "--rounds", "--shared"];
if (args.Length == 0 || args[0] is not ("same" or "speed") || args.Any(word => word.StartsWith("--", StringComparison.Ordinal) && !known.Contains(word)))
{
    Console.Error.WriteLine("usage: same [--count N] [--seed S] | speed [--seconds S] [--rounds N]; both: [--shared DIR] [NAME ...]");
    return 2;
}

if (!Directory.Exists(Path.Combine(scripts, "node_modules", "tokenizers")))
{
    Console.Error.WriteLine($"npm tokenizers is not installed: (cd {scripts} && npm install)");
    return 1;
}

using var files = new TokenizerFiles(here, shared);
var chosen = files.All.Where(file => names.Length == 0 || names.Contains(file.Name)).ToList();
return args[0] == "same"
    ? await Same.Run(chosen, scripts, (int)Number("--count", 40_000), (int)Number("--seed", 1))
    : await Speed.Run(chosen, scripts, shared, Number("--seconds", 4), (int)Number("--rounds", 3));
