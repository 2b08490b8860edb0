using Tunesmith.Training.Results;

namespace Tunesmith.Tests.Results;

public class PythonJsonTests
{
    // Python 3: [repr(x) for x in (...)]
    [Theory]
    [InlineData(0.0, "0.0")]
    [InlineData(1.0, "1.0")]
    [InlineData(-0.0, "-0.0")]
    [InlineData(100.0, "100.0")]
    [InlineData(0.0001, "0.0001")]
    [InlineData(0.00001, "1e-05")]
    [InlineData(8.426519384872733e-05, "8.426519384872733e-05")]
    [InlineData(1e15, "1000000000000000.0")]
    [InlineData(1e16, "1e+16")]
    [InlineData(1.5e300, "1.5e+300")]
    [InlineData(13340049408.0, "13340049408.0")]
    [InlineData(0.1111111111111111, "0.1111111111111111")]
    [InlineData(-12.25, "-12.25")]
    [InlineData(double.NaN, "NaN")]
    public void Floats_are_written_as_Python_writes_them(double value, string expected) => Assert.Equal(expected, PythonJson.Float(value));

    [Fact]
    public void Every_float_reads_back_as_itself()
    {
        var random = new Random(5);
        for (int i = 0; i < 20_000; i++)
        {
            double value = BitConverter.Int64BitsToDouble(random.NextInt64());
            if (!double.IsFinite(value)) continue;
            Assert.Equal(value, double.Parse(PythonJson.Float(value), System.Globalization.CultureInfo.InvariantCulture));
        }
    }

    [Fact]
    public void A_log_line_has_the_reference_s_keys_in_its_order()
    {
        var line = new LogRecord { CurrentSteps = 3, TotalSteps = 14, Elapsed = TimeSpan.FromSeconds(15.83), Loss = 8.17360814412435, LearningRate = 0.001, Epoch = 0.2222222222222222, Tokens = 4784 };
        Assert.Equal("""{"current_steps": 3, "total_steps": 14, "loss": 8.17360814412435, "lr": 0.001, "epoch": 0.2222222222222222, "percentage": 21.43, "elapsed_time": "0:00:15", "remaining_time": "0:00:58", "throughput": 302.21, "total_tokens": 4784}""", line.ToJson());
    }

    [Fact]
    public void Text_is_escaped_as_ascii() => Assert.Equal("\"a\\u00e9\\ud83d\\ude00\\n\"", PythonJson.Write("aé😀\n"));
}
