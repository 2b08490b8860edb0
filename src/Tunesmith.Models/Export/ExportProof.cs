using Tunesmith.Models.Checkpoints;
using Tunesmith.Torch;

namespace Tunesmith.Models.Export;

/// <summary>What an export gave.</summary>
/// <param name="Folder">Where the model is.</param>
/// <param name="LargestDifference">Of the outputs before saving and after loading again.</param>
/// <param name="Tolerance">What was allowed.</param>
/// <param name="Tensors">Stored tensors.</param>
/// <param name="Bytes">Their size.</param>
public sealed record ExportReport(string Folder, double LargestDifference, double Tolerance, int Tensors, long Bytes);

/// <summary>
/// Saves a model, loads what was saved, and compares outputs on ids that were drawn for the purpose. Success is only told
/// where they agree: merging, dtypes, ties and names are all inside the comparison.
/// </summary>
public static class ExportProof
{
    private const int Rows = 2;
    private const int MostPositions = 32;

    /// <param name="model">The model as it should compute, adapters still unmerged or none.</param>
    /// <param name="merge">Writes adapters into the weights; runs after the outputs before were taken.</param>
    /// <param name="folder">Where to save.</param>
    /// <param name="dtype">Stored dtype; null keeps the model's.</param>
    /// <param name="maxShardBytes">Largest file.</param>
    /// <param name="seed">Draws the ids.</param>
    public static ExportReport Run(Model model, Action? merge, string folder, DType? dtype = null, long maxShardBytes = ModelSaver.DefaultShardBytes, ulong seed = 0)
    {
        model.Eval();
        using var guard = Autograd.NoGrad();
        using var scope = Scope.Open();
        ModelInput input = Probe(model, seed);
        IReadOnlyDictionary<string, Tensor> before = model.Outputs(input);
        merge?.Invoke();
        ModelSaver.Save(model, folder, maxShardBytes, dtype);
        LoadedModel loaded = ModelLoader.Load(folder, new LoadOptions { Kind = model.Kind });
        using Model again = loaded.Model;
        IReadOnlyDictionary<string, Tensor> after = again.Outputs(input);
        double worst = 0, tolerance = 0;
        foreach (var (name, expected) in before)
        {
            double size = Math.Max(1, Largest(expected));
            double difference = Largest(expected.To(DType.Float32) - after[name].To(DType.Float32));
            double allowed = size * Relative(dtype ?? model.NamedParameters().First().Parameter.Value.DType);
            if (!(difference <= allowed))
            {
                throw Errors.ExportDiffers(folder, name, difference, allowed);
            }

            if (difference >= worst)
            {
                (worst, tolerance) = (difference, allowed);
            }
        }

        using CheckpointFiles files = CheckpointFiles.Open(folder);
        return new ExportReport(folder, worst, tolerance, files.Tensors.Count(), files.ByteCount);
    }

    /// <summary>Rounding of the stored weights moves outputs by some units of their last place; an error moves them by far more.</summary>
    private static double Relative(DType dtype) => dtype switch { DType.BFloat16 => 0.1, DType.Float16 => 2e-2, _ => 1e-4 };

    private static ModelInput Probe(Model model, ulong seed)
    {
        int length = (int)Math.Min(MostPositions, model.Config.MaxLength);
        var random = new Generator(seed);
        var ids = new long[Rows * length];
        for (int i = 0; i < ids.Length; i++)
        {
            ids[i] = random.Next32() % model.Config.VocabSize;
        }

        Tensor rows = Tensor.From(ids, Rows, length);
        return new ModelInput { InputIds = model.Kind == ModelKind.MultipleChoice ? rows.Unsqueeze(0) : rows };
    }

    private static double Largest(Tensor x)
    {
        double largest = 0;
        foreach (double value in x.ToDoubles())
        {
            largest = double.IsNaN(value) ? double.NaN : Math.Max(largest, Math.Abs(value));
        }

        return largest;
    }
}
