namespace Tunesmith.Training.Stages;

/// <summary>What an evaluation collects over its batches; the stage adds, the evaluation asks for the metrics at the end.</summary>
public abstract class MetricSums
{
    /// <summary>The metrics by name, without a prefix.</summary>
    public abstract IReadOnlyDictionary<string, double> Result();
}

/// <summary>An evaluation that measures nothing but its loss.</summary>
public sealed class NoMetrics : MetricSums
{
    private static readonly Dictionary<string, double> s_none = [];

    public override IReadOnlyDictionary<string, double> Result() => s_none;
}

/// <summary>Share of next tokens that the model would have chosen: the mean over examples of each example's own share (LLaMA-Factory's ComputeAccuracy).</summary>
public sealed class TokenAccuracy : MetricSums
{
    private double _sum;
    private long _examples;

    /// <summary>Adds one example.</summary>
    public void Add(long right, long labels)
    {
        _examples++;
        if (labels > 0) _sum += (double)right / labels;
    }

    public override IReadOnlyDictionary<string, double> Result() => new Dictionary<string, double> { ["accuracy"] = _examples == 0 ? 0 : _sum / _examples };
}
