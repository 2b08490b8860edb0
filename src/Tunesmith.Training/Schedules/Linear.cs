namespace Tunesmith.Training.Schedules;

/// <summary>Linear warm-up, then a straight line to 0 at the last update.</summary>
internal static class Linear
{
    public static Schedule Build(ScheduleRequest request)
    {
        request.Allow("linear");
        var (warmup, total) = (request.WarmupSteps, request.TotalSteps);
        return new Schedule(request.BaseRate, step => step < warmup
            ? request.WarmupFactor(step)
            : Math.Max(0.0, (double)(total - step) / Math.Max(1, total - warmup)));
    }
}
