namespace Tunesmith.Runs;

/// <summary>Finds what somebody probably meant.</summary>
public static class Suggestions
{
    /// <summary>The known name nearest to what was written, or null when nothing is near enough to be meant.</summary>
    public static string? Nearest(string written, IEnumerable<string> known)
    {
        if (known.FirstOrDefault(name => SameWords(written, name)) is { } same) return same;
        string? best = null;
        int bestDistance = int.MaxValue;
        foreach (var name in known)
        {
            int distance = Distance(written.ToLowerInvariant(), name.ToLowerInvariant());
            if (distance > bestDistance) continue;
            if (distance == bestDistance && string.CompareOrdinal(name, best) >= 0) continue;
            (best, bestDistance) = (name, distance);
        }
        if (best is null) return null;
        int allowed = Math.Max(1, Math.Min(written.Length, best.Length) / 3);
        return bestDistance <= allowed ? best : null;
    }

    /// <summary>" Did you mean 'x'?", or nothing when no known name is near.</summary>
    public static string DidYouMean(string written, IEnumerable<string> known) =>
        Nearest(written, known) is { } name ? $" Did you mean '{name}'?" : "";

    /// <summary>Edits between two words: insert, delete, replace, and swap two neighbours (Damerau 1964, restricted form).</summary>
    internal static int Distance(string a, string b)
    {
        // A name is short; whoever writes kilobytes as a name meant no name at all.
        if (a.Length > 200 || b.Length > 200) return int.MaxValue;
        int[] before = new int[b.Length + 1], above = new int[b.Length + 1], row = new int[b.Length + 1];
        for (int j = 0; j <= b.Length; j++) above[j] = j;
        for (int i = 1; i <= a.Length; i++)
        {
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int cost = a[i - 1] == b[j - 1] ? 0 : 1;
                row[j] = Math.Min(Math.Min(above[j] + 1, row[j - 1] + 1), above[j - 1] + cost);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = Math.Min(row[j], before[j - 2] + 1);
            }
            (before, above, row) = (above, row, before);
        }
        return above[b.Length];
    }

    // "output-dir", "OutputDir" and "dir_output" all mean output_dir.
    private static bool SameWords(string a, string b) => Words(a).SequenceEqual(Words(b));

    private static List<string> Words(string name)
    {
        var words = new List<string>();
        int start = 0;
        for (int i = 0; i <= name.Length; i++)
        {
            bool breaks = i == name.Length || name[i] is '_' or '-' or ' ' or '.' || (i > start && char.IsUpper(name[i]) && !char.IsUpper(name[i - 1]));
            if (!breaks) continue;
            if (i > start) words.Add(name[start..i].ToLowerInvariant());
            start = i < name.Length && char.IsLetterOrDigit(name[i]) ? i : i + 1;
        }
        words.Sort(StringComparer.Ordinal);
        return words;
    }
}
