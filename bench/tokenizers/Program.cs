using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Tunesmith.Text.Tokenizers;

// fuzz TOKENIZER REFERENCE.jsonl: the ids and offsets that reference.mjs wrote against ours.
// speed TOKENIZER TEXT SECONDS: megabytes of text a second, on all cores and on one.
var tokenizer = Tokenizer.Load(args[1]);
return args[0] == "fuzz" ? Fuzz(tokenizer, args[2]) : Speed(tokenizer, args[2], double.Parse(args[3], CultureInfo.InvariantCulture));

static int Fuzz(Tokenizer tokenizer, string file)
{
    int checkedCount = 0;
    int wrong = 0;
    foreach (string line in File.ReadLines(file))
    {
        using var row = JsonDocument.Parse(line);
        string text = row.RootElement.GetProperty("t").GetString()!;
        int[] ids = [.. row.RootElement.GetProperty("i").EnumerateArray().Select(id => id.GetInt32())];
        int[] offsets = [.. row.RootElement.GetProperty("o").EnumerateArray().Select(offset => offset.GetInt32())];
        var ours = tokenizer.Encode(text, addSpecialTokens: false);
        int[] ourOffsets = [.. ours.CodePointOffsets.SelectMany(offset => (int[])[offset.Start, offset.End])];
        bool same = ids.AsSpan().SequenceEqual(ours.Ids) && ids.AsSpan().SequenceEqual(tokenizer.EncodeIds(text)) && offsets.AsSpan().SequenceEqual(ourOffsets);
        checkedCount++;
        if (same) continue;
        if (++wrong > 12) continue;
        int at = 0;
        while (at < ids.Length && at < ours.Count && ids[at] == ours.Ids[at] && offsets[2 * at] == ourOffsets[2 * at] && offsets[2 * at + 1] == ourOffsets[2 * at + 1]) at++;
        Console.WriteLine($"{JsonSerializer.Serialize(text)}\n  token {at}: recorded {(at < ids.Length ? $"{ids[at]} {offsets[2 * at]}..{offsets[2 * at + 1]}" : "nothing")}, got {(at < ours.Count ? $"{ours.Ids[at]} {ours.CodePointOffsets[at]}" : "nothing")}");
    }

    Console.WriteLine($"{checkedCount - wrong} passed, {wrong} failed");
    return wrong == 0 && checkedCount > 0 ? 0 : 1;
}

static int Speed(Tokenizer tokenizer, string file, double seconds)
{
    string[] lines = [.. File.ReadAllText(file).Split('\n').Where(line => line.Length > 0)];
    long bytes = lines.Sum(line => (long)System.Text.Encoding.UTF8.GetByteCount(line));
    foreach (bool all in (bool[])[true, false])
    {
        long tokens = 0;
        int rounds = -1;
        var watch = Stopwatch.StartNew();
        while (rounds < 1 || watch.Elapsed.TotalSeconds < seconds)
        {
            if (rounds++ < 0) watch.Restart();
            tokens = all ? tokenizer.EncodeIdsBatch(lines).Sum(ids => (long)ids.Length) : lines.Sum(line => (long)tokenizer.EncodeIds(line).Length);
            if (rounds == 0) watch.Restart();
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Tunesmith {(all ? "all cores" : "one core")} {bytes * rounds / watch.Elapsed.TotalSeconds / 1e6:F2} MB/s, {tokens} tokens a round"));
    }

    return 0;
}
