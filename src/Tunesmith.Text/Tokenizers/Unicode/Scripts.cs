using System.Globalization;

namespace Tunesmith.Text.Tokenizers.Unicode;

/// <summary>The script of a character (Unicode 9.0, the reference's table). 0 stands for none.</summary>
internal static class Scripts
{
    private static readonly Lazy<(List<(int First, int Last, int Script)> Ranges, List<string> Names)> Data = new(Load);

    public static int Of(int rune)
    {
        var ranges = Data.Value.Ranges;
        int low = 0;
        int high = ranges.Count - 1;
        while (low <= high)
        {
            int middle = (low + high) / 2;
            (int first, int last, int script) = ranges[middle];
            if (rune < first) high = middle - 1;
            else if (rune > last) low = middle + 1;
            else return script;
        }

        return 0;
    }

    /// <summary>The number of a script by its name without regard to case, or null.</summary>
    public static int? Find(string name)
    {
        int index = Data.Value.Names.FindIndex(known => known.Equals(name, StringComparison.OrdinalIgnoreCase));
        return index < 1 ? null : index;
    }

    private static (List<(int, int, int)>, List<string>) Load()
    {
        var ranges = new List<(int, int, int)>();
        var names = new List<string> { "" };
        var numbers = new Dictionary<string, int>();
        using var stream = typeof(Scripts).Assembly.GetManifestResourceStream("scripts.txt")!;
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith('#')) continue;
            var fields = line.Split(' ');
            if (!numbers.TryGetValue(fields[2], out int number))
            {
                numbers[fields[2]] = number = names.Count;
                names.Add(fields[2]);
            }

            ranges.Add((Hex(fields[0]), Hex(fields[1]), number));
        }

        return (ranges, names);
    }

    private static int Hex(string digits) => int.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
