namespace Tunesmith.Torch.Fused;

/// <summary>Which keys a query sees. The parts are joined: a key is seen when every part that is given allows it.</summary>
public sealed record AttentionMask
{
    /// <summary>Every query sees every key.</summary>
    public static AttentionMask None { get; } = new();

    /// <summary>Query i (counted from the end of the keys) sees no later key.</summary>
    public bool Causal { get; init; }

    /// <summary>Not zero where a key may be seen, [B, S].</summary>
    public Tensor? Padding { get; init; }

    /// <summary>Not zero where the query may see the key, [B, 1, T, S] or anything that broadcasts to [B, H, T, S].</summary>
    public Tensor? Allowed { get; init; }

    /// <summary>A query sees only the last so many keys up to its own; null: all.</summary>
    public int? Window { get; init; }

    /// <summary>Everything in one: true where the key is hidden, broadcastable to [B, 1, T, S]; null where nothing is.</summary>
    public Tensor? Hidden(long queries, long keys)
    {
        Tensor? hidden = null;
        if ((Causal || Window is not null) && (queries > 1 || Window is not null))
        {
            using var scope = Scope.Open();
            var column = Tensor.Arange(0, keys, dtype: DType.Int64).Unsqueeze(0); // [1, S]
            var row = Tensor.Arange(keys - queries, keys, dtype: DType.Int64).Unsqueeze(1); // [T, 1]
            Tensor shut = column.Gt(row); // [T, S]
            if (Window is { } window) shut = shut.LogicalOr(column.Le(row - (double)window));
            hidden = scope.Keep(shut.Unsqueeze(0).Unsqueeze(0));
        }
        if (Padding is not null)
        {
            Tensor shut = Padding.Eq(0).Unsqueeze(1).Unsqueeze(1); // [B, 1, 1, S]
            hidden = hidden is null ? shut : hidden.LogicalOr(shut);
        }
        if (Allowed is not null)
        {
            Tensor shut = Allowed.Eq(0);
            hidden = hidden is null ? shut : hidden.LogicalOr(shut);
        }
        return hidden;
    }
}
