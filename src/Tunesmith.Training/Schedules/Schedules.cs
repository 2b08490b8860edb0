namespace Tunesmith.Training.Schedules;

/// <summary>The plate: every value of `lr_scheduler_type`. Formulas after transformers' optimization.py (5.6.0).</summary>
public static class Schedules
{
    private static readonly SortedDictionary<string, Func<ScheduleRequest, Schedule>> s_entries = new(StringComparer.Ordinal)
    {
        ["constant"] = Constant.Build,
        ["constant_with_warmup"] = ConstantWithWarmup.Build,
        ["cosine"] = Cosine.Build,
        ["cosine_warmup_with_min_lr"] = CosineWarmupWithMinLr.Build,
        ["cosine_with_min_lr"] = CosineWithMinLr.Build,
        ["cosine_with_restarts"] = CosineWithRestarts.Build,
        ["inverse_sqrt"] = InverseSqrt.Build,
        ["linear"] = Linear.Build,
        ["polynomial"] = Polynomial.Build,
        ["reduce_lr_on_plateau"] = ReduceLrOnPlateau.Build,
        ["warmup_stable_decay"] = WarmupStableDecay.Build,
    };

    /// <summary>Names that a recipe may use.</summary>
    public static IReadOnlyCollection<string> Names => s_entries.Keys;

    /// <summary>The request with the lengths that LLaMA-Factory fills in for warmup_stable_decay where the recipe leaves them out: a third of what the warm-up leaves is the plateau.</summary>
    public static ScheduleRequest WithDefaults(string name, ScheduleRequest request)
    {
        if (name != "warmup_stable_decay") return request;
        var left = request.TotalSteps - request.WarmupSteps;
        var arguments = new Dictionary<string, object?>(request.Arguments);
        arguments.TryAdd("num_stable_steps", left / 3);
        arguments.TryAdd("num_decay_steps", left - left / 3);
        return request with { Arguments = arguments };
    }

    /// <summary>Makes the schedule of that name.</summary>
    public static Schedule Create(string name, ScheduleRequest request) =>
        s_entries.TryGetValue(name, out var build) ? build(request) : throw Errors.UnknownSchedule(name, s_entries.Keys);
}
