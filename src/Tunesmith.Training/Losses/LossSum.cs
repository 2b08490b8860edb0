using Tunesmith.Torch;

namespace Tunesmith.Training.Losses;

/// <summary>A loss before it is divided: the sum of its terms and how many there are. Only the loop divides.</summary>
/// <param name="Sum">A scalar with its graph.</param>
/// <param name="Count">Number of terms in the sum.</param>
public readonly record struct LossSum(Tensor Sum, double Count);

/// <summary>What the sum of a micro-batch is divided by.</summary>
public enum LossReduction
{
    /// <summary>The terms of the whole window: 1x8 and 8x1 give the same update.</summary>
    Window,

    /// <summary>The micro-batch's own terms; the micro-batches of a window are then added up, not averaged (the reference's classification heads and label smoothing).</summary>
    SummedMeans,

    /// <summary>The micro-batch's own terms times the micro-batches of this window.</summary>
    AveragedMeans,
}
