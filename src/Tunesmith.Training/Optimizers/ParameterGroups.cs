using Tunesmith.Torch.Nn;

namespace Tunesmith.Training.Optimizers;

/// <summary>
/// Which parameters decay and at which rate they learn. Trainer's rule (transformers' get_decay_parameter_names): no decay for parameters of LayerNorm
/// modules and for names that contain bias, layernorm or rmsnorm or have a path part norm or …_norm; everything else decays, LoRA matrices,
/// embeddings and DoRA magnitudes included.
/// </summary>
public static class ParameterGroups
{
    /// <summary>Groups of the trainable parameters of a model, in model order; empty groups are left out.</summary>
    public static IReadOnlyList<ParameterGroup> Of(Module model, TrainingOptions options)
    {
        var trainable = model.NamedParameters().Where(entry => entry.Parameter.Trainable).ToList();
        if (trainable.Count == 0) throw Errors.NothingTrainable();
        var layerNorms = LayerNormParameters(model);
        return options.LoraplusLrRatio is double ratio ? LoraPlus(trainable, layerNorms, options, ratio) : Trainer(trainable, layerNorms, options);
    }

    private static List<ParameterGroup> Trainer(List<(string Name, Parameter Parameter)> trainable, HashSet<string> layerNorms, TrainingOptions options)
    {
        bool Decays(string name) => !layerNorms.Contains(name) && !IsSpared(name);
        return NotEmpty(
            new ParameterGroup([.. trainable.Where(entry => Decays(entry.Name))], options.LearningRate, options.WeightDecay),
            new ParameterGroup([.. trainable.Where(entry => !Decays(entry.Name))], options.LearningRate, 0));
    }

    // LoRA+ (2402.12354) as LLaMA-Factory groups: B matrices and vectors learn faster, LoRA embeddings at their own rate; the decay list is
    // LLaMA-Factory's own, which spares only LayerNorm modules and names with bias.
    private static List<ParameterGroup> LoraPlus(List<(string Name, Parameter Parameter)> trainable, HashSet<string> layerNorms, TrainingOptions options, double ratio)
    {
        List<(string, Parameter)> a = [], b = [], bWithoutDecay = [], embedding = [];
        foreach (var (name, parameter) in trainable)
        {
            if (name.Contains("lora_embedding.B", StringComparison.Ordinal)) embedding.Add((name, parameter));
            else if (name.Contains("lora_B", StringComparison.Ordinal) || parameter.Value.Rank == 1)
                (layerNorms.Contains(name) || name.Contains("bias", StringComparison.Ordinal) ? bWithoutDecay : b).Add((name, parameter));
            else a.Add((name, parameter));
        }
        return NotEmpty(
            new ParameterGroup(a, options.LearningRate, options.WeightDecay),
            new ParameterGroup(b, options.LearningRate * ratio, options.WeightDecay),
            new ParameterGroup(bWithoutDecay, options.LearningRate * ratio, 0),
            new ParameterGroup(embedding, options.LoraplusLrEmbedding, options.WeightDecay));
    }

    private static List<ParameterGroup> NotEmpty(params ReadOnlySpan<ParameterGroup> groups)
    {
        var kept = new List<ParameterGroup>();
        foreach (var group in groups)
            if (group.Parameters.Count > 0) kept.Add(group);
        return kept;
    }

    private static bool IsSpared(string name)
    {
        var lower = name.ToLowerInvariant();
        if (lower.Contains("bias") || lower.Contains("layernorm") || lower.Contains("rmsnorm")) return true;
        return lower.Split('.').Any(part => part == "norm" || part.EndsWith("_norm", StringComparison.Ordinal));
    }

    private static HashSet<string> LayerNormParameters(Module model)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (path, module) in model.NamedModules())
        {
            if (module is not LayerNorm) continue;
            foreach (var (name, _) in module.NamedParameters()) names.Add(path.Length == 0 ? name : $"{path}.{name}");
        }
        return names;
    }
}
