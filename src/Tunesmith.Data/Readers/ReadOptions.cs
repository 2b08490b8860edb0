using Tunesmith.Runs;

namespace Tunesmith.Data.Readers;

/// <summary>How a data file is read; the recipe's keys of the same names.</summary>
/// <param name="Delimiter">What stands between the cells of a table file; null: by the file's ending.</param>
/// <param name="Quoting">auto, rfc4180 or none.</param>
/// <param name="ColumnNames">The names of the columns of a table file that has no header row.</param>
/// <param name="BadRows">What becomes of a row that cannot be read.</param>
public sealed record ReadOptions(char? Delimiter, string Quoting, IReadOnlyList<string> ColumnNames, BadRows BadRows)
{
    public static ReadOptions Strict => new(null, "auto", [], new BadRows(skip: false));
}

/// <summary>What becomes of a row that cannot be read: the first one is an error, or all are left out and counted.</summary>
public sealed class BadRows(bool skip)
{
    private const int Kept = 3;
    private readonly List<string> _first = [];

    /// <summary>How many were left out.</summary>
    public long Skipped { get; private set; }

    /// <summary>What was wrong with the first few of them.</summary>
    public IReadOnlyList<string> First => _first;

    /// <summary>Throws, or counts the row and returns.</summary>
    public void Add(UsageException problem)
    {
        if (!skip) throw problem;
        Skipped++;
        if (_first.Count < Kept) _first.Add(problem.Message);
    }
}
