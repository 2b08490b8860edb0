using System.Text.RegularExpressions;

namespace Tunesmith.Models.Adapters;

/// <summary>Which modules a LoRA touches, by PEFT's rules (peft/tuners/tuners_utils.py, check_target_module_exists).</summary>
internal sealed class ModuleTargets
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly LoraConfig _config;
    private readonly Regex? _pattern;
    private readonly Regex? _excluded;

    public ModuleTargets(LoraConfig config)
    {
        _config = config;
        _pattern = config.TargetPattern is null ? null : Compile($"^(?:{config.TargetPattern})$", "target_modules", config.TargetPattern);
        _excluded = config.ExcludePattern is null ? null : Compile($"^(?:{config.ExcludePattern})$", "exclude_modules", config.ExcludePattern);
    }

    public bool Contains(string module)
    {
        if (_config.ExcludeModules.Any(name => EndsWithName(module, name)) || _excluded?.IsMatch(module) == true || IsSavedInFull(module))
        {
            return false;
        }

        if (_pattern is not null)
        {
            return _pattern.IsMatch(module);
        }

        // A name given whole is meant whatever layers_to_transform says.
        IReadOnlyList<string> targets = _config.TargetModules ?? [];
        return targets.Contains(module) || (targets.Any(name => EndsWithName(module, name)) && LayerIsMeant(module));
    }

    public int Rank(string module) => (int)Pattern(_config.RankPattern, "rank_pattern", module, _config.Rank);

    public double Scale(string module)
    {
        double alpha = Pattern(_config.AlphaPattern, "alpha_pattern", module, _config.Alpha);
        int rank = Rank(module);
        return _config.UseRslora ? alpha / Math.Sqrt(rank) : alpha / rank;
    }

    /// <summary>The module, or one that it is a part of, is among modules_to_save.</summary>
    public bool IsSavedInFull(string module) => SavedRoot(_config, module) is not null;

    /// <summary>The outermost module on the way to this one that modules_to_save names; null for none.</summary>
    public static string? SavedRoot(LoraConfig config, string module)
    {
        for (int dot = module.IndexOf('.'); module.Length > 0; dot = module.IndexOf('.', dot + 1))
        {
            string part = dot < 0 ? module : module[..dot];
            if (config.ModulesToSave.Any(name => EndsWithName(part, name)))
            {
                return part;
            }

            if (dot < 0)
            {
                break;
            }
        }

        return null;
    }

    public static bool EndsWithName(string module, string name) =>
        module == name || (module.EndsWith(name, StringComparison.Ordinal) && module[module.Length - name.Length - 1] == '.');

    private bool LayerIsMeant(string module)
    {
        if (_config.LayersToTransform is not { Count: > 0 } layers)
        {
            return true;
        }

        IEnumerable<string> patterns = _config.LayersPattern.Count == 0 ? [@"[^.]*"] : _config.LayersPattern;
        foreach (string pattern in patterns)
        {
            Match match = Compile($@"^.*\.(?:{pattern})\.(\d+)\.", "layers_pattern", pattern).Match(module);
            if (match.Success)
            {
                return int.TryParse(match.Groups[^1].Value, out int layer) && layers.Contains(layer);
            }
        }

        return false;
    }

    private static double Pattern(IReadOnlyDictionary<string, double> values, string field, string module, double otherwise)
    {
        foreach (var (pattern, value) in values)
        {
            if (Compile($@"(?:^|\.)(?:{pattern})$", field, pattern).IsMatch(module))
            {
                return value;
            }
        }

        return otherwise;
    }

    private static Regex Compile(string pattern, string field, string given)
    {
        try
        {
            return new Regex(pattern, RegexOptions.CultureInvariant, Patience);
        }
        catch (ArgumentException e)
        {
            throw Errors.PeftPattern(field, given, e.Message);
        }
    }
}
