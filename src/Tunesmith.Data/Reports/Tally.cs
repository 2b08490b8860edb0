using Tunesmith.Data.Examples;
using Tunesmith.Data.Readers;

namespace Tunesmith.Data.Reports;

/// <summary>Counts what a <see cref="SplitReport"/> says.</summary>
internal static class Tally
{
    private const int Shown = 3;

    public static SplitReport Of(IReadOnlyList<Prepared> rows, IReadOnlyList<TokenizedExample> result, bool packed) => With(OfRows(rows), result, packed);

    /// <summary>What can be said of the rows before anything is made of them.</summary>
    public static SplitReport OfRows(IReadOnlyList<Prepared> rows)
    {
        var seen = new HashSet<ulong>();
        int duplicates = 0;
        foreach (var row in rows)
        {
            if (row.Omission == Omission.None && !seen.Add(Hash(row))) duplicates++;
        }
        return new SplitReport
        {
            Rows = rows.Count,
            WithoutAnswer = rows.Count(r => r.Omission == Omission.Turns),
            WrongRole = rows.Count(r => r.Faults.HasFlag(TurnFault.Role)),
            WrongCount = rows.Count(r => r.Faults.HasFlag(TurnFault.Count)),
            Emptied = rows.Count(r => r.Faults.HasFlag(TurnFault.Emptied)),
            NothingToTrain = rows.Count(r => r.NothingToTrain),
            Truncated = rows.Count(r => r.Truncated),
            Empty = rows.Count(r => r.Empty),
            Duplicates = duplicates,
            FirstLeftOut = [.. rows.Where(r => r.Omission != Omission.None).Take(Shown).Select(r => r.Place)],
        };
    }

    /// <summary>And of what was made of them.</summary>
    public static SplitReport With(SplitReport rows, IReadOnlyList<TokenizedExample> result, bool packed)
    {
        int[] lengths = [.. result.Select(e => e.InputIds.Length).Order()];
        return rows with
        {
            Examples = result.Count,
            Packed = packed,
            Tokens = lengths.Sum(l => (long)l),
            TrainedTokens = result.Sum(e => (long)e.Labels.Count(l => l != TokenizedExample.Masked)),
            Shortest = lengths.FirstOrDefault(),
            Median = lengths.Length == 0 ? 0 : lengths[(lengths.Length - 1) / 2],
            Longest = lengths.LastOrDefault(),
        };
    }

    // FNV-1a over ids and labels (Fowler, Noll, Vo): two different rows are taken for the same once in 2^64.
    private static ulong Hash(Prepared row)
    {
        ulong hash = 14695981039346656037;
        void Add(int value) => hash = (hash ^ (uint)value) * 1099511628211;
        foreach (int id in row.Example!.InputIds) Add(id);
        Add(-1);
        foreach (int label in row.Example.Labels) Add(label);
        foreach (string label in row.Labels)
        {
            Add(-2);
            foreach (char c in label) Add(c);
        }
        return hash;
    }
}
