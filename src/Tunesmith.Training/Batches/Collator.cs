using Tunesmith.Data;

namespace Tunesmith.Training.Batches;

/// <summary>
/// Makes a batch of examples: right padding to the longest row rounded up to a multiple (8 for causal stages as LLaMA-Factory pads, 1 for
/// classification), label padding −100, position ids and sequence ids where packing left them.
/// </summary>
public sealed class Collator(int padId, int multipleOf)
{
    /// <summary>Puts the examples at `indices` together.</summary>
    public Batch Collate(IReadOnlyList<TokenizedExample> examples, ReadOnlySpan<long> indices)
    {
        var rows = new TokenizedExample[indices.Length];
        for (var row = 0; row < rows.Length; row++) rows[row] = examples[checked((int)indices[row])];
        return Collate(rows);
    }

    /// <summary>Puts the examples together.</summary>
    public Batch Collate(IReadOnlyList<TokenizedExample> rows)
    {
        var length = rows.Max(row => row.InputIds.Length);
        length = (length + multipleOf - 1) / multipleOf * multipleOf;
        var targets = Targets(rows);
        var labels = targets is null ? Pad(rows, length, row => row.Labels, Batch.Ignored) : null;
        return new Batch
        {
            Rows = rows.Count,
            Length = length,
            InputIds = Pad(rows, length, row => row.InputIds, padId)!,
            AttentionMask = Mask(rows, length),
            Labels = labels,
            TokenTypeIds = Pad(rows, length, row => row.TokenTypeIds, 0),
            PositionIds = Pad(rows, length, row => row.PositionIds, 0),
            SequenceIds = SequenceIds(rows, length),
            Targets = targets,
            LabelCount = labels is null ? rows.Count : labels.LongCount(label => label != Batch.Ignored),
        };
    }

    private static long[]? Pad(IReadOnlyList<TokenizedExample> rows, int length, Func<TokenizedExample, int[]?> field, int padding)
    {
        if (field(rows[0]) is null) return rows.All(row => field(row) is null) ? null : throw Errors.MixedRows();
        var padded = new long[rows.Count * length];
        for (var row = 0; row < rows.Count; row++)
        {
            var values = field(rows[row]) ?? throw Errors.MixedRows();
            var target = padded.AsSpan(row * length, length);
            for (var at = 0; at < values.Length; at++) target[at] = values[at];
            target[values.Length..].Fill(padding);
        }
        return padded;
    }

    private static long[] Mask(IReadOnlyList<TokenizedExample> rows, int length)
    {
        var mask = new long[rows.Count * length];
        for (var row = 0; row < rows.Count; row++)
        {
            var target = mask.AsSpan(row * length, rows[row].InputIds.Length);
            target.Fill(1);
            if (rows[row].SequenceIds is not int[] sequences) continue;
            for (var at = 0; at < sequences.Length; at++) target[at] = sequences[at] == 0 ? 0 : 1;
        }
        return mask;
    }

    private static int[]? SequenceIds(IReadOnlyList<TokenizedExample> rows, int length)
    {
        if (rows[0].SequenceIds is null) return rows.All(row => row.SequenceIds is null) ? null : throw Errors.MixedRows();
        var padded = new int[rows.Count * length];
        for (var row = 0; row < rows.Count; row++)
            (rows[row].SequenceIds ?? throw Errors.MixedRows()).CopyTo(padded.AsSpan(row * length));
        return padded;
    }

    private static float[]? Targets(IReadOnlyList<TokenizedExample> rows)
    {
        if (rows[0].Targets is not float[] first) return rows.All(row => row.Targets is null) ? null : throw Errors.MixedRows();
        var targets = new float[rows.Count * first.Length];
        for (var row = 0; row < rows.Count; row++)
        {
            var values = rows[row].Targets;
            if (values is null || values.Length != first.Length) throw Errors.MixedRows();
            values.CopyTo(targets.AsSpan(row * first.Length));
        }
        return targets;
    }
}
