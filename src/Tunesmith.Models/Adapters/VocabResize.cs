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
        // The reference's tied models have the head as a module too, and a LoRA then stores both.
        string ofTokens = TiedTable.Table(model);
        return [ofTokens[(ofTokens.LastIndexOf('.') + 1)..], TiedTable.Head];
    }

    private static Tensor Grown(Tensor table, long rows, Generator generator)
    {
        long old = table.Size(0), width = table.Size(1);
        Tensor noise = Tensor.Empty([rows - old, width]);
        noise.NormalInPlace(0, 1 / Math.Sqrt(width), generator);
        Tensor mean = Tensor.From(ColumnMeans(table), 1, width); // [1, C]
        return Tensor.Cat([table, (mean + noise).To(table.DType)], 0);
    }

    /// <summary>
    /// The mean of every column, added up as libtorch does with one thread and vectors (cascade_sum in aten/src/ATen/native/cpu/SumKernel.cpp): its own result depends on
    /// the number of threads and on the processor, and these weights are to be the reference's to the bit.
    /// </summary>
    internal static float[] ColumnMeans(Tensor table)
    {
        const int Levels = 4, ReadRows = 1024;
        int rows = (int)table.Size(0), width = (int)table.Size(1);
        int power = Math.Max(4, (int)Math.Ceiling(Math.Log2(rows)) / Levels), step = 1 << power;
        float[][] sums = [.. Enumerable.Range(0, Levels).Select(_ => new float[width])];
        float[] values = [];
        for (int row = 0; row < rows; row++)
        {
            if (row % ReadRows == 0)
            {
                using var scope = Scope.Open();
                values = table.Narrow(0, row, Math.Min(ReadRows, rows - row)).To(DType.Float32).ToFloats();
            }

            Add(sums[0], values.AsSpan(row % ReadRows * width, width));
            int done = row + 1;
            // A full step moves up a level; that level moves on where it is full too.
            for (int level = 1; done % step == 0 && level < Levels; level++)
            {
                Add(sums[level], sums[level - 1]);
                Array.Clear(sums[level - 1]);
                if ((done & ((step - 1) << (level * power))) != 0)
                {
                    break;
                }
            }
        }

        foreach (float[] higher in sums.Skip(1))
        {
            Add(sums[0], higher);
        }

        return [.. sums[0].Select(sum => sum / rows)];
    }

    private static void Add(float[] sum, ReadOnlySpan<float> values)
    {
        for (int column = 0; column < sum.Length; column++)
        {
            sum[column] += values[column];
        }
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
