using Tunesmith.Runs.Recipes;

namespace Tunesmith.Models.Adapters;

/// <summary>Which parameters are trained, and how; keys and defaults of LLaMA-Factory's FinetuningArguments (freeze and LoRA).</summary>
public sealed record AdapterOptions
{
    [RecipeKey("finetuning_type", "What is trained: low-rank updates, some layers, or everything.", Choices = ["lora", "freeze", "full"])]
    public string FinetuningType { get; init; } = "lora";

    [RecipeKey("freeze_trainable_layers", "Layers that freeze tuning trains: n > 0 the last n, n < 0 the first n.")]
    public int FreezeTrainableLayers { get; init; } = 2;

    [RecipeKey("freeze_trainable_modules", "Names of the modules inside those layers that are trained, or all.")]
    public IReadOnlyList<string> FreezeTrainableModules { get; init; } = ["all"];

    [RecipeKey("freeze_extra_modules", "Modules outside the layers that freeze tuning trains too.")]
    public IReadOnlyList<string>? FreezeExtraModules { get; init; }

    [RecipeKey("additional_target", "Modules trained in full and stored beside the adapter.")]
    public IReadOnlyList<string>? AdditionalTarget { get; init; }

    [RecipeKey("lora_alpha", "Scale of the update before it is divided by the rank; twice the rank where it is not given.", Min = 1)]
    public int? LoraAlpha { get; init; }

    [RecipeKey("lora_dropout", "Dropout on what enters the low-rank update.", Min = 0, Max = 1)]
    public double LoraDropout { get; init; }

    [RecipeKey("lora_rank", "Rank of the update matrices.", Min = 1)]
    public int LoraRank { get; init; } = 8;

    [RecipeKey("lora_target", "Names of the modules that get an update; all means every linear layer except the output.")]
    public IReadOnlyList<string> LoraTarget { get; init; } = ["all"];

    [RecipeKey("use_rslora", "Divide the scale by the root of the rank instead of the rank.")]
    public bool UseRslora { get; init; }

    [RecipeKey("use_dora", "Train the length of every output row separately (DoRA).")]
    public bool UseDora { get; init; }

    [RecipeKey("pissa_init", "Begin with the largest singular values of the weights (PiSSA).")]
    public bool PissaInit { get; init; }

    [RecipeKey("pissa_iter", "Iterations of the fast singular value decomposition; -1 computes it exactly.", Min = -1)]
    public int PissaIter { get; init; } = 16;

    [RecipeKey("pissa_convert", "Store the trained PiSSA adapter as an ordinary LoRA over the unchanged base.")]
    public bool PissaConvert { get; init; }

    [RecipeKey("create_new_adapter", "Merge the given adapters and train a new one.")]
    public bool CreateNewAdapter { get; init; }

    public double EffectiveAlpha => LoraAlpha ?? 2 * LoraRank;
}
