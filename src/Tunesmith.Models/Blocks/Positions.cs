using Tunesmith.Torch;

namespace Tunesmith.Models.Blocks;

/// <summary>Position ids of a batch.</summary>
internal static class Positions
{
    /// <summary>The given ones, or a count on from what is cached; checked against the table's length.</summary>
    /// <returns>int64 [1 or B, T].</returns>
    public static Tensor For(ModelInput input, long limit)
    {
        long length = LongestPosition(input);
        return length <= limit ? For(input) : throw Errors.TooLong(length, limit);
    }

    /// <returns>int64 [1 or B, T].</returns>
    public static Tensor For(ModelInput input)
    {
        if (input.PositionIds is not null)
        {
            return input.PositionIds;
        }

        long past = input.Cache?.Length ?? 0;
        return Tensor.Arange(past, past + input.InputIds.Size(-1), DType.Int64).Unsqueeze(0);
    }

    /// <summary>Largest position of the batch plus one.</summary>
    public static long LongestPosition(ModelInput input) =>
        input.PositionIds is null ? (input.Cache?.Length ?? 0) + input.InputIds.Size(-1) : input.PositionIds.Reshape(-1).Max(0).Values.ItemLong() + 1;
}
