using Tunesmith.Runs.Recipes;

namespace Tunesmith.Models.Generation;

/// <summary>How text is generated; keys and defaults of LLaMA-Factory's GeneratingArguments, and a few of transformers'.</summary>
public sealed record GenerationOptions
{
    [RecipeKey("do_sample", "Draw the next token by its probability; false takes the most probable one.")]
    public bool DoSample { get; init; } = true;

    [RecipeKey("temperature", "Divides the logits before sampling; 0 takes the most probable token.", Min = 0)]
    public double Temperature { get; init; } = 0.95;

    [RecipeKey("top_p", "Smallest set of most probable tokens whose probabilities reach this sum is kept.", Min = 0, Max = 1)]
    public double TopP { get; init; } = 0.7;

    [RecipeKey("top_k", "Number of most probable tokens kept; 0 keeps all.", Min = 0)]
    public int TopK { get; init; } = 50;

    [RecipeKey("min_p", "Tokens less probable than this share of the most probable one are dropped; 0 keeps all.", Min = 0, Max = 1)]
    public double MinP { get; init; }

    [RecipeKey("num_beams", "Beams of a beam search; 1 searches none.", Min = 1)]
    public int NumBeams { get; init; } = 1;

    [RecipeKey("max_length", "Largest number of tokens of prompt and answer together; ignored while max_new_tokens is above 0.", Min = 1)]
    public int MaxLength { get; init; } = 1024;

    [RecipeKey("max_new_tokens", "Largest number of generated tokens; 0 or -1 leaves the limit to max_length.", Min = -1)]
    public int MaxNewTokens { get; init; } = 1024;

    [RecipeKey("min_new_tokens", "No end token before this many generated tokens.", Min = 0)]
    public int MinNewTokens { get; init; }

    [RecipeKey("repetition_penalty", "Above 1 makes tokens that already occurred less probable.", Min = 1e-6)]
    public double RepetitionPenalty { get; init; } = 1.0;

    [RecipeKey("length_penalty", "Exponent on the length in a beam search; without effect where num_beams is 1.")]
    public double LengthPenalty { get; init; } = 1.0;

    [RecipeKey("early_stopping", "When a beam search stops: true as soon as num_beams answers are finished, false when none seems able to become better, never when none can.", Choices = ["true", "false", "never"])]
    public string EarlyStopping { get; init; } = "false";

    [RecipeKey("skip_special_tokens", "Leave special tokens out of the generated text.")]
    public bool SkipSpecialTokens { get; init; } = true;

    [RecipeKey("use_kv_cache", "Keep keys and values of earlier tokens; false computes the whole text again for every token.")]
    public bool UseKvCache { get; init; } = true;

    /// <summary>Sampling is on and temperature leaves something to draw.</summary>
    public bool Samples => DoSample && Temperature > 0;

    public int NewTokensFor(int promptLength) => MaxNewTokens > 0 ? MaxNewTokens : Math.Max(MaxLength - promptLength, 0);
}
