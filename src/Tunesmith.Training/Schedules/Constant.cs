namespace Tunesmith.Training.Schedules;

/// <summary>The base rate at every update; a warm-up is ignored, as transformers ignores it.</summary>
internal static class Constant
{
    public static Schedule Build(ScheduleRequest request)
    {
        request.Allow("constant");
        return new Schedule(request.BaseRate, _ => 1.0);
    }
}
