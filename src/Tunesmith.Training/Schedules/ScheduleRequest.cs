using System.Globalization;
using Tunesmith.Runs;

namespace Tunesmith.Training.Schedules;

/// <summary>What a learning-rate schedule is made from: the base rate, the length of the run, and the recipe's `lr_scheduler_kwargs`.</summary>
public sealed record ScheduleRequest(double BaseRate, long WarmupSteps, long TotalSteps, IReadOnlyDictionary<string, object?> Arguments)
{
    private static readonly Dictionary<string, object?> s_none = [];

    /// <summary>A request without further arguments.</summary>
    public ScheduleRequest(double baseRate, long warmupSteps, long totalSteps) : this(baseRate, warmupSteps, totalSteps, s_none) { }

    /// <summary>The factor while warming up: from 0 at the first update to 1 at update <see cref="WarmupSteps"/>.</summary>
    internal double WarmupFactor(long step) => (double)step / Math.Max(1, WarmupSteps);

    /// <summary>How far update `step` is on the way from the end of the warm-up to the end of the run.</summary>
    internal double Progress(long step) => (double)(step - WarmupSteps) / Math.Max(1, TotalSteps - WarmupSteps);

    internal double? Number(string name) => Arguments.TryGetValue(name, out var value) && value is not null ? ToNumber(name, value) : null;

    internal double Number(string name, double otherwise) => Number(name) ?? otherwise;

    internal long? Whole(string name)
    {
        if (Number(name) is not double value) return null;
        return value == Math.Floor(value) ? (long)value : throw Errors.ScheduleArgument(name, Arguments[name], "a whole number");
    }

    internal string Text(string name, string otherwise, params ReadOnlySpan<string> choices)
    {
        if (!Arguments.TryGetValue(name, out var value) || value is null) return otherwise;
        if (value is string text && choices.Contains(text)) return text;
        throw Errors.ScheduleArgument(name, value, "one of " + string.Join(", ", choices.ToArray()));
    }

    /// <summary>Refuses an argument that the schedule does not know: a misspelt one would silently change nothing.</summary>
    internal void Allow(string scheduler, params ReadOnlySpan<string> names)
    {
        foreach (var name in Arguments.Keys)
            if (!names.Contains(name)) throw Errors.UnknownScheduleArgument(scheduler, name, names.ToArray());
    }

    private static double ToNumber(string name, object value) => value switch
    {
        double number => number,
        float number => number,
        int number => number,
        long number => number,
        string text when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => number,
        _ => throw Errors.ScheduleArgument(name, value, "a number"),
    };
}
