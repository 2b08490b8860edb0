using Tunesmith.Data.Readers;
using Tunesmith.Data.Reports;

namespace Tunesmith.Data;

/// <summary>What a run trains on and is measured with.</summary>
/// <param name="Train">In stored order; the sampler shuffles. Empty when the recipe names data to evaluate on only.</param>
/// <param name="Eval">What is held out, or all evaluation sets one after the other; null where there is none.</param>
/// <param name="Report">What was read, left out and cut.</param>
/// <param name="Labels">The classes, in stage cls.</param>
public sealed record DatasetSplits(IReadOnlyList<TokenizedExample> Train, IReadOnlyList<TokenizedExample>? Eval, DataReport Report, LabelSet? Labels)
{
    /// <summary>With eval_on_each_dataset: the evaluation sets by their names.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<TokenizedExample>>? EvalByName { get; init; }

    /// <summary>In stage cls: where each evaluation example stands, so that a few of them can be shown as they were written.</summary>
    public IReadOnlyList<Place> EvalPlaces { get; init; } = [];
}

/// <summary>What the model, not the recipe, says about its data.</summary>
public sealed record BuildSettings
{
    /// <summary>The longest input the model takes; cutoff_len beyond it is lowered in stage cls.</summary>
    public int? MaxLength { get; init; }

    /// <summary>The classes of the checkpoint, in the order of its outputs (id2label); null for a new head.</summary>
    public IReadOnlyList<string>? KnownLabels { get; init; }

    /// <summary>The checkpoint's problem_type, which holds for its own classes where the recipe says nothing else.</summary>
    public string? KnownProblem { get; init; }

    /// <summary>Evaluation examples are prompts to be answered (predict_with_generate) instead of texts to be scored.</summary>
    public bool EvalAsPrompts { get; init; }

    /// <summary>The tokenizer's own setting add_bos_token: begin plain text with BOS.</summary>
    public bool AddsBos { get; init; }

    /// <summary>Told now and then while reading.</summary>
    public Action<DataProgress>? Progress { get; init; }
}
