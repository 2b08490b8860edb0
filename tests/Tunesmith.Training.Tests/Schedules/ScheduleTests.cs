using Tunesmith.Runs;
using Tunesmith.Training;
using Tunesmith.Training.Schedules;
using Plate = Tunesmith.Training.Schedules.Schedules;

namespace Tunesmith.Tests.Schedules;

public class ScheduleTests
{
    private static Schedule Make(string name, params (string Name, object? Value)[] arguments) =>
        Plate.Create(name, Plate.WithDefaults(name, new ScheduleRequest(0.001, 4, 20, arguments.ToDictionary(entry => entry.Name, entry => entry.Value))));

    public static TheoryData<string> WarmingUp => ["constant_with_warmup", "cosine", "cosine_with_restarts", "inverse_sqrt", "linear", "polynomial", "warmup_stable_decay"];

    [Theory]
    [MemberData(nameof(WarmingUp))]
    public void A_warm_up_climbs_in_a_straight_line_from_nothing(string name)
    {
        Schedule schedule = Make(name);
        for (int step = 0; step <= 4; step++) Assert.Equal(0.001 * step / 4, schedule.Rate(step), 1e-15);
    }

    [Theory]
    [InlineData("linear", 12, 0.5)]
    [InlineData("cosine", 12, 0.5)]
    [InlineData("linear", 20, 0)]
    [InlineData("cosine", 20, 0)]
    [InlineData("cosine_with_restarts", 20, 0)]
    [InlineData("constant", 2, 1)]
    [InlineData("inverse_sqrt", 16, 0.5)]
    [InlineData("warmup_stable_decay", 8, 1)]
    [InlineData("warmup_stable_decay", 20, 0)]
    public void Curves_go_through_their_known_points(string name, int step, double part) => Assert.Equal(0.001 * part, Make(name).Rate(step), 1e-15);

    [Fact]
    public void A_plateau_lowers_the_rate_when_nothing_gets_better()
    {
        Schedule schedule = Make("reduce_lr_on_plateau", ("patience", 1L), ("factor", 0.5));
        foreach (double metric in (double[])[1, 1, 1]) schedule.Observe(metric);
        Assert.Equal(0.0005, schedule.Rate(3));
        Schedule copy = Make("reduce_lr_on_plateau", ("patience", 1L), ("factor", 0.5));
        copy.LoadState(schedule.SaveState());
        foreach (double metric in (double[])[1, 1]) { schedule.Observe(metric); copy.Observe(metric); }
        Assert.Equal(0.00025, copy.Rate(5));
        Assert.Equal(schedule.Rate(5), copy.Rate(5));
    }

    [Fact]
    public void Wrong_arguments_are_named()
    {
        string Refused(string name, params (string, object?)[] arguments) => Assert.Throws<UsageException>(() => Make(name, arguments)).Message;
        Assert.Contains("'speed'", Refused("cosine", ("speed", 1L)));
        Assert.Contains("takes no arguments", Refused("linear", ("num_cycles", 1L)));
        Assert.Contains("neither of min_lr", Refused("cosine_with_min_lr"));
        Assert.Contains("both of min_lr", Refused("cosine_with_min_lr", ("min_lr", 1e-5), ("min_lr_rate", 0.1)));
        Assert.Contains("lr_end", Refused("polynomial", ("lr_end", 1.0)));
        Assert.Contains("linear, cosine, 1-sqrt", Refused("warmup_stable_decay", ("decay_type", "steep")));
        Assert.Contains("a whole number", Refused("reduce_lr_on_plateau", ("patience", 1.5)));
        Assert.Contains("a number", Refused("cosine", ("num_cycles", "many")));
        Assert.Contains("expected one of constant,", Refused("sine"));
    }

    [Theory]
    [InlineData(0, 100, 0)]
    [InlineData(0.1, 10, 1)]
    [InlineData(1.0, 100, 1)]
    [InlineData(2.7, 100, 2)]
    [InlineData(0.05, 101, 6)]
    public void Warm_up_is_steps_from_one_on_and_a_part_below(double value, long total, long steps) => Assert.Equal(steps, RunLength.WarmupSteps(value, total));
}
