using Tunesmith.Models.Checkpoints;
using Tunesmith.Torch;
using Tunesmith.Torch.Nn;

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
/// where they agree: merging, dtypes, ties and names are all inside the comparison. What a smaller dtype rounds away could hide
/// an adapter that was not merged; so the merge is proven before anything is rounded, and each stored value must be the merged
/// one, rounded once.
/// </summary>
public static class ExportProof
{
    private const int Rows = 2;
    private const int MostPositions = 32;

    /// <param name="model">The model as it should compute, adapters still unmerged or none. Its weights become float32, where the comparison is sharp.</param>
    /// <param name="merge">Writes adapters into the weights; runs after the outputs before were taken.</param>
    /// <param name="folder">Where to save.</param>
    /// <param name="dtype">Stored dtype; null keeps what the model held.</param>
    /// <param name="maxShardBytes">Largest file.</param>
    /// <param name="seed">Draws the ids.</param>
    public static ExportReport Run(Model model, Action? merge, string folder, DType? dtype = null, long maxShardBytes = ModelSaver.DefaultShardBytes, ulong seed = 0)
    {
        model.Eval();
        using var guard = Autograd.NoGrad();
        using var scope = Scope.Open();
        DType stored = dtype ?? model.NamedParameters().First().Parameter.Value.DType;
        Widen(model);
        ModelInput input = Probe(model, seed);
        IReadOnlyDictionary<string, Tensor> before = model.Outputs(input);
        if (merge is not null)
        {
            merge();
            Compare(folder, " (of the merged weights, not yet written)", before, model.Outputs(input), DType.Float32);
        }

        ModelSaver.Save(model, folder, maxShardBytes, stored);
        LoadedModel loaded = ModelLoader.Load(folder, new LoadOptions { Kind = model.Kind });
        using Model again = loaded.Model;
        CompareWeights(folder, model, again, stored);
        (double worst, double tolerance) = Compare(folder, "", before, again.Outputs(input), stored);
        using CheckpointFiles files = CheckpointFiles.Open(folder);
        return new ExportReport(folder, worst, tolerance, files.Tensors.Count(), files.ByteCount);
    }

    private static void Widen(Model model)
    {
        model.Precision.Compute = null;
        foreach ((string _, Parameter parameter) in model.NamedParameters().ToList())
        {
            if (parameter.Value.DType is DType.BFloat16 or DType.Float16) parameter.Replace(parameter.Value.To(DType.Float32));
        }
    }

    private static (double Difference, double Allowed) Compare(string folder, string when, IReadOnlyDictionary<string, Tensor> before, IReadOnlyDictionary<string, Tensor> after, DType dtype)
    {
        double worst = 0, tolerance = 0;
        foreach (var (name, expected) in before)
        {
            double difference = Largest(expected.To(DType.Float32) - after[name].To(DType.Float32));
            double allowed = Math.Max(1, Largest(expected)) * Relative(dtype);
            if (!(difference <= allowed))
            {
                throw Errors.ExportDiffers(folder, name + when, difference, allowed);
            }

            if (difference >= worst)
            {
                (worst, tolerance) = (difference, allowed);
            }
        }

        return (worst, tolerance);
    }

    private static void CompareWeights(string folder, Model model, Model again, DType stored)
    {
        var merged = model.NamedParameters().ToDictionary(pair => pair.Name, pair => pair.Parameter, StringComparer.Ordinal);
        foreach ((string name, Parameter parameter) in again.NamedParameters())
        {
            using var scope = Scope.Open();
            Tensor expected = merged[name].Value.To(stored).To(DType.Float32);
            if (!expected.EqualBits(parameter.Value))
            {
                throw Errors.ExportDiffers(folder, "values of " + name, Largest(expected - parameter.Value), 0);
            }
        }
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
