using Tunesmith.Evaluation.Reports;

namespace Tunesmith.Tests.Evaluation.Reports;

public sealed class BeforeAfterTests
{
    [Fact]
    public void The_table_shows_each_measure_before_and_after_with_its_change()
    {
        var table = new BeforeAfter(new Dictionary<string, double> { ["f1"] = 0.25, ["loss"] = 0.7 }, new Dictionary<string, double> { ["loss"] = 0.1, ["f1"] = 0.95, ["mcc"] = 0.9 })
        {
            Runtime = TimeSpan.FromSeconds(41.26), PeakBytes = 300L << 20,
        };
        Assert.Equal(
            """
                            before      after     change
            loss            0.7000     0.1000    -0.6000
            f1              0.2500     0.9500    +0.7000
            mcc                  -     0.9000          -
            seconds                      41.3
            peak memory               300 MiB
            """.ReplaceLineEndings("\n"), string.Join('\n', table.Lines()));
    }
}
