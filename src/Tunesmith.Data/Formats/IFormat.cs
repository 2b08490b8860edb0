using Tunesmith.Data.Readers;

namespace Tunesmith.Data.Formats;

/// <summary>Brings the rows of one data set into the aligned form; a row of the wrong kind is a <see cref="Tunesmith.Runs.UsageException"/> that names it.</summary>
public interface IFormat
{
    /// <summary>The columns that it reads: each must occur in some row.</summary>
    IEnumerable<string> Columns { get; }

    AlignedExample Align(Row row);
}
