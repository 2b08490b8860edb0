namespace Tunesmith.Training.Schedules;

/// <summary>Linear warm-up, then the base rate.</summary>
internal static class ConstantWithWarmup
{
    public static Schedule Build(ScheduleRequest request)
    {
        request.Allow("constant_with_warmup");
        return new Schedule(request.BaseRate, step => step < request.WarmupSteps ? request.WarmupFactor(step) : 1.0);
    }
}
