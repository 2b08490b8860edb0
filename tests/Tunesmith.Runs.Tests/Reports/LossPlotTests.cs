using System.Buffers.Binary;
using System.IO.Compression;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using Tunesmith.Runs.Reports;

namespace Tunesmith.Tests.Runs.Reports;

public sealed class LossPlotTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("plot").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static JsonArray History(int steps) =>
        [.. Enumerable.Range(1, steps).Select(step => (JsonNode)new JsonObject { ["loss"] = 1 + 6 * Math.Exp(-step / 40.0) + 0.5 * Math.Sin(step * 12.9898), ["step"] = step })];

    [Fact]
    public void Each_key_with_values_gets_its_picture_under_the_reference_s_name()
    {
        var history = History(150);
        history.Add(new JsonObject { ["eval_loss"] = 2.5, ["step"] = 150 });
        Assert.Equal(["training_loss.png", "training_eval_loss.png"], LossPlot.Write(_folder, history, "loss", "eval_loss", "eval_accuracy"));
        Assert.Equal(2, Directory.GetFiles(_folder).Length);
        Assert.Equal("training_rewards_accuracies.png", LossPlot.FileName("rewards/accuracies"));
    }

    [Fact]
    public void The_png_decodes_to_640_by_480_with_ink_of_the_line_on_white()
    {
        var png = LossPlot.Png(LossPlot.FromHistory(History(150), "loss"), "saves/demo_run-1");
        Assert.Equal([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], png[..8]);
        Assert.Equal(640, BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(16)));
        Assert.Equal(480, BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(20)));
        int length = BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(33));
        using var zlib = new ZLibStream(new MemoryStream(png, 41, length), CompressionMode.Decompress);
        using var raw = new MemoryStream();
        zlib.CopyTo(raw);
        var rows = raw.ToArray();
        Assert.Equal(480 * (1 + 640 * 3), rows.Length);
        Assert.Equal(255, rows[1]);
        int blue = 0;
        for (var y = 0; y < 480; y++) for (var x = 0; x < 640; x++) if (rows.AsSpan(y * 1921 + 1 + x * 3, 3) is [0x1f, 0x77, 0xb4]) blue++;
        Assert.InRange(blue, 200, 5000);
    }

    [Fact]
    public void Smoothing_follows_the_reference_s_formula()
    {
        // n = 2: w = 1.8 * (1 / (1 + e^-0.1) - 0.5) = 0.0449625...
        var smooth = LossPlot.Smooth([4.0, 2.0]);
        Assert.Equal(4.0, smooth[0], 12);
        Assert.Equal(2.0 + 2.0 * 1.8 * (1 / (1 + Math.Exp(-0.1)) - 0.5), smooth[1], 12);
    }

    [Fact]
    public void One_value_equal_values_and_values_that_are_not_finite_still_give_a_picture()
    {
        Assert.NotEmpty(LossPlot.Png(new Curve("loss", [1], [3.5]), "r"));
        Assert.NotEmpty(LossPlot.Png(new Curve("loss", [1, 2, 3], [0, 0, 0]), "r"));
        var curve = LossPlot.FromHistory([new JsonObject { ["loss"] = "NaN", ["step"] = 1 }, new JsonObject { ["loss"] = 2, ["step"] = 2 }], "loss");
        Assert.Equal([2.0], curve.Steps);
    }

    [Fact]
    public void The_svg_is_well_formed_and_holds_both_lines()
    {
        var svg = XDocument.Parse(LossPlot.Svg(LossPlot.FromHistory(History(60), "loss"), "a<b>&c"));
        Assert.Equal(2, svg.Descendants().Count(element => element.Name.LocalName == "polyline"));
    }
}
