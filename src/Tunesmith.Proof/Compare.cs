using System.Globalization;
using System.Text;

namespace Tunesmith.Proof;

/// <summary>
/// Collects the comparisons of one case: the worst value by its share of the tolerance, and for what is outside its tolerance
/// name, shape, first values side by side, largest and mean difference.
/// </summary>
public sealed class Compare
{
    private const int ShownValues = 5;
    private const int ShownFailures = 3;
    private readonly List<string> _failures = [];
    private string _worst = "";
    private double _worstShare = -1;

    /// <summary>How many things were compared; a case that compared nothing has not passed.</summary>
    public int Count { get; private set; }

    public bool Passed => Count > 0 && _failures.Count == 0;

    /// <summary>Worst tensor, largest difference and tolerance of a case that passed; what differs in one that did not.</summary>
    public string Detail
    {
        get
        {
            if (Count == 0) return "nothing was compared";
            if (_failures.Count == 0) return _worst;
            var text = new StringBuilder(string.Join("; ", _failures.Take(ShownFailures)));
            if (_failures.Count > ShownFailures) text.Append(CultureInfo.InvariantCulture, $"; and {_failures.Count - ShownFailures} more");
            return text.ToString();
        }
    }

    public CaseResult Result(string kind, string name) => new(kind, name, Passed, Detail);

    /// <summary>Compares values in row-major order; <c>|actual - expected| &lt;= absolute + relative * |expected|</c> must hold for each.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <param name="shape">Its shape, for the message; empty = one dimension.</param>
    /// <param name="where">One flag a value: false leaves it out (padding); empty = all values count.</param>
    public void Floats(string name, ReadOnlySpan<float> actual, ReadOnlySpan<float> expected, double absolute, double relative = 0,
        ReadOnlySpan<long> shape = default, ReadOnlySpan<bool> where = default) =>
        Values(name, Widen(actual), Widen(expected), absolute, relative, shape, where);

    /// <inheritdoc cref="Floats"/>
    public void Values(string name, ReadOnlySpan<double> actual, ReadOnlySpan<double> expected, double absolute, double relative = 0,
        ReadOnlySpan<long> shape = default, ReadOnlySpan<bool> where = default)
    {
        Count++;
        if (actual.Length != expected.Length)
        {
            _failures.Add($"{name}: {actual.Length} values, expected {expected.Length}{Shape(shape)}");
            return;
        }
        double largest = 0, sum = 0, share = 0, tolerance = absolute;
        int at = -1, outside = 0, compared = 0;
        for (var i = 0; i < expected.Length; i++)
        {
            if (!where.IsEmpty && !where[i]) continue;
            compared++;
            double difference = Difference(actual[i], expected[i]);
            double allowed = absolute + relative * (double.IsFinite(expected[i]) ? Math.Abs(expected[i]) : 0);
            double thisShare = difference == 0 ? 0 : allowed == 0 ? double.PositiveInfinity : difference / allowed;
            sum += difference;
            if (difference > allowed) outside++;
            if (at < 0 || thisShare > share || (thisShare == share && difference > largest)) (at, share, largest, tolerance) = (i, thisShare, difference, allowed);
        }
        string summary = $"{name} {Number(largest)} (tolerance {Number(tolerance)})";
        if (outside == 0) { Note(summary, share); return; }
        _failures.Add(string.Create(CultureInfo.InvariantCulture,
            $"{name}{Shape(shape)}: largest difference {Number(largest)} at {Index(at, shape)}, mean {Number(sum / compared)}, tolerance {Number(tolerance)}, "
            + $"{outside} of {compared} outside; there got {Number(actual[at])}, expected {Number(expected[at])}; first values got [{First(actual)}], expected [{First(expected)}]"));
    }

    /// <summary>Compares one number.</summary>
    public void Value(string name, double actual, double expected, double absolute, double relative = 0) =>
        Values(name, [actual], [expected], absolute, relative);

    /// <summary>Compares whole numbers (token ids, orders, counts) exactly.</summary>
    public void Exact(string name, ReadOnlySpan<long> actual, ReadOnlySpan<long> expected)
    {
        Count++;
        int same = actual.CommonPrefixLength(expected);
        if (same == actual.Length && same == expected.Length) { Note($"{name} equal", 0); return; }
        int from = Math.Max(0, same - 1);
        _failures.Add($"{name}: differs at {same} (got {actual.Length} values, expected {expected.Length}): got [{Around(actual, from)}], expected [{Around(expected, from)}] from {from} on");
    }

    /// <inheritdoc cref="Exact(string, ReadOnlySpan{long}, ReadOnlySpan{long})"/>
    public void Exact(string name, ReadOnlySpan<int> actual, ReadOnlySpan<int> expected)
    {
        var (left, right) = (new long[actual.Length], new long[expected.Length]);
        for (var i = 0; i < left.Length; i++) left[i] = actual[i];
        for (var i = 0; i < right.Length; i++) right[i] = expected[i];
        Exact(name, left, right);
    }

    /// <summary>Compares text exactly; shows the place of the first difference.</summary>
    public void Text(string name, string? actual, string? expected)
    {
        Count++;
        if (string.Equals(actual, expected, StringComparison.Ordinal)) { Note($"{name} equal", 0); return; }
        int same = actual is null || expected is null ? 0 : actual.AsSpan().CommonPrefixLength(expected);
        _failures.Add($"{name}: differs at character {same}: got {Quote(actual, same)}, expected {Quote(expected, same)}");
    }

    /// <summary>A condition that must hold; <paramref name="message"/> says what was found and what was expected.</summary>
    public void That(string name, bool holds, string message)
    {
        Count++;
        if (holds) Note($"{name} holds", 0);
        else _failures.Add($"{name}: {message}");
    }

    private void Note(string summary, double share)
    {
        if (share > _worstShare) (_worst, _worstShare) = (summary, share);
    }

    /// <summary>Equal infinities and two NaNs are equal; any other pair with a NaN is infinitely far apart.</summary>
    private static double Difference(double actual, double expected)
    {
        if (actual.Equals(expected) || (double.IsNaN(actual) && double.IsNaN(expected))) return 0;
        double difference = Math.Abs(actual - expected);
        return double.IsNaN(difference) ? double.PositiveInfinity : difference;
    }

    private static double[] Widen(ReadOnlySpan<float> values)
    {
        var wide = new double[values.Length];
        for (var i = 0; i < wide.Length; i++) wide[i] = values[i];
        return wide;
    }

    private static string First(ReadOnlySpan<double> values)
    {
        var text = new StringBuilder();
        for (var i = 0; i < Math.Min(ShownValues, values.Length); i++) text.Append(i == 0 ? "" : ", ").Append(Number(values[i]));
        return values.Length > ShownValues ? text.Append(", ...").ToString() : text.ToString();
    }

    private static string Around(ReadOnlySpan<long> values, int from)
    {
        var text = new StringBuilder();
        for (int i = from; i < Math.Min(from + ShownValues, values.Length); i++) text.Append(i == from ? "" : ", ").Append(values[i]);
        return from + ShownValues < values.Length ? text.Append(", ...").ToString() : text.ToString();
    }

    private static string Quote(string? text, int at)
    {
        if (text is null) return "nothing";
        int from = Math.Max(0, at - 10), length = Math.Min(40, text.Length - from);
        return System.Text.Json.JsonSerializer.Serialize(text.Substring(from, length), Plain) + (from + length < text.Length ? "..." : "");
    }

    private static readonly System.Text.Json.JsonSerializerOptions Plain =
        new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static string Shape(ReadOnlySpan<long> shape) =>
        shape.IsEmpty ? "" : " [" + string.Join(", ", shape.ToArray()) + "]";

    private static string Index(int at, ReadOnlySpan<long> shape)
    {
        if (shape.Length < 2) return at.ToString(CultureInfo.InvariantCulture);
        var index = new long[shape.Length];
        long rest = at;
        for (int d = shape.Length - 1; d >= 0; d--) (index[d], rest) = (rest % Math.Max(1, shape[d]), rest / Math.Max(1, shape[d]));
        return "[" + string.Join(", ", index) + "]";
    }

    private static string Number(double value) => value.ToString("G4", CultureInfo.InvariantCulture);
}
