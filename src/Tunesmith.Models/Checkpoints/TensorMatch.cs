namespace Tunesmith.Models.Checkpoints;

/// <summary>
/// Finds for each parameter the tensor of a file that holds it: by its name, without or with the base's prefix, or by the
/// old spelling of norm parameters (gamma and beta).
/// </summary>
internal sealed class TensorMatch
{
    private readonly Dictionary<string, string> _sourceOf = new(StringComparer.Ordinal);
    private readonly List<string> _missing = [];
    private readonly List<string> _unexpected = [];
    private readonly List<string> _misshapen = [];
    private readonly List<string> _fresh = [];
    private readonly List<string> _unused = [];

    private TensorMatch()
    {
    }

    /// <summary>Parameter name to tensor name.</summary>
    public IReadOnlyDictionary<string, string> SourceOf => _sourceOf;

    /// <summary>Parameters of a head that the file does not have: they start anew.</summary>
    public IReadOnlyList<string> Fresh => _fresh;

    /// <summary>Tensors of other heads, not needed here.</summary>
    public IReadOnlyList<string> Unused => _unused;

    public static TensorMatch Find(string folder, IReadOnlyList<TensorInfo> stored, IReadOnlyList<(string Name, IReadOnlyList<long> Shape)> wanted, Model model)
    {
        var match = new TensorMatch();
        var byName = new Dictionary<string, TensorInfo>(StringComparer.Ordinal);
        foreach (TensorInfo info in stored)
        {
            byName[Modern(info.Name)] = info;
        }

        var used = new HashSet<string>(StringComparer.Ordinal);
        foreach ((string name, IReadOnlyList<long> shape) in wanted)
        {
            TensorInfo? info = Candidates(name, model.BasePrefix).Select(candidate => byName.GetValueOrDefault(candidate)).FirstOrDefault(found => found is not null);
            if (info is null)
            {
                (model.IsHeadParameter(name) ? match._fresh : match._missing).Add(name);
            }
            else if (!info.Shape.SequenceEqual(shape))
            {
                match._misshapen.Add($"{info.Name} {info.ShapeText} for [{string.Join(", ", shape)}]");
                used.Add(info.Name);
            }
            else
            {
                match._sourceOf[name] = info.Name;
                used.Add(info.Name);
            }
        }

        foreach (TensorInfo info in stored)
        {
            string name = Modern(info.Name);
            if (!used.Contains(info.Name) && !model.IsIgnoredTensor(name))
            {
                (model.IsOtherHeadTensor(name) ? match._unused : match._unexpected).Add(info.Name);
            }
        }

        if (match._missing.Count + match._unexpected.Count + match._misshapen.Count > 0)
        {
            throw Errors.TensorsDoNotFit(folder, match._missing, match._unexpected, match._misshapen);
        }

        return match;
    }

    private static IEnumerable<string> Candidates(string name, string prefix)
    {
        yield return name;
        if (prefix.Length == 0)
        {
            yield break;
        }

        string dotted = prefix + ".";
        yield return name.StartsWith(dotted, StringComparison.Ordinal) ? name[dotted.Length..] : dotted + name;
    }

    /// <summary>Files of BERT's first years say gamma and beta where later ones say weight and bias.</summary>
    private static string Modern(string name)
    {
        if (name.EndsWith(".LayerNorm.gamma", StringComparison.Ordinal))
        {
            return name[..^"gamma".Length] + "weight";
        }

        return name.EndsWith(".LayerNorm.beta", StringComparison.Ordinal) ? name[..^"beta".Length] + "bias" : name;
    }
}
