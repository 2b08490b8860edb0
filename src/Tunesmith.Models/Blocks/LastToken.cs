using Tunesmith.Torch;

namespace Tunesmith.Models.Blocks;

/// <summary>Scores of the last token that is not padding, as transformers' GenericForSequenceClassification picks it.</summary>
internal static class LastToken
{
    /// <param name="hidden">[B, T, C].</param>
    /// <param name="score">The classification layer.</param>
    /// <param name="input">The batch: the token is found by its id, not by the attention mask.</param>
    /// <param name="padId">pad_token_id; null takes the last column and allows one row only.</param>
    /// <returns>[B, labels].</returns>
    public static Tensor Score(Tensor hidden, Projection score, ModelInput input, long? padId)
    {
        long rows = hidden.Size(0), length = hidden.Size(1);
        if (padId is null && rows > 1)
        {
            throw Errors.NoPadId();
        }

        long[] ids = padId is null ? [] : input.InputIds.ToLongs();
        var last = new long[rows];
        for (long row = 0; row < rows; row++)
        {
            // A row of padding only keeps position 0, where the reference's argmax lands.
            last[row] = padId is null ? length - 1 : 0;
            for (long t = length - 1; padId is not null && t >= 0; t--)
            {
                if (ids[(row * length) + t] != padId)
                {
                    last[row] = t;
                    break;
                }
            }
        }

        Tensor index = Tensor.From(last, rows, 1, 1).Expand(rows, 1, hidden.Size(2)); // [B, 1, C]
        return score.Forward(hidden.Gather(1, index).Squeeze(1)); // [B, labels]
    }
}
