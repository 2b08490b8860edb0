using Tunesmith.Models.Blocks;
using Tunesmith.Models.Checkpoints;
using Tunesmith.Torch;
using Tunesmith.Torch.Nn;

namespace Tunesmith.Models.Adapters;

/// <summary>
/// One adapter made of several, as peft's add_weighted_adapter makes it (tuners/lora/model.py, utils/merge_utils.py).
/// linear, ties and magnitude_prune work on A and B separately, so cross terms appear; cat keeps the exact sum by joining
/// ranks; the svd forms decompose the mixture of the full updates. The result's alpha is its rank.
/// </summary>
/// <param name="Type">linear, cat, svd, ties, ties_svd, magnitude_prune or magnitude_prune_svd.</param>
/// <param name="Weights">One an adapter.</param>
/// <param name="Density">Share of values kept by ties and magnitude_prune.</param>
/// <param name="Signs">How ties elects a sign: by the total of the values, or by the frequency of the signs.</param>
/// <param name="SvdRank">Rank of the result of a decomposition; null is the largest of the adapters'.</param>
public sealed record AdapterCombination(string Type, IReadOnlyList<double> Weights, double? Density = null, int? SvdRank = null, string Signs = "total")
{
    private const string SvdSuffix = "_svd";
    private static readonly string[] Types = ["cat", "linear", "magnitude_prune", "magnitude_prune_svd", "svd", "ties", "ties_svd"];

    public Adapter Load(Model model, IReadOnlyList<string> folders)
    {
        if (Signs is not ("total" or "frequency"))
        {
            throw Errors.CombinationSigns(Signs);
        }

        if (!Types.Contains(Type) || folders.Count == 0 || folders.Count != Weights.Count)
        {
            throw Errors.Combination(Type, folders.Count, Weights.Count, Types);
        }

        using var guard = Autograd.NoGrad();
        using var scope = Scope.Open();
        LoraConfig[] configs = [.. folders.Select(LoraConfig.Load)];
        configs.ToList().ForEach(config => TiedTable.UntieFor(model, config));
        var targets = configs.Select(config => new ModuleTargets(config)).ToArray();
        var made = new List<(string Name, Projection Layer, Tensor A, Tensor B)>();
        List<SafeTensorsFile> files = [.. folders.Select(folder => SafeTensorsFile.Open(Path.Combine(folder, AdapterFile.WeightsName)))];
        try
        {
            foreach ((string name, Module module) in model.NamedModules().ToList())
            {
                var parts = new List<Part>();
                for (int i = 0; i < files.Count; i++)
                {
                    string key = AdapterNames.Prefix + name;
                    if (module is Projection && files[i].Contains(key + ".lora_A.weight"))
                    {
                        Tensor a = files[i].Read(key + ".lora_A.weight", DType.Float32), b = files[i].Read(key + ".lora_B.weight", DType.Float32);
                        parts.Add(new Part(a, b, Weights[i], targets[i].Scale(name)));
                    }
                }

                if (parts.Count > 0)
                {
                    (Tensor a, Tensor b) = Combine(name, parts);
                    made.Add((name, (Projection)module, a, b));
                }
            }
        }
        finally
        {
            files.ForEach(file => file.Dispose());
        }

        int rank = made.Count == 0 ? 1 : (int)made.Max(part => part.A.Size(0));
        var adapter = new Adapter(model, configs[0] with
        {
            Rank = rank,
            Alpha = rank,
            TargetModules = [.. configs.SelectMany(config => config.TargetModules ?? []).Distinct()],
            RankPattern = made.Where(part => part.A.Size(0) != rank).ToDictionary(part => part.Name, part => (double)part.A.Size(0)),
            AlphaPattern = made.Where(part => part.A.Size(0) != rank).ToDictionary(part => part.Name, part => (double)part.A.Size(0)),
        });
        foreach ((string name, Projection layer, Tensor a, Tensor b) in made)
        {
            adapter.AddLayer(name, layer, LoraAttach.Update(layer, a, b, null, null, 1, 0));
        }

        return adapter;
    }

    private (Tensor A, Tensor B) Combine(string name, List<Part> parts)
    {
        if (Type == "cat")
        {
            return (Tensor.Cat([.. parts.Select(part => part.A * (part.Weight * part.Scale))], 0), Tensor.Cat([.. parts.Select(part => part.B)], 1));
        }

        if (Type == "svd" || Type.EndsWith(SvdSuffix, StringComparison.Ordinal))
        {
            // peft 0.18 counts the scale twice here: in the update and in its weight.
            Tensor sum = Mix(Type == "svd" ? "linear" : Type[..^SvdSuffix.Length], [.. parts.Select(part => part.B.MatMul(part.A) * part.Scale)], [.. parts.Select(part => part.Weight * part.Scale)]);
            (Tensor u, Tensor s, Tensor vh) = sum.Svd();
            int rank = SvdRank ?? (int)parts.Max(part => part.A.Size(0));
            return (vh.Narrow(0, 0, rank), u.Narrow(1, 0, rank) * s.Narrow(0, 0, rank).Unsqueeze(0));
        }

        if (parts.Select(part => part.A.Size(0)).Distinct().Count() > 1)
        {
            throw Errors.CombinationRanks(Type, name);
        }

        double[] roots = [.. parts.Select(part => Math.Sign(part.Weight) * Math.Sqrt(Math.Abs(part.Weight) * part.Scale))];
        return (Mix(Type, [.. parts.Select(part => part.A)], roots), Mix(Type, [.. parts.Select(part => part.B)], roots));
    }

    private Tensor Mix(string type, Tensor[] tensors, double[] weights)
    {
        if (type == "linear")
        {
            return Sum(tensors, weights);
        }

        Tensor[] kept = [.. tensors.Select(Largest)];
        if (type == "magnitude_prune")
        {
            return Sum(kept, weights);
        }

        // Elect one sign an element, then average over those that agree (Yadav et al. 2023, 2306.01708).
        Tensor[] votes = Signs == "frequency" ? [.. kept.Select(value => value.Sign())] : kept;
        Tensor elected = Sum(votes, [.. votes.Select(_ => 1.0)]).Ge(0).To(DType.Float32) * 2.0 - 1.0;
        Tensor? sum = null;
        Tensor? count = null;
        for (int i = 0; i < kept.Length; i++)
        {
            Tensor agrees = kept[i].Sign().Eq(elected).To(DType.Float32);
            Tensor term = kept[i] * weights[i] * agrees;
            sum = sum is null ? term : sum + term;
            count = count is null ? agrees : count + agrees;
        }

        return sum! / count!.Clamp(1, null);
    }

    private Tensor Largest(Tensor x)
    {
        double density = Density ?? throw Errors.CombinationDensity(Type);
        long kept = (long)(density * x.Count);
        if (kept >= x.Count)
        {
            return x;
        }

        Tensor mask = Tensor.Zeros([x.Count]).Scatter(0, x.Abs().Reshape(-1).TopK(kept).Indices, 1.0);
        return x * mask.Reshape(x.Shape);
    }

    private static Tensor Sum(Tensor[] tensors, double[] weights)
    {
        Tensor sum = tensors[0] * weights[0];
        for (int i = 1; i < tensors.Length; i++)
        {
            sum += tensors[i] * weights[i];
        }

        return sum;
    }

    private sealed record Part(Tensor A, Tensor B, double Weight, double Scale);
}
