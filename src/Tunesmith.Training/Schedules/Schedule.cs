namespace Tunesmith.Training.Schedules;

/// <summary>
/// The learning rate of every update: base rate × factor(t), t = 0 for the first update (LambdaLR's rule). A schedule that reacts to the
/// evaluations instead of the step count overrides <see cref="Observe"/>.
/// </summary>
public class Schedule(double baseRate, Func<long, double> factor)
{
    /// <summary>The rate that the factor multiplies; parameter groups with their own base rate use <see cref="Factor"/>.</summary>
    public double BaseRate { get; } = baseRate;

    /// <summary>Factor of update `step` (counted from 0).</summary>
    public virtual double Factor(long step) => factor(step);

    /// <summary>Rate of update `step` (counted from 0) for the base rate.</summary>
    public virtual double Rate(long step) => BaseRate * Factor(step);

    /// <summary>Whether the rate depends on evaluations, so that a run without any could never lower it.</summary>
    public virtual bool NeedsEvaluation => false;

    /// <summary>Tells the schedule the metric of an evaluation.</summary>
    public virtual void Observe(double metric) { }

    /// <summary>State beyond the step count, for a checkpoint.</summary>
    public virtual IReadOnlyDictionary<string, double> SaveState() => new Dictionary<string, double>();

    /// <summary>Takes back what <see cref="SaveState"/> gave.</summary>
    public virtual void LoadState(IReadOnlyDictionary<string, double> state) { }
}
