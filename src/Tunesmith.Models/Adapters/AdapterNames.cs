namespace Tunesmith.Models.Adapters;

/// <summary>How peft names things: in adapter_model.safetensors, and in the list of trainable parameters.</summary>
public static class AdapterNames
{
    public const string Prefix = "base_model.model.";

    private const string EmbeddingChild = "." + EmbeddingUpdate.ChildName + ".";

    /// <summary>Our parameter's name in the file.</summary>
    internal static string InFile(string parameter, Func<string, bool> isAdapted)
    {
        string name = parameter
            .Replace(EmbeddingChild + "A", ".lora_embedding_A", StringComparison.Ordinal)
            .Replace(EmbeddingChild + "B", ".lora_embedding_B", StringComparison.Ordinal)
            .Replace(EmbeddingChild + "magnitude", ".lora_magnitude_vector", StringComparison.Ordinal)
            .Replace(EmbeddingChild + "rows", ".token_adapter.trainable_tokens_delta", StringComparison.Ordinal)
            .Replace(".lora_magnitude_vector.weight", ".lora_magnitude_vector", StringComparison.Ordinal);
        if (name == parameter && !IsLora(parameter))
        {
            int dot = name.LastIndexOf('.');
            string module = name[..Math.Max(dot, 0)];
            name = isAdapted(module) ? $"{module}.base_layer{name[dot..]}" : name;
        }

        return Prefix + name;
    }

    /// <summary>Our parameter's name as peft lists it in memory, with the adapter's name "default".</summary>
    /// <param name="parameter">Our name.</param>
    /// <param name="savedRoot">The module of modules_to_save that it belongs to, if any.</param>
    /// <param name="isAdapted">Whether a module has a low-rank update.</param>
    internal static string InMemory(string parameter, string? savedRoot, Func<string, bool> isAdapted)
    {
        if (savedRoot is not null)
        {
            return $"{Prefix}{savedRoot}.modules_to_save.default{parameter[savedRoot.Length..]}";
        }

        string name = InFile(parameter, isAdapted);
        int dot = name.LastIndexOf('.');
        if (IsLora(parameter))
        {
            return name.EndsWith(".weight", StringComparison.Ordinal) || name.EndsWith(".bias", StringComparison.Ordinal)
                ? $"{name[..dot]}.default{name[dot..]}"
                : name.EndsWith(".lora_magnitude_vector", StringComparison.Ordinal) ? name + ".default.weight" : name + ".default";
        }

        return name;
    }

    public static bool IsLora(string parameter) =>
        parameter.Contains(".lora_", StringComparison.Ordinal);
}
