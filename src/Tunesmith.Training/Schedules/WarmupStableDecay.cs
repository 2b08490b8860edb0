namespace Tunesmith.Training.Schedules;

/// <summary>
/// Warm-up, a plateau, and a decay to `min_lr_ratio` of the base rate, which is also where the warm-up starts. A recipe that leaves out the
/// lengths gets LLaMA-Factory's: a third of what the warm-up leaves is the plateau, the rest the decay.
/// </summary>
internal static class WarmupStableDecay
{
    private static readonly string[] s_shapes = ["linear", "cosine", "1-sqrt"];

    public static Schedule Build(ScheduleRequest request)
    {
        request.Allow("warmup_stable_decay", "num_stable_steps", "num_decay_steps", "warmup_type", "decay_type", "min_lr_ratio", "num_cycles");
        var warmup = request.WarmupSteps;
        var (stable, decay) = Lengths(request);
        var warmupShape = request.Text("warmup_type", "linear", s_shapes);
        var decayShape = request.Text("decay_type", "cosine", s_shapes);
        var floor = request.Number("min_lr_ratio", 0);
        var cycles = request.Number("num_cycles", 0.5);
        double Lift(double factor) => Math.Max(0.0, factor * (1.0 - floor) + floor);
        return new Schedule(request.BaseRate, step =>
        {
            if (step < warmup) return Lift(Rise(warmupShape, request.WarmupFactor(step)));
            if (step < warmup + stable) return 1.0;
            if (step < warmup + stable + decay) return Lift(Fall(decayShape, (double)(step - warmup - stable) / Math.Max(1, decay), cycles));
            return floor;
        });
    }

    private static (long Stable, long Decay) Lengths(ScheduleRequest request)
    {
        var (stable, decay) = (request.Whole("num_stable_steps"), request.Whole("num_decay_steps"));
        var left = request.TotalSteps - request.WarmupSteps;
        if (stable is null && decay is null)
        {
            var third = left / 3;
            return (third, left - third);
        }
        if (decay is null) return (stable!.Value, left - stable.Value);
        return (stable ?? left - decay.Value, decay.Value);
    }

    private static double Rise(string shape, double progress) => shape switch
    {
        "cosine" => 0.5 * (1.0 - Math.Cos(Math.PI * progress)),
        "1-sqrt" => 1.0 - Math.Sqrt(1.0 - progress),
        _ => progress,
    };

    private static double Fall(string shape, double progress, double cycles) => shape switch
    {
        "cosine" => 0.5 * (1.0 + Math.Cos(Math.PI * cycles * 2.0 * progress)),
        "1-sqrt" => 1.0 - Math.Sqrt(progress),
        _ => 1.0 - progress,
    };
}
