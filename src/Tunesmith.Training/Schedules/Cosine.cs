namespace Tunesmith.Training.Schedules;

/// <summary>Linear warm-up, then half a cosine wave (or `num_cycles` waves).</summary>
internal static class Cosine
{
    public static Schedule Build(ScheduleRequest request)
    {
        request.Allow("cosine", "num_cycles");
        var cycles = request.Number("num_cycles", 0.5);
        return new Schedule(request.BaseRate, step => step < request.WarmupSteps ? request.WarmupFactor(step) : Wave(request.Progress(step), cycles));
    }

    internal static double Wave(double progress, double cycles) => Math.Max(0.0, 0.5 * (1.0 + Math.Cos(Math.PI * cycles * 2.0 * progress)));
}
