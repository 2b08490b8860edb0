using System.Globalization;

namespace Tunesmith.Text.Tokenizers.Unicode;

/// <summary>Membership of characters in the classes of classes.txt: the reference's own Unicode versions, not this machine's.</summary>
internal sealed class ClassTable
{
    private static readonly Lazy<Dictionary<char, List<(int First, int Last)>>> Data = new(Load);

    private readonly ulong[] _basic = new ulong[0x10000 / 64];
    private readonly List<(int First, int Last)> _beyond = [];

    public ClassTable(char name)
    {
        foreach ((int first, int last) in Data.Value[name])
        {
            if (last >= 0x10000) _beyond.Add((first, last));
            for (int c = first; c <= Math.Min(last, 0xFFFF); c++) _basic[c >> 6] |= 1UL << (c & 63);
        }
    }

    public bool Contains(int rune)
    {
        if (rune < 0x10000) return (_basic[rune >> 6] >> (rune & 63) & 1) != 0;
        int low = 0;
        int high = _beyond.Count - 1;
        while (low <= high)
        {
            int middle = (low + high) / 2;
            (int first, int last) = _beyond[middle];
            if (rune < first) high = middle - 1;
            else if (rune > last) low = middle + 1;
            else return true;
        }

        return false;
    }

    private static Dictionary<char, List<(int, int)>> Load()
    {
        var classes = new Dictionary<char, List<(int, int)>>();
        using var stream = typeof(ClassTable).Assembly.GetManifestResourceStream("classes.txt")!;
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith('#')) continue;
            var fields = line.Split(' ');
            if (!classes.TryGetValue(fields[0][0], out var ranges)) classes[fields[0][0]] = ranges = [];
            ranges.Add((Hex(fields[1]), Hex(fields[2])));
        }

        return classes;
    }

    private static int Hex(string digits) => int.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
