namespace Tunesmith.Training.Schedules;

/// <summary>
/// Cosine down to a smallest rate that runs one step ahead: the first update of the warm-up has rate 1/w of the base (or `warmup_lr_rate`
/// of it, from where it climbs linearly), and the wave is taken at t − w + 1.
/// </summary>
internal static class CosineWarmupWithMinLr
{
    public static Schedule Build(ScheduleRequest request)
    {
        request.Allow("cosine_warmup_with_min_lr", "num_cycles", "min_lr", "min_lr_rate", "warmup_lr_rate");
        var cycles = request.Number("num_cycles", 0.5);
        var floor = CosineWithMinLr.Floor(request, "cosine_warmup_with_min_lr");
        var start = request.Number("warmup_lr_rate");
        var warmup = request.WarmupSteps;
        return new Schedule(request.BaseRate, step =>
        {
            if (step < warmup)
            {
                return start is double first
                    ? first + (1.0 - first) * step / Math.Max(1, warmup - 1)
                    : (step + 1.0) / Math.Max(1.0, warmup);
            }
            var progress = (step - warmup + 1.0) / Math.Max(1.0, request.TotalSteps - warmup);
            var wave = 0.5 * (1.0 + Math.Cos(Math.PI * cycles * 2.0 * progress));
            return Math.Max(0.0, wave * (1 - floor) + floor);
        });
    }
}
