namespace Tunesmith.Training.Schedules;

/// <summary>Linear warm-up, then a polynomial of degree `power` down to the rate `lr_end`, and `lr_end` from there on.</summary>
internal static class Polynomial
{
    public static Schedule Build(ScheduleRequest request)
    {
        request.Allow("polynomial", "lr_end", "power");
        var (end, power, start) = (request.Number("lr_end", 1e-7), request.Number("power", 1.0), request.BaseRate);
        if (start <= end) throw Errors.PolynomialEnd(start, end);
        return new Schedule(start, step =>
        {
            if (step < request.WarmupSteps) return request.WarmupFactor(step);
            if (step > request.TotalSteps || request.TotalSteps == request.WarmupSteps) return end / start;
            var left = 1.0 - (double)(step - request.WarmupSteps) / (request.TotalSteps - request.WarmupSteps);
            return ((start - end) * Math.Pow(left, power) + end) / start;
        });
    }
}
