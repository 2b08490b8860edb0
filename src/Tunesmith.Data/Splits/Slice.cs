using System.Globalization;
using System.Text.RegularExpressions;

namespace Tunesmith.Data.Splits;

/// <summary>The <c>split</c> of a data set: train, or a part of it such as train[2:6], train[50%:], train[-10:].</summary>
public sealed partial record Slice(string From, string To)
{
    public static readonly Slice All = new("", "");

    public bool IsAll => From.Length == 0 && To.Length == 0;

    /// <summary>Reads it; local files have no other split than train.</summary>
    public static Slice Parse(string dataset, string split)
    {
        var match = Form().Match(split);
        return match.Success ? new Slice(match.Groups[1].Value, match.Groups[2].Value) : throw Errors.UnknownSplit(dataset, split);
    }

    /// <summary>First example and the one after the last, of n.</summary>
    public (int Start, int End) Of(int count)
    {
        int start = From.Length == 0 ? 0 : Place(From, count);
        int end = To.Length == 0 ? count : Place(To, count);
        return (start, Math.Max(start, end));
    }

    // A percentage is rounded to the nearest example; negative numbers count from the end.
    private static int Place(string text, int count)
    {
        double place = text.EndsWith('%')
            ? Math.Round(double.Parse(text[..^1], CultureInfo.InvariantCulture) * count / 100.0, MidpointRounding.ToEven)
            : double.Parse(text, CultureInfo.InvariantCulture);
        if (place < 0) place += count;
        return (int)Math.Clamp(place, 0, count);
    }

    [GeneratedRegex(@"^train(?:\[(-?[0-9]{1,9}%?)?:(-?[0-9]{1,9}%?)?\])?$", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
