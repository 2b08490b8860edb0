using System.Globalization;

namespace Tunesmith.Text.Tokenizers.Unicode;

/// <summary>
/// Unicode's normal forms (UAX 15) as lists of characters with what each one replaces. The base library's own normalisation
/// needs culture data, which this program runs without; the tables are Unicode 9.0, the reference's.
/// </summary>
internal static class Normalization
{
    private const int HangulBase = 0xAC00, LeadBase = 0x1100, VowelBase = 0x1161, TailBase = 0x11A7;
    private const int LeadCount = 19, VowelCount = 21, TailCount = 28, HangulCount = LeadCount * VowelCount * TailCount;

    /// <summary>From here on marks are sorted in another way: a text may have a hundred thousand of them in a row.</summary>
    private const int LongRun = 32;

    private static readonly Lazy<Tables> Data = new(Load);

    /// <summary>A character and what it replaces: 0 one character, -n one and n more, 1 nothing.</summary>
    internal readonly record struct Step(int Rune, int Change);

    /// <summary>Whether no character of the text can change under any of the forms.</summary>
    public static bool IsInert(ReadOnlySpan<char> text) => !text.ContainsAnyExceptInRange('\0', '\x7F');

    /// <summary>Canonical (or compatibility) decomposition in canonical order.</summary>
    public static List<Step> Decompose(ReadOnlySpan<char> text, bool compatibility)
    {
        var tables = Data.Value;
        var steps = new List<Step>(text.Length + 8);
        var classes = new List<byte>(text.Length + 8);
        int pending = 0;
        for (int i = 0; i < text.Length;)
        {
            int rune = Runes.At(text, i, out int length);
            i += length;
            bool first = true;
            Decompose(rune, compatibility, tables, part =>
            {
                byte order = tables.ClassOf(part);
                if (order == 0)
                {
                    Sort(steps, classes, pending);
                    pending = steps.Count;
                }

                steps.Add(new Step(part, first ? 0 : 1));
                classes.Add(order);
                if (order == 0) pending = steps.Count;
                first = false;
            });
        }

        Sort(steps, classes, pending);
        return steps;
    }

    /// <summary>Decomposition followed by canonical composition.</summary>
    public static List<Step> Compose(ReadOnlySpan<char> text, bool compatibility)
    {
        var tables = Data.Value;
        var parts = Decompose(text, compatibility);
        var steps = new List<Step>(parts.Count);
        var waiting = new List<Step>();
        Step? starter = null;
        int lastClass = -1;
        foreach (var part in parts)
        {
            int order = tables.ClassOf(part.Rune);
            if (starter is not { } left)
            {
                if (order != 0) steps.Add(part);
                else starter = part;
                continue;
            }

            bool blocked = lastClass >= order && lastClass >= 0;
            if (!blocked && tables.Pair(left.Rune, part.Rune) is { } whole)
            {
                starter = new Step(whole, left.Change + part.Change - 1);
            }
            else if (order == 0)
            {
                steps.Add(left);
                steps.AddRange(waiting);
                waiting.Clear();
                starter = part;
                lastClass = -1;
            }
            else
            {
                waiting.Add(part);
                lastClass = order;
            }
        }

        if (starter is { } last) steps.Add(last);
        steps.AddRange(waiting);
        return steps;
    }

    private static void Sort(List<Step> steps, List<byte> classes, int from)
    {
        if (steps.Count - from > LongRun)
        {
            int[] order = [.. Enumerable.Range(from, steps.Count - from).OrderBy(i => classes[i])];
            Step[] sorted = [.. order.Select(i => steps[i])];
            byte[] sortedClasses = [.. order.Select(i => classes[i])];
            for (int i = 0; i < sorted.Length; i++) (steps[from + i], classes[from + i]) = (sorted[i], sortedClasses[i]);
            return;
        }

        // Insertion sort: stable, and runs of marks are short in all that people write.
        for (int i = from + 1; i < steps.Count; i++)
        {
            (Step step, byte mark) = (steps[i], classes[i]);
            int j = i;
            for (; j > from && classes[j - 1] > mark; j--) (steps[j], classes[j]) = (steps[j - 1], classes[j - 1]);
            (steps[j], classes[j]) = (step, mark);
        }
    }

    private static void Decompose(int rune, bool compatibility, Tables tables, Action<int> emit)
    {
        if (rune < 0x80)
        {
            emit(rune);
            return;
        }

        int hangul = rune - HangulBase;
        if (hangul is >= 0 and < HangulCount)
        {
            emit(LeadBase + hangul / (VowelCount * TailCount));
            emit(VowelBase + hangul % (VowelCount * TailCount) / TailCount);
            if (hangul % TailCount != 0) emit(TailBase + hangul % TailCount);
            return;
        }

        if (tables.Canonical.TryGetValue(rune, out var parts) || compatibility && tables.Compatible.TryGetValue(rune, out parts))
        {
            foreach (int part in parts) Decompose(part, compatibility, tables, emit);
            return;
        }

        emit(rune);
    }

    private static Tables Load()
    {
        var tables = new Tables();
        using var stream = typeof(Normalization).Assembly.GetManifestResourceStream("decompositions.txt")!;
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
        {
            if (line[0] == '#' || line.StartsWith("CompositionExclusions", StringComparison.Ordinal)) continue;
            var fields = line.Split(' ');
            if (fields[0] == "c")
            {
                for (int c = Hex(fields[1]); c <= Hex(fields[2]); c++) tables.Classes[c] = byte.Parse(fields[3], CultureInfo.InvariantCulture);
                continue;
            }

            int code = Hex(fields[1]);
            var parts = fields[2..].Select(Hex).ToArray();
            (fields[0] == "k" ? tables.Compatible : tables.Canonical)[code] = parts;
            if (fields[0] == "d") tables.Pairs[((long)parts[0] << 32) | (uint)parts[1]] = code;
        }

        return tables;
    }

    private static int Hex(string digits) => int.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private sealed class Tables
    {
        public Dictionary<int, byte> Classes { get; } = [];

        public Dictionary<int, int[]> Canonical { get; } = [];

        public Dictionary<int, int[]> Compatible { get; } = [];

        public Dictionary<long, int> Pairs { get; } = [];

        public byte ClassOf(int rune) => rune < 0x300 ? (byte)0 : Classes.GetValueOrDefault(rune);

        public int? Pair(int left, int right)
        {
            if (left - LeadBase is >= 0 and < LeadCount && right - VowelBase is >= 0 and < VowelCount)
            {
                return HangulBase + ((left - LeadBase) * VowelCount + right - VowelBase) * TailCount;
            }

            if (left - HangulBase is >= 0 and < HangulCount && (left - HangulBase) % TailCount == 0 && right - TailBase is > 0 and < TailCount)
            {
                return left + right - TailBase;
            }

            return Pairs.TryGetValue(((long)left << 32) | (uint)right, out int whole) ? whole : null;
        }
    }
}
