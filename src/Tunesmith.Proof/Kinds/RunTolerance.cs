using Tunesmith.Torch;
using Tunesmith.Torch.Nn;
using Tunesmith.Training;

namespace Tunesmith.Proof.Kinds;

/// <summary>
/// How far a run's numbers may be from the recorded ones. Losses agree to 4 decimals, weights within 1e-4, gradient norms within 1e-4 of themselves. A run may be less
/// determined than that: an update of Adam is about the learning rate however small the gradient is, so that the last bit of a gradient near 0 decides where a weight goes,
/// and high rates make a run chaotic. So what fails is asked how far it moves when the run is done again from weights changed in their last bit; 4 times that is allowed,
/// and the answer says so. What two programs round differently is no less than that.
/// </summary>
internal sealed class RunTolerance
{
    private const double Loss = 5e-5;
    private const double Weight = 1e-4;
    private const double Norm = 1e-4;
    private const double Safety = 4;
    private readonly Dictionary<string, double> _moves = new(StringComparer.Ordinal);

    /// <summary>Largest movement of a loss that was allowed for; 0 where nothing was.</summary>
    public double LargestLossMove { get; private set; }

    /// <summary>For a loss.</summary>
    public double OfLoss(string name) => Math.Max(Loss, Allowed(name));

    /// <summary>For a tensor.</summary>
    public double OfTensor(string name) => Math.Max(Weight, Allowed(name));

    /// <summary>For a gradient norm of this size.</summary>
    public double OfNorm(string name, double size) => Math.Max(Norm * Math.Abs(size), Allowed(name));

    /// <summary>Compares what a changed run gave with what the run itself gave: losses of micro-batches, then the numbers and tensors of all files.</summary>
    public void Learn(RunNumbers run, RunNumbers changed)
    {
        Losses(run.Losses, changed.Losses);
        double measured = 0;
        foreach (var (mine, other) in run.Measured.Zip(changed.Measured))
        {
            measured = Math.Max(measured, Math.Abs(mine.Loss - other.Loss));
            Note($"measured loss {mine.Name}", measured);
        }
        foreach (var (name, values) in run.Values)
        {
            if (!changed.Values.TryGetValue(name, out double[]? others)) continue;
            // Once a number has moved, later ones of its name cannot be trusted more: a curve is judged by how far it has moved so far.
            double moved = 0;
            for (int at = 0; at < values.Length; at++)
            {
                if (at < others.Length) moved = Math.Max(moved, Math.Abs(values[at] - others[at]));
                Note($"{name} {at}", moved);
            }
        }
        foreach (var (name, values) in run.Tensors)
            if (changed.Tensors.TryGetValue(name, out float[]? others)) Note(name, values.Zip(others, (a, b) => Math.Abs((double)a - b)).DefaultIfEmpty().Max());
    }

    /// <summary>Changes every weight by a rounding of the type that computes, up or down.</summary>
    public static void Change(TrainerInput input, int seed)
    {
        using var scope = Scope.Open();
        using var guard = Autograd.NoGrad();
        double rounding = input.Model.Precision.Compute == DType.BFloat16 || input.Options.PureBf16 ? Math.Pow(2, -8) : Math.Pow(2, -23);
        var generator = new Generator((ulong)seed);
        foreach ((string _, Parameter parameter) in input.Model.NamedParameters())
        {
            using var inner = Scope.Open();
            Tensor draw = Tensor.Zeros(parameter.Value.Shape, DType.Float32);
            draw.UniformInPlace(-1, 1, generator);
            parameter.Value.CopyInPlace(parameter.Value.To(DType.Float32) * (draw.Sign() * rounding + 1.0));
        }
    }

    private void Losses(IReadOnlyList<float> run, IReadOnlyList<float> changed)
    {
        double moved = 0;
        for (int at = 0; at < run.Count; at++)
        {
            if (at < changed.Count) moved = Math.Max(moved, Math.Abs((double)run[at] - changed[at]));
            Note($"loss of micro-batch {at}", moved);
        }
        LargestLossMove = Math.Max(LargestLossMove, moved);
    }

    private void Note(string name, double moved) => _moves[name] = Math.Max(moved, _moves.GetValueOrDefault(name));

    private double Allowed(string name) => Safety * _moves.GetValueOrDefault(name);
}
