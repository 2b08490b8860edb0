using System.Globalization;
using System.Text.RegularExpressions;

namespace Tunesmith.Runs.Recipes;

/// <summary>
/// What an unquoted word of a recipe means: YAML 1.1's rules with OmegaConf's floats (PyYAML resolver.py, OmegaConf get_yaml_loader),
/// so that <c>1e-4</c> is a number, <c>yes</c> is true and <c>1.10</c> is 1.1, as LLaMA-Factory reads them.
/// </summary>
internal static partial class Scalars
{
    public static bool IsNull(ScalarNode node) => !node.Quoted && node.Text is "" or "~" or "null" or "Null" or "NULL";

    public static bool? AsBool(ScalarNode node) => node.Quoted ? null : node.Text switch
    {
        "true" or "True" or "TRUE" or "yes" or "Yes" or "YES" or "on" or "On" or "ON" => true,
        "false" or "False" or "FALSE" or "no" or "No" or "NO" or "off" or "Off" or "OFF" => false,
        _ => null,
    };

    public static long? AsInt(ScalarNode node)
    {
        if (node.Quoted || !DecimalInt().IsMatch(node.Text)) return null;
        return long.TryParse(node.Text.Replace("_", ""), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value) ? value : null;
    }

    public static double? AsDouble(ScalarNode node)
    {
        if (node.Quoted) return null;
        if (AsInt(node) is { } whole) return whole;
        switch (node.Text.TrimStart('+', '-'))
        {
            case ".inf" or ".Inf" or ".INF": return node.Text[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity;
            case ".nan" or ".NaN" or ".NAN": return double.NaN;
        }
        if (!Float().IsMatch(node.Text)) return null;
        return double.TryParse(node.Text.Replace("_", ""), NumberStyles.Float, CultureInfo.InvariantCulture, out double value) ? value : null;
    }

    /// <summary>The value without a wanted type: bool, long, double, string or null.</summary>
    public static object? Plain(ScalarNode node)
    {
        if (node.Quoted) return node.Text;
        if (IsNull(node)) return null;
        if (AsBool(node) is { } flag) return flag;
        if (AsInt(node) is { } whole) return whole;
        if (AsDouble(node) is { } number) return number;
        return node.Text;
    }

    // A leading zero is octal in YAML 1.1 and decimal to people, so it is no number here.
    [GeneratedRegex(@"^[-+]?(0|[1-9][0-9_]*)\z", RegexOptions.CultureInvariant)]
    private static partial Regex DecimalInt();

    [GeneratedRegex(@"^[-+]?([0-9][0-9_]*\.[0-9_]*([eE][-+]?[0-9]+)?|[0-9][0-9_]*[eE][-+]?[0-9]+|\.[0-9][0-9_]*([eE][-+]?[0-9]+)?)\z", RegexOptions.CultureInvariant)]
    private static partial Regex Float();
}
