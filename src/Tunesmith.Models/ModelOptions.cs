using Tunesmith.Runs.Recipes;
using Tunesmith.Text.Tokenizers;

namespace Tunesmith.Models;

/// <summary>Which model, and how it is read and written; keys and defaults of LLaMA-Factory's ModelArguments.</summary>
public sealed record ModelOptions
{
    [RecipeKey("model_name_or_path", "Folder of the base model: config.json, model.safetensors and tokenizer files.")]
    public string? ModelNameOrPath { get; init; }

    [RecipeKey("adapter_name_or_path", "Folders of adapters to put on the base, one after the other.")]
    public IReadOnlyList<string>? AdapterNameOrPath { get; init; }

    [RecipeKey("resize_vocab", "Make the embeddings as long as the tokenizer's vocabulary.")]
    public bool ResizeVocab { get; init; }

    [RecipeKey("split_special_tokens", "Read the text of special tokens as plain text.")]
    public bool SplitSpecialTokens { get; init; }

    [RecipeKey("add_tokens", "Tokens to add to the vocabulary.")]
    public IReadOnlyList<string>? AddTokens { get; init; }

    [RecipeKey("add_special_tokens", "Special tokens to add to the vocabulary.")]
    public IReadOnlyList<string>? AddSpecialTokens { get; init; }

    [RecipeKey("rope_scaling", "Stretch rotary positions for texts longer than the model was trained on.", Choices = ["linear", "dynamic", "yarn", "llama3"])]
    public string? RopeScaling { get; init; }

    [RecipeKey("disable_gradient_checkpointing", "Keep every layer's inner values instead of recomputing them in the backward pass.")]
    public bool DisableGradientCheckpointing { get; init; }

    [RecipeKey("train_from_scratch", "Draw all weights instead of reading them.")]
    public bool TrainFromScratch { get; init; }

    [RecipeKey("infer_dtype", "Dtype of weights when a model is used rather than trained; export stores it, and with auto the base's own.", Choices = ["auto", "float16", "bfloat16", "float32"])]
    public string InferDtype { get; init; } = "auto";

    [RecipeKey("export_dir", "Folder that export writes the model to.")]
    public string? ExportDir { get; init; }

    [RecipeKey("export_size", "Largest size of one file of an exported model, in gigabytes.", Min = 1)]
    public int ExportSize { get; init; } = 5;

    /// <summary>Added tokens need rows in the embeddings.</summary>
    public bool GrowsVocabulary => ResizeVocab || AddTokens is { Count: > 0 } || AddSpecialTokens is { Count: > 0 };

    /// <summary>The base's tokenizer, or the one that training left beside the last adapter, with the tokens that the recipe adds.</summary>
    public Tokenizer LoadTokenizer()
    {
        var tokenizer = Tokenizer.Load(AdapterNameOrPath?.LastOrDefault(folder => File.Exists(Path.Combine(folder, "tokenizer.json"))) ?? ModelNameOrPath!);
        if (AddTokens is { Count: > 0 } plain) tokenizer.AddTokens(plain.Select(token => new AddedToken(token)), special: false);
        if (AddSpecialTokens is { Count: > 0 } special) tokenizer.AddTokens(special.Select(token => new AddedToken(token, Normalized: false, Special: true)), special: true);
        return tokenizer;
    }
}
