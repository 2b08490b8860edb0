using System.Globalization;

namespace Tunesmith.Runs.Reports;

/// <summary>A floating-point number as Python writes it, for files that Python tools wrote before us.</summary>
public static class PythonNumber
{
    /// <summary>The shortest digits that read back as the same number; <c>1.0</c>, <c>1e-05</c>, <c>1e+16</c>.</summary>
    public static string Of(double value)
    {
        if (double.IsNaN(value)) return "nan";
        if (double.IsInfinity(value)) return value > 0 ? "inf" : "-inf";
        if (value == 0) return double.IsNegative(value) ? "-0.0" : "0.0";
        var shortest = value.ToString("R", CultureInfo.InvariantCulture);
        int exponent = Exponent(shortest);
        if (exponent is >= -4 and < 16)
        {
            var plain = shortest.Contains('E') ? Plain(shortest) : shortest;
            return plain.Contains('.') ? plain : plain + ".0";
        }
        var (digits, sign) = Digits(shortest);
        var mantissa = digits.Length == 1 ? digits : digits[..1] + "." + digits[1..];
        return $"{sign}{mantissa}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
    }

    private static int Exponent(string shortest)
    {
        var text = shortest.TrimStart('-');
        int e = text.IndexOf('E');
        if (e >= 0) return int.Parse(text[(e + 1)..], CultureInfo.InvariantCulture) + text.IndexOfAny(['.', 'E']) - 1;
        int point = text.IndexOf('.');
        var whole = point < 0 ? text : text[..point];
        if (whole != "0") return whole.Length - 1;
        return -(text.AsSpan(point + 1).IndexOfAnyExcept('0') + 1);
    }

    private static (string Digits, string Sign) Digits(string shortest)
    {
        var sign = shortest.StartsWith('-') ? "-" : "";
        var text = shortest.TrimStart('-');
        int e = text.IndexOf('E');
        if (e >= 0) text = text[..e];
        var digits = text.Replace(".", "", StringComparison.Ordinal).TrimStart('0').TrimEnd('0');
        return (digits.Length == 0 ? "0" : digits, sign);
    }

    private static string Plain(string shortest)
    {
        var (digits, sign) = Digits(shortest);
        int exponent = Exponent(shortest);
        if (exponent < 0) return $"{sign}0.{new string('0', -exponent - 1)}{digits}";
        return digits.Length > exponent + 1 ? $"{sign}{digits[..(exponent + 1)]}.{digits[(exponent + 1)..]}" : sign + digits.PadRight(exponent + 1, '0');
    }
}
