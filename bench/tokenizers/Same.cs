using System.Text.Json;
using Tunesmith.Text.Tokenizers;

namespace Tunesmith.TokenizerBench;

/// <summary>Random strings: the peer's ids and offsets against ours, in the fast way and in the full one.</summary>
internal static class Same
{
    private const int Shown = 5;

    public static async Task<int> Run(IReadOnlyList<TokenizerFile> files, string scripts, int count, int seed)
    {
        int passed = 0, failed = 0;
        foreach (var file in files)
        {
            (int good, int wrong, string? refused) = await Compare(file, Path.Combine(scripts, "reference.mjs"), count, seed++);
            Console.WriteLine(refused is null ? $"{file.Name,-32} {good,9} same {wrong,6} different" : $"{file.Name,-32} not read by npm tokenizers: {refused}");
            (passed, failed) = (passed + good, failed + wrong);
        }

        Console.WriteLine($"{passed} passed, {failed} failed");
        return failed == 0 && passed > 0 ? 0 : 1;
    }

    private static async Task<(int Good, int Wrong, string? Refused)> Compare(TokenizerFile file, string script, int count, int seed)
    {
        var tokenizer = Tokenizer.Load(file.Ours);
        using var peer = Peer.Start(script, [file.Json, count.ToString(), seed.ToString()]);
        peer.StandardInput.Close();
        int good = 0, wrong = 0;
        string? refused = null;
        while (await peer.StandardOutput.ReadLineAsync() is { } line)
        {
            using var row = JsonDocument.Parse(line);
            if (row.RootElement.TryGetProperty("refused", out var reason))
            {
                refused = reason.GetString();
                continue;
            }

            string text = row.RootElement.GetProperty("t").GetString()!;
            int[] ids = [.. row.RootElement.GetProperty("i").EnumerateArray().Select(id => id.GetInt32())];
            int[] offsets = [.. row.RootElement.GetProperty("o").EnumerateArray().Select(offset => offset.GetInt32())];
            if (IsSame(tokenizer, text, ids, offsets, out string difference))
            {
                good++;
            }
            else if (++wrong <= Shown)
            {
                Console.WriteLine($"{file.Name}: {JsonSerializer.Serialize(text)}\n  {difference}");
            }
        }

        await peer.WaitForExitAsync();
        // A peer that died half-way has compared nothing of the rest.
        if (refused is null && good + wrong != count) wrong += count - good - wrong;
        return (good, wrong, refused);
    }

    private static bool IsSame(Tokenizer tokenizer, string text, int[] ids, int[] offsets, out string difference)
    {
        var ours = tokenizer.Encode(text, addSpecialTokens: false);
        int[] fast = tokenizer.EncodeIds(text);
        int[] ourOffsets = [.. ours.CodePointOffsets.SelectMany(offset => (int[])[offset.Start, offset.End])];
        // Half a surrogate pair is what every reader makes of it: the replacement character.
        string broken = text.Replace('\uFFFD', '\uD800');
        if (broken.Length > 0 && !ReferenceEquals(broken, text) && !fast.AsSpan().SequenceEqual(tokenizer.EncodeIds(broken)))
        {
            difference = "half a surrogate pair gives other ids than the replacement character";
            return false;
        }

        bool same = ids.AsSpan().SequenceEqual(ours.Ids) && offsets.AsSpan().SequenceEqual(ourOffsets);
        difference = "";
        if (same && ids.AsSpan().SequenceEqual(fast)) return true;
        int at = 0;
        while (at < ids.Length && at < ours.Count && ids[at] == ours.Ids[at] && offsets[2 * at] == ourOffsets[2 * at] && offsets[2 * at + 1] == ourOffsets[2 * at + 1]) at++;
        difference = same ? "the fast way gives other ids than the full one"
            : $"token {at}: theirs {(at < ids.Length ? $"{ids[at]} {offsets[2 * at]}..{offsets[2 * at + 1]}" : "nothing")}, ours {(at < ours.Count ? $"{ours.Ids[at]} {ours.CodePointOffsets[at]}" : "nothing")}";
        return false;
    }
}
