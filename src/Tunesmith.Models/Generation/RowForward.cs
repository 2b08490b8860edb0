using Tunesmith.Torch;

namespace Tunesmith.Models.Generation;

/// <summary>Computes the next token's logits of rows that grow together, padded on the left.</summary>
internal sealed class RowForward(CausalModel model, KvCache? cache)
{
    /// <param name="rows">Ids of each row with its padding, all of one length.</param>
    /// <param name="paddings">How many of a row's first ids are padding.</param>
    /// <returns>float32 [B, V].</returns>
    public Tensor Last(IReadOnlyList<List<int>> rows, IReadOnlyList<int> paddings)
    {
        int total = rows[0].Count;
        int first = cache is null ? 0 : (int)cache.Length;
        int columns = total - first;
        var ids = new long[rows.Count * columns];
        var positions = new long[rows.Count * columns];
        var mask = new long[rows.Count * total];
        for (int r = 0; r < rows.Count; r++)
        {
            for (int t = 0; t < total; t++)
            {
                mask[(r * total) + t] = t >= paddings[r] ? 1 : 0;
                if (t >= first)
                {
                    ids[(r * columns) + t - first] = rows[r][t];
                    positions[(r * columns) + t - first] = Math.Max(t - paddings[r], 0);
                }
            }
        }

        bool padded = paddings.Any(padding => padding > 0);
        var input = new ModelInput
        {
            InputIds = Tensor.From(ids, rows.Count, columns),
            PositionIds = padded ? Tensor.From(positions, rows.Count, columns) : null,
            AttentionMask = padded ? Tensor.From(mask, rows.Count, total) : null,
            Cache = cache,
        };
        Tensor hidden = model.Hidden(input); // [B, T, C]
        return model.Head(hidden.Narrow(1, columns - 1, 1)).Squeeze(1).To(DType.Float32); // [B, V]
    }
}
