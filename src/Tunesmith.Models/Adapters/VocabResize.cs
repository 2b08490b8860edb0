using Tunesmith.Models.Blocks;
using Tunesmith.Torch;
using Tunesmith.Torch.Nn;

namespace Tunesmith.Models.Adapters;

/// <summary>
/// Makes room for added tokens as LLaMA-Factory's resize_vocab does (model/model_utils/embedding.py): a multiple of 64 rows,
/// the new ones around the mean of the old. transformers draws from the same generator on the way (its new layers, and one
/// sample a new row), so those draws are made here too, and what is drawn afterwards is the same.
/// </summary>
public static class VocabResize
{
    private const long Multiple = 64;

    /// <param name="model">Its embedding, output layer and config are changed.</param>
    /// <param name="tokens">Tokens of the tokenizer, added ones included.</param>
    /// <param name="generator">Drawn from.</param>
    /// <returns>Names of the resized modules, which a LoRA must then store in full; none where there was room.</returns>
    public static IReadOnlyList<string> Run(CausalModel model, int tokens, Generator generator)
    {
        long old = model.InputEmbedding.Rows;
        if (tokens <= old)
        {
            return [];
        }

        using var guard = Autograd.NoGrad();
        using var scope = Scope.Open();
        long rows = (tokens + Multiple - 1) / Multiple * Multiple;
        Parameter[] tables = model.OutputLayer is null ? [model.InputEmbedding.Weight] : [model.InputEmbedding.Weight, model.OutputLayer.Weight];
        for (int i = 0; i < tables.Length; i++)
        {
            SkipDraws(tables[i].Value, rows, isLinear: i > 0, generator);
        }

        foreach (Parameter table in tables)
        {
            table.Replace(Grown(table.Value.Detach(), rows, generator));
        }

        model.Config.VocabSize = (int)rows;
        model.Config.SetRaw("vocab_size", rows);
        return [.. model.NamedModules().Where(pair => ReferenceEquals(pair.Module, model.InputEmbedding) || ReferenceEquals(pair.Module, model.OutputLayer)).Select(pair => pair.Name[(pair.Name.LastIndexOf('.') + 1)..])];
    }

    private static Tensor Grown(Tensor table, long rows, Generator generator)
    {
        long old = table.Size(0), width = table.Size(1);
        Tensor noise = Tensor.Empty([rows - old, width]);
        noise.NormalInPlace(0, 1 / Math.Sqrt(width), generator);
        Tensor mean = table.To(DType.Float32).Mean([0], keep: true); // [1, C]
        return Tensor.Cat([table, (mean + noise).To(table.DType)], 0);
    }

    private static void SkipDraws(Tensor table, long rows, bool isLinear, Generator generator)
    {
        using var scope = Scope.Open();
        long old = table.Size(0), width = table.Size(1);
        Tensor layer = Tensor.Empty([rows, width]);
        if (isLinear)
        {
            layer.UniformInPlace(0, 1, generator);
        }
        else
        {
            layer.NormalInPlace(0, 1, generator);
        }

        Tensor centred = table.To(DType.Float32) - table.To(DType.Float32).Mean([0], keep: true);
        Tensor covariance = centred.Transpose(0, 1).MatMul(centred) / (double)old; // [C, C]
        if ((covariance * 1e-9).IsPositiveDefinite())
        {
            Tensor.Empty([rows - old, width]).NormalInPlace(0, 1, generator);
        }
    }
}
