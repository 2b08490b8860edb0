using System.Globalization;
using Tunesmith.Data.Readers;

namespace Tunesmith.Data.Reports;

/// <summary>What became of the rows: the few numbers that show whether the data are what they should be.</summary>
public sealed record DataReport(SplitReport? Train, SplitReport? Eval, long SkippedRows, IReadOnlyList<string> FirstSkipped)
{
    /// <summary>The numbers of each class among the training examples.</summary>
    public IReadOnlyList<KeyValuePair<string, int>> Classes { get; init; } = [];

    /// <summary>Things worth knowing that are no error.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>A few lines for a person.</summary>
    public IEnumerable<string> Lines()
    {
        if (Train is not null)
        {
            foreach (string line in Train.Lines("train")) yield return line;
        }
        if (Classes.Count > 0) yield return "classes: " + string.Join(", ", Classes.Take(10).Select(c => $"{c.Key} {Text(c.Value)}")) + (Classes.Count > 10 ? $", and {Classes.Count - 10} more" : "");
        if (Eval is not null)
        {
            foreach (string line in Eval.Lines("eval")) yield return line;
        }
        if (SkippedRows > 0) yield return $"{Text(SkippedRows)} bad {(SkippedRows == 1 ? "row" : "rows")} left out (on_bad_row: skip), the first: {FirstSkipped[0]}";
        foreach (string note in Notes) yield return note;
    }

    internal static string Text(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}

/// <summary>One part of the data.</summary>
public sealed record SplitReport
{
    /// <summary>Rows that came in, after choosing, mixing and splitting.</summary>
    public int Rows { get; init; }

    /// <summary>Rows of the model that came out: examples, or packs of them.</summary>
    public int Examples { get; init; }

    /// <summary>Whether several examples share a row.</summary>
    public bool Packed { get; init; }

    /// <summary>Left out: no answer, or turns that do not fit.</summary>
    public int WithoutAnswer { get; init; }

    /// <summary>Conversations with a role at the wrong place, and with a message missing or too many (the reference's warnings).</summary>
    public int WrongRole { get; init; }

    public int WrongCount { get; init; }

    /// <summary>Conversations that were emptied for it.</summary>
    public int Emptied { get; init; }

    /// <summary>Every token is masked, because the cut took the whole answer; kept, so that the order of the others stays the reference's.</summary>
    public int NothingToTrain { get; init; }

    /// <summary>Cut to cutoff_len.</summary>
    public int Truncated { get; init; }

    /// <summary>Kept, but with an empty text.</summary>
    public int Empty { get; init; }

    /// <summary>Kept, but the same as an earlier one.</summary>
    public int Duplicates { get; init; }

    public long Tokens { get; init; }

    /// <summary>Tokens that are trained on.</summary>
    public long TrainedTokens { get; init; }

    public int Shortest { get; init; }

    public int Median { get; init; }

    public int Longest { get; init; }

    /// <summary>Where the first rows stand that were left out.</summary>
    public IReadOnlyList<Place> FirstLeftOut { get; init; } = [];

    internal IEnumerable<string> Lines(string name)
    {
        string lengths = Shortest == Longest ? $"{Shortest} tokens each" : $"{Shortest} to {Longest} tokens, half of them up to {Median}";
        yield return $"{name}: {DataReport.Text(Rows)} {(Rows == 1 ? "row" : "rows")} -> {DataReport.Text(Examples)} {(Packed ? "packs" : Examples == 1 ? "example" : "examples")}, {lengths}; {DataReport.Text(Tokens)} tokens"
            + (TrainedTokens > 0 && TrainedTokens < Tokens ? $", {DataReport.Text(TrainedTokens)} of them trained on" : "");
        var remarks = new List<string>();
        void Remark(int count, string what)
        {
            if (count > 0) remarks.Add($"{DataReport.Text(count)} {what}");
        }
        Remark(WithoutAnswer, "without a usable answer left out");
        Remark(NothingToTrain, "with nothing to train on (the prompt fills cutoff_len)");
        Remark(Truncated, "cut to cutoff_len");
        Remark(Empty, "with an empty text");
        Remark(Duplicates, "the same as an earlier one");
        if (remarks.Count > 0) yield return $"{name}: {string.Join(", ", remarks)}{(FirstLeftOut.Count > 0 ? $" (left out first: {string.Join("; ", FirstLeftOut)})" : "")}";
    }
}
