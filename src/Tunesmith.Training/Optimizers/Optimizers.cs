using System.Globalization;

namespace Tunesmith.Training.Optimizers;

/// <summary>The plate: every value of `optim`.</summary>
public static class Optimizers
{
    private static readonly SortedDictionary<string, Func<IReadOnlyList<ParameterGroup>, TrainingOptions, IReadOnlyDictionary<string, string>, Optimizer>> s_entries = new(StringComparer.Ordinal)
    {
        ["adam"] = (groups, options, arguments) => new Adam(groups, AdamSettings(options, arguments)),
        ["adamw_torch"] = (groups, options, arguments) => new AdamW(groups, AdamSettings(options, arguments)),
        ["adamw_torch_fused"] = (groups, options, arguments) => new AdamW(groups, AdamSettings(options, arguments)),
        ["sgd"] = (groups, _, arguments) => new Sgd(groups, SgdSettings(arguments)),
    };

    /// <summary>Names that a recipe may use.</summary>
    public static IReadOnlyCollection<string> Names => s_entries.Keys;

    /// <summary>Makes the optimizer that the recipe names.</summary>
    public static Optimizer Create(TrainingOptions options, IReadOnlyList<ParameterGroup> groups) =>
        s_entries.TryGetValue(options.Optim, out var build) ? build(groups, options, Arguments(options)) : throw Errors.UnknownOptimizer(options.Optim, s_entries.Keys);

    /// <summary>`optim_args`: name=value, comma-separated.</summary>
    private static Dictionary<string, string> Arguments(TrainingOptions options)
    {
        var arguments = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var part in (options.OptimArgs ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (part.Split('=', 2, StringSplitOptions.TrimEntries) is not [{ Length: > 0 } name, var value]) throw Errors.OptimArgument(part, "name=value");
            arguments[name] = value;
        }
        return arguments;
    }

    private static AdamSettings AdamSettings(TrainingOptions options, IReadOnlyDictionary<string, string> arguments)
    {
        Allow(arguments, "amsgrad");
        return new AdamSettings(options.AdamBeta1, options.AdamBeta2, options.AdamEpsilon, Truth(arguments, "amsgrad"));
    }

    private static SgdSettings SgdSettings(IReadOnlyDictionary<string, string> arguments)
    {
        Allow(arguments, "momentum", "dampening", "nesterov");
        var settings = new SgdSettings(Number(arguments, "momentum"), Number(arguments, "dampening"), Truth(arguments, "nesterov"));
        if (settings.Nesterov && (settings.Momentum <= 0 || settings.Dampening != 0)) throw Errors.OptimArgument("nesterov=true", "a momentum above 0 and no dampening with it");
        return settings;
    }

    private static void Allow(IReadOnlyDictionary<string, string> arguments, params ReadOnlySpan<string> names)
    {
        foreach (var (name, value) in arguments)
            if (!names.Contains(name)) throw Errors.OptimArgument($"{name}={value}", "one of " + string.Join(", ", names.ToArray()));
    }

    private static double Number(IReadOnlyDictionary<string, string> arguments, string name)
    {
        if (!arguments.TryGetValue(name, out var text)) return 0;
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : throw Errors.OptimArgument($"{name}={text}", "a number");
    }

    private static bool Truth(IReadOnlyDictionary<string, string> arguments, string name)
    {
        if (!arguments.TryGetValue(name, out var text)) return false;
        return bool.TryParse(text, out var value) ? value : throw Errors.OptimArgument($"{name}={text}", "true or false");
    }
}
