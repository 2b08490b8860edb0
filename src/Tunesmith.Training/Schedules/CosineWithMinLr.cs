namespace Tunesmith.Training.Schedules;

/// <summary>As cosine, but down to `min_lr` (a rate) or `min_lr_rate` (a part of the base rate).</summary>
internal static class CosineWithMinLr
{
    public static Schedule Build(ScheduleRequest request)
    {
        request.Allow("cosine_with_min_lr", "num_cycles", "min_lr", "min_lr_rate");
        var cycles = request.Number("num_cycles", 0.5);
        var floor = Floor(request, "cosine_with_min_lr");
        return new Schedule(request.BaseRate, step =>
        {
            if (step < request.WarmupSteps) return request.WarmupFactor(step);
            var wave = 0.5 * (1.0 + Math.Cos(Math.PI * cycles * 2.0 * request.Progress(step)));
            return Math.Max(0.0, wave * (1 - floor) + floor);
        });
    }

    /// <summary>The smallest factor: `min_lr` / base rate, or `min_lr_rate`; exactly one of them must be there.</summary>
    internal static double Floor(ScheduleRequest request, string scheduler)
    {
        var (rate, part) = (request.Number("min_lr"), request.Number("min_lr_rate"));
        if (rate is not null && part is not null) throw Errors.MinLr(scheduler, "both");
        if (rate is not null) return rate.Value / request.BaseRate;
        return part ?? throw Errors.MinLr(scheduler, "neither");
    }
}
