namespace Tunesmith.Training.Schedules;

/// <summary>Linear warm-up, then `num_cycles` half waves, each from the base rate to 0; 0 after the last update.</summary>
internal static class CosineWithRestarts
{
    public static Schedule Build(ScheduleRequest request)
    {
        request.Allow("cosine_with_restarts", "num_cycles");
        var cycles = request.Number("num_cycles", 1);
        return new Schedule(request.BaseRate, step =>
        {
            if (step < request.WarmupSteps) return request.WarmupFactor(step);
            var progress = request.Progress(step);
            return progress >= 1.0 ? 0.0 : Math.Max(0.0, 0.5 * (1.0 + Math.Cos(Math.PI * (cycles * progress % 1.0))));
        });
    }
}
