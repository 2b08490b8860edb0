namespace Tunesmith.Training.Schedules;

/// <summary>Linear warm-up, then 1/√ of the step count in units of `timescale` (the warm-up's length, or 10,000 without one).</summary>
internal static class InverseSqrt
{
    public static Schedule Build(ScheduleRequest request)
    {
        request.Allow("inverse_sqrt", "timescale");
        var warmup = request.WarmupSteps;
        var timescale = request.Number("timescale") ?? (warmup == 0 ? 10_000 : warmup);
        return new Schedule(request.BaseRate, step => step < warmup
            ? request.WarmupFactor(step)
            : 1.0 / Math.Sqrt((step + (timescale - warmup)) / timescale));
    }
}
