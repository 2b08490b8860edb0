using System.Text.RegularExpressions;
using Tunesmith.Torch.Nn;

namespace Tunesmith.Models.Adapters;

/// <summary>Trains some layers and leaves the rest as it is, by LLaMA-Factory's rules (model/adapter.py, _setup_freeze_tuning).</summary>
public static partial class FreezeTuning
{
    /// <summary>What <see cref="Apply"/> would refuse, from names and shapes alone.</summary>
    /// <returns>How many values would be trained.</returns>
    public static long Check(Model model, AdapterOptions options)
    {
        Apply(model, options);
        return model.NamedParameters().Where(pair => pair.Parameter.Trainable).Sum(pair => pair.Parameter.Count);
    }

    public static void Apply(Model model, AdapterOptions options)
    {
        var parameters = model.NamedParameters().ToList();
        IReadOnlyList<string> parts = TrainableParts(parameters.Select(pair => pair.Name).ToList(), model.Config.LayerCount, options);
        foreach ((string name, Parameter parameter) in parameters)
        {
            parameter.Trainable = parts.Any(part => name.Contains(part, StringComparison.Ordinal));
        }
    }

    /// <summary>Pieces of parameter names: a parameter is trained when its name contains one of them.</summary>
    internal static IReadOnlyList<string> TrainableParts(IReadOnlyList<string> names, int layerCount, AdapterOptions options)
    {
        int given = options.FreezeTrainableLayers;
        IEnumerable<int> layers = given > 0
            ? Enumerable.Range(Math.Max(0, layerCount - given), Math.Min(given, layerCount))
            : Enumerable.Range(0, Math.Min(-given, layerCount));
        var inLayers = new SortedSet<string>(StringComparer.Ordinal);
        var outside = new SortedSet<string>(StringComparer.Ordinal);
        foreach (string name in names)
        {
            int first = name.IndexOf(".0.", StringComparison.Ordinal);
            if (first >= 0)
            {
                inLayers.Add(name[(first + 3)..].Split('.')[0]);
            }
            else if (!LayerNumber().IsMatch(name) && name.Split('.') is { Length: > 1 } parts)
            {
                outside.Add(parts[^2]);
            }
        }

        var trainable = new List<string>();
        foreach (string module in options.FreezeTrainableModules)
        {
            if (module != "all" && !inLayers.Contains(module))
            {
                throw Errors.FreezeModule("freeze_trainable_modules", module, inLayers);
            }

            trainable.AddRange(layers.Select(layer => $".{layer}.{(module == "all" ? "" : module)}"));
        }

        foreach (string module in options.FreezeExtraModules ?? [])
        {
            trainable.Add(outside.Contains(module) ? module : throw Errors.FreezeModule("freeze_extra_modules", module, outside));
        }

        return trainable;
    }

    [GeneratedRegex(@"\.\d+\.")]
    private static partial Regex LayerNumber();
}
