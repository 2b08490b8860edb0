using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Tunesmith.Runs.Reports;

/// <summary>One measure over the steps of a run.</summary>
public sealed record Curve(string Key, IReadOnlyList<double> Steps, IReadOnlyList<double> Values);

/// <summary>
/// The pictures of a run's losses as LLaMA-Factory draws them (extras/ploting.py): the measured line pale, the smoothed one full,
/// 640 x 480. Each as PNG under the name LLaMA-Factory gives it, and as SVG.
/// </summary>
public static class LossPlot
{
    private const int Width = 640, Height = 480, Left = 84, Right = 576, Top = 58, Bottom = 427;
    private const double TextSize = 9.5;
    private static readonly Ink Black = new(0, 0, 0), Line = new(0x1f, 0x77, 0xb4), Pale = new(0x1f, 0x77, 0xb4, 0.4f), Frame = new(204, 204, 204);

    /// <summary><c>training_loss.png</c> for <c>loss</c>, <c>training_eval_loss.png</c> for <c>eval_loss</c>; a slash becomes an underscore.</summary>
    public static string FileName(string key) => $"training_{key.Replace('/', '_')}.png";

    /// <summary>The values of <paramref name="key"/> in trainer_state.json's <c>log_history</c>; values that are not finite are left out.</summary>
    public static Curve FromHistory(IEnumerable<JsonNode?> logHistory, string key)
    {
        List<double> steps = [], values = [];
        foreach (var entry in logHistory.OfType<JsonObject>())
        {
            if (entry[key] is not JsonValue value || entry["step"] is not JsonValue step) continue;
            double number = value.GetValueKind() == System.Text.Json.JsonValueKind.Number ? double.Parse(value.ToJsonString(), CultureInfo.InvariantCulture) : double.NaN;
            if (!double.IsFinite(number)) continue;
            steps.Add(double.Parse(step.ToJsonString(), CultureInfo.InvariantCulture));
            values.Add(number);
        }
        return new Curve(key, steps, values);
    }

    /// <summary>
    /// Writes the picture of every key that has values into <paramref name="folder"/> (the run's output folder), and gives the
    /// names of the files. Keys without values give none.
    /// </summary>
    public static IReadOnlyList<string> Write(string folder, IEnumerable<JsonNode?> logHistory, params IReadOnlyList<string> keys)
    {
        var history = logHistory.ToList();
        var written = new List<string>();
        foreach (var key in keys)
        {
            var curve = FromHistory(history, key);
            if (curve.Values.Count == 0) continue;
            var name = FileName(key);
            Files.AtomicFile.WriteAllBytes(Path.Combine(folder, name), Png(curve, folder));
            written.Add(name);
        }
        return written;
    }

    /// <summary>Exponential moving average whose weight grows with the number of points: 1.8 (1 / (1 + e^(-0.05 n)) - 0.5).</summary>
    public static double[] Smooth(IReadOnlyList<double> values)
    {
        double weight = 1.8 * (1 / (1 + Math.Exp(-0.05 * values.Count)) - 0.5), last = values.Count == 0 ? 0 : values[0];
        return [.. values.Select(value => last = last * weight + (1 - weight) * value)];
    }

    /// <param name="runFolder">Named in the title.</param>
    public static byte[] Png(Curve curve, string runFolder)
    {
        var canvas = new Canvas(Width, Height);
        var plane = new Plane(curve);
        canvas.Stroke([Left + 0.5, Top + 0.5, Right + 0.5, Top + 0.5, Right + 0.5, Bottom + 0.5, Left + 0.5, Bottom + 0.5, Left + 0.5, Top + 0.5], 1, Black);
        foreach (var (value, x) in plane.X.Ticks.Select(value => (value, plane.AtX(value))))
        {
            canvas.Stroke([x, Bottom, x, Bottom + 3.5], 0.8, Black);
            var label = plane.X.Label(value);
            canvas.Text(label, x - Canvas.TextWidth(label, TextSize) / 2, Bottom + 8, TextSize, Black);
        }
        foreach (var (value, y) in plane.Y.Ticks.Select(value => (value, plane.AtY(value))))
        {
            canvas.Stroke([Left - 3.5, y, Left, y], 0.8, Black);
            var label = plane.Y.Label(value);
            canvas.Text(label, Left - 8 - Canvas.TextWidth(label, TextSize), y - TextSize / 2, TextSize, Black);
        }
        canvas.Stroke(plane.Points(curve.Values), 1.5, Pale);
        canvas.Stroke(plane.Points(Smooth(curve.Values)), 1.5, Line);
        var title = Title(curve, runFolder);
        double size = Math.Min(12, 12 * (Width - 20) / Canvas.TextWidth(title, 12));
        canvas.Text(title, (Left + Right) / 2.0 - Canvas.TextWidth(title, size) / 2 is var at && at < 10 ? 10 : Math.Min(at, Width - 10 - Canvas.TextWidth(title, size)), 34, size, Black);
        canvas.Text("step", (Left + Right) / 2.0 - Canvas.TextWidth("step", TextSize) / 2, Height - 26, TextSize, Black);
        canvas.Text(curve.Key, 9, (Top + Bottom) / 2.0 + Canvas.TextWidth(curve.Key, TextSize) / 2, TextSize, Black, upwards: true);
        Legend(canvas, plane.LegendTop(curve.Values));
        return canvas.ToPng();
    }

    private static string Title(Curve curve, string runFolder) => $"training {curve.Key} of {runFolder}";

    private static void Legend(Canvas canvas, bool top)
    {
        double x = Right - 119, y = top ? Top + 7 : Bottom - 49;
        canvas.Stroke([x, y, x + 112, y, x + 112, y + 42, x, y + 42, x, y], 1, Frame);
        canvas.Stroke([x + 8, y + 13, x + 32, y + 13], 1.5, Pale);
        canvas.Text("original", x + 40, y + 13 - TextSize / 2, TextSize, Black);
        canvas.Stroke([x + 8, y + 30, x + 32, y + 30], 1.5, Line);
        canvas.Text("smoothed", x + 40, y + 30 - TextSize / 2, TextSize, Black);
    }

    /// <summary>The same picture as vector graphics, for pages.</summary>
    public static string Svg(Curve curve, string runFolder)
    {
        var plane = new Plane(curve);
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" font-family=\"sans-serif\" font-size=\"13\">\n")
            .Append(CultureInfo.InvariantCulture, $"<rect width=\"{Width}\" height=\"{Height}\" fill=\"white\"/>\n<rect x=\"{Left}\" y=\"{Top}\" width=\"{Right - Left}\" height=\"{Bottom - Top}\" fill=\"none\" stroke=\"black\"/>\n");
        foreach (var value in plane.X.Ticks)
            svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{plane.AtX(value):F2}\" y1=\"{Bottom}\" x2=\"{plane.AtX(value):F2}\" y2=\"{Bottom + 4}\" stroke=\"black\"/><text x=\"{plane.AtX(value):F2}\" y=\"{Bottom + 19}\" text-anchor=\"middle\">{plane.X.Label(value)}</text>\n");
        foreach (var value in plane.Y.Ticks)
            svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{Left - 4}\" y1=\"{plane.AtY(value):F2}\" x2=\"{Left}\" y2=\"{plane.AtY(value):F2}\" stroke=\"black\"/><text x=\"{Left - 8}\" y=\"{plane.AtY(value) + 4.5:F2}\" text-anchor=\"end\">{plane.Y.Label(value)}</text>\n");
        foreach (var (values, opacity) in ((IReadOnlyList<double>, double)[])[(curve.Values, 0.4), (Smooth(curve.Values), 1)])
        {
            var points = plane.Points(values);
            svg.Append(CultureInfo.InvariantCulture, $"<polyline fill=\"none\" stroke=\"{Line.Hex}\" stroke-width=\"1.5\" opacity=\"{opacity}\" points=\"")
                .AppendJoin(' ', Enumerable.Range(0, points.Length / 2).Select(i => string.Create(CultureInfo.InvariantCulture, $"{points[2 * i]:F2},{points[2 * i + 1]:F2}"))).Append("\"/>\n");
        }
        return svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{(Left + Right) / 2}\" y=\"44\" text-anchor=\"middle\" font-size=\"16\">{System.Net.WebUtility.HtmlEncode(Title(curve, runFolder))}</text>\n")
            .Append(CultureInfo.InvariantCulture, $"<text x=\"{(Left + Right) / 2}\" y=\"{Height - 14}\" text-anchor=\"middle\">step</text>\n")
            .Append(CultureInfo.InvariantCulture, $"<text transform=\"translate(24 {(Top + Bottom) / 2}) rotate(-90)\" text-anchor=\"middle\">{System.Net.WebUtility.HtmlEncode(curve.Key)}</text>\n</svg>\n").ToString();
    }

    /// <summary>Where values lie inside the frame: the data with a twentieth of its span around it.</summary>
    private sealed class Plane(Curve curve)
    {
        public Axis X { get; } = new(curve.Steps.Min(), curve.Steps.Max(), 8);

        public Axis Y { get; } = new(curve.Values.Min(), curve.Values.Max(), 8);

        public double AtX(double value) => Left + (value - X.From) / (X.To - X.From) * (Right - Left);

        public double AtY(double value) => Bottom - (value - Y.From) / (Y.To - Y.From) * (Bottom - Top);

        public double[] Points(IReadOnlyList<double> values)
        {
            // A single value has no line: a short dash shows it.
            if (values.Count == 1) return [AtX(curve.Steps[0]) - 2, AtY(values[0]), AtX(curve.Steps[0]) + 2, AtY(values[0])];
            return [.. values.SelectMany((value, i) => (double[])[AtX(curve.Steps[i]), AtY(value)])];
        }

        /// <summary>The legend stands at the right, above unless the line ends up there.</summary>
        public bool LegendTop(IReadOnlyList<double> values)
        {
            var last = values.Where((_, i) => AtX(curve.Steps[i]) > Right - 120).Select(AtY).ToArray();
            return last.All(y => y > Top + 60) || last.Any(y => y > Bottom - 60);
        }
    }

    /// <summary>Ticks at 1, 2, 2.5 or 5 times a power of ten, the most that do not exceed a limit.</summary>
    private sealed class Axis
    {
        private readonly int _decimals;
        private readonly bool _power;

        public Axis(double least, double most, int limit)
        {
            double span = most - least;
            if (span <= 0) span = Math.Max(Math.Abs(most), 1) * 0.1;
            (From, To) = (least - span * 0.05, most + span * 0.05);
            if (most == least) (From, To) = (least - span / 2, most + span / 2);
            double rough = (To - From) / limit, unit = Math.Pow(10, Math.Floor(Math.Log10(rough)));
            double step = ((double[])[1, 2, 2.5, 5, 10]).Select(factor => factor * unit).First(candidate => (To - From) / candidate <= limit);
            _decimals = Math.Max(0, (int)Math.Ceiling(-Math.Log10(step) - 1e-9) + (Math.Abs(step / Math.Pow(10, Math.Floor(Math.Log10(step) + 1e-9)) - 2.5) < 1e-6 ? 1 : 0));
            _power = Math.Max(Math.Abs(From), Math.Abs(To)) is >= 1e6 or < 1e-4;
            Ticks = [.. Enumerable.Range(0, limit + 2).Select(k => (Math.Ceiling(From / step - 1e-9) + k) * step).TakeWhile(value => value <= To + step * 1e-9)];
        }

        public double From { get; }

        public double To { get; }

        public IReadOnlyList<double> Ticks { get; }

        public string Label(double value) => _power ? value.ToString("0.##e+0", CultureInfo.InvariantCulture) : (value == 0 ? 0 : value).ToString("F" + _decimals, CultureInfo.InvariantCulture);
    }
}
