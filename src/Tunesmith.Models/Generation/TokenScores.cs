using Tunesmith.Torch;

namespace Tunesmith.Models.Generation;

/// <summary>Log-probability of every token of a text, given the ones before it.</summary>
public static class TokenScores
{
    /// <param name="model">The model.</param>
    /// <param name="ids">Token ids; the first has no probability.</param>
    /// <returns>One value for each token but the first.</returns>
    public static float[] Of(CausalModel model, IReadOnlyList<int> ids)
    {
        if (ids.Count < 2)
        {
            return [];
        }

        using var guard = Autograd.NoGrad();
        using var scope = Scope.Open();
        Tensor input = Tensor.From(ids.Select(id => (long)id).ToArray(), 1, ids.Count);
        Tensor logits = model.Logits(new ModelInput { InputIds = input }).To(DType.Float32); // [1, T, V]
        Tensor logProbabilities = logits.Narrow(1, 0, ids.Count - 1).LogSoftmax(-1); // [1, T - 1, V]
        return logProbabilities.Gather(2, input.Narrow(1, 1, ids.Count - 1).Unsqueeze(-1)).ToFloats();
    }
}
