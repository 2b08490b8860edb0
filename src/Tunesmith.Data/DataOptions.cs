using System.Globalization;
using Tunesmith.Runs.Recipes;

namespace Tunesmith.Data;

/// <summary>Which data a run reads and what it makes of them: LLaMA-Factory's DataArguments, then keys of our own for plain files.</summary>
public sealed record DataOptions
{
    [RecipeKey("template", "How conversations are written for the model; unset: slots read off the checkpoint's chat template, or empty; jinja: that template as it is.")]
    public string? Template { get; init; }

    [RecipeKey("dataset", "Names of data sets in dataset_info.json.")]
    public IReadOnlyList<string> Dataset { get; init; } = [];

    [RecipeKey("eval_dataset", "Names of data sets to evaluate on; excludes val_size.")]
    public IReadOnlyList<string> EvalDataset { get; init; } = [];

    [RecipeKey("dataset_dir", "The folder that holds dataset_info.json and its files.")]
    public string DatasetDir { get; init; } = "data";

    [RecipeKey("media_dir", "The folder of pictures and sounds; not used, Tunesmith trains on text.")]
    public string? MediaDir { get; init; }

    [RecipeKey("cutoff_len", "The most tokens of an example; what is longer is cut.", Min = 1)]
    public int CutoffLen { get; init; } = 2048;

    [RecipeKey("train_on_prompt", "Train on the prompt too instead of masking it.")]
    public bool TrainOnPrompt { get; init; }

    [RecipeKey("mask_history", "Train on the last turn only.")]
    public bool MaskHistory { get; init; }

    [RecipeKey("streaming", "Read the data while training instead of before it.")]
    public bool Streaming { get; init; }

    [RecipeKey("buffer_size", "How many examples a stream shuffles among.", Min = 1)]
    public int BufferSize { get; init; } = 16384;

    [RecipeKey("mix_strategy", "How several data sets become one.", Choices = ["concat", "interleave_under", "interleave_over", "interleave_once"])]
    public string MixStrategy { get; init; } = "concat";

    [RecipeKey("interleave_probs", "How likely each data set is to give the next example when interleaving.")]
    public IReadOnlyList<double> InterleaveProbs { get; init; } = [];

    [RecipeKey("overwrite_cache", "Read the data anew; always done, there is no cache.")]
    public bool OverwriteCache { get; init; }

    [RecipeKey("preprocessing_batch_size", "How many examples are packed together at a time.", Min = 1)]
    public int PreprocessingBatchSize { get; init; } = 1000;

    [RecipeKey("preprocessing_num_workers", "Processes of the reference's preparation; changes nothing here.")]
    public int? PreprocessingNumWorkers { get; init; }

    [RecipeKey("max_samples", "Use only the first so many examples of each data set.", Min = 1)]
    public int? MaxSamples { get; init; }

    [RecipeKey("eval_num_beams", "Beams of evaluations that generate during training, which are not done here; after training num_beams counts.", Min = 1)]
    public int? EvalNumBeams { get; init; }

    [RecipeKey("ignore_pad_token_for_loss", "Do not train on padding.")]
    public bool IgnorePadTokenForLoss { get; init; } = true;

    // Text, because 1 (one example) and 1.0 (all of them, refused) are different things in the reference.
    [RecipeKey("val_size", "Hold out this part for evaluation: a fraction such as 0.1, or a whole number of examples.")]
    public string ValSize { get; init; } = "0.0";

    [RecipeKey("eval_on_each_dataset", "Evaluate on each of the evaluation sets by itself.")]
    public bool EvalOnEachDataset { get; init; }

    [RecipeKey("packing", "Put several examples into one row of cutoff_len tokens; unset: only in stage pt.")]
    public bool? Packing { get; init; }

    [RecipeKey("neat_packing", "Pack without attention between the examples of a row.")]
    public bool NeatPacking { get; init; }

    [RecipeKey("tool_format", "How tools are written; unset: as the template has it.")]
    public string? ToolFormat { get; init; }

    [RecipeKey("default_system", "The system text of conversations that bring none; unset: as the template has it.")]
    public string? DefaultSystem { get; init; }

    [RecipeKey("enable_thinking", "Let reasoning templates think.")]
    public bool? EnableThinking { get; init; } = true;

    [RecipeKey("preserve_thinking", "Keep the thoughts of earlier turns.")]
    public bool PreserveThinking { get; init; }

    [RecipeKey("tokenized_path", "A folder of prepared data.")]
    public string? TokenizedPath { get; init; }

    [RecipeKey("data_shared_file_system", "Whether several machines see the same files; changes nothing here.")]
    public bool DataSharedFileSystem { get; init; }

    [RecipeKey("train_file", "A file or folder to train on, without dataset_info.json: CSV, TSV, JSON, JSON Lines, text, each also as .gz.")]
    public IReadOnlyList<string> TrainFile { get; init; } = [];

    [RecipeKey("eval_file", "A file or folder to evaluate on; excludes val_size.")]
    public IReadOnlyList<string> EvalFile { get; init; } = [];

    [RecipeKey("formatting", "How the rows of train_file are written; auto: told by their columns.", Choices = ["auto", "alpaca", "sharegpt", "openai"])]
    public string Formatting { get; init; } = "auto";

    [RecipeKey("text_column", "The column that holds the text; unset: text (classification also: sentence, sentence1, message).")]
    public string? TextColumn { get; init; }

    [RecipeKey("text_pair_column", "The column of a second text that belongs to the first.")]
    public string? TextPairColumn { get; init; }

    [RecipeKey("label_column", "The column that holds the label, the labels or the value; unset: label (or labels).")]
    public string? LabelColumn { get; init; }

    [RecipeKey("label_separator", "What stands between the labels of a row that has many.")]
    public string? LabelSeparator { get; init; }

    [RecipeKey("problem_type", "One label a row, many, or a number; unset: told by the label column.", Choices = ["single_label_classification", "multi_label_classification", "regression"])]
    public string? ProblemType { get; init; }

    [RecipeKey("column_names", "Names for the columns of a table file that has no header row.")]
    public IReadOnlyList<string> ColumnNames { get; init; } = [];

    [RecipeKey("delimiter", "What stands between the cells of a table file: a character, or comma, semicolon, tab, pipe, space; unset: by the file's ending.")]
    public string? Delimiter { get; init; }

    [RecipeKey("quoting", "Quotes in table files; auto: rfc4180, in tab-separated files only around whole cells of one line.", Choices = ["auto", "rfc4180", "none"])]
    public string Quoting { get; init; } = "auto";

    [RecipeKey("on_bad_row", "What to do with a row that cannot be read: stop (error), leave it out and count it (skip); strict also stops at conversations without an answer or with misplaced turns, which are otherwise left out and counted.", Choices = ["error", "skip", "strict"])]
    public string OnBadRow { get; init; } = "error";

    [RecipeKey("val_stratified", "Let val_size take the same share of every class.")]
    public bool ValStratified { get; init; }

    /// <summary>Whether anything is held out of the training data.</summary>
    public bool HoldsOut => double.TryParse(ValSize, NumberStyles.Float, CultureInfo.InvariantCulture, out double size) && size > 1e-6;

    /// <summary>Whether the recipe names anything to evaluate on.</summary>
    public bool HasEval => HoldsOut || EvalDataset.Count > 0 || EvalFile.Count > 0;

    /// <summary>Whether rows of a stage are packed.</summary>
    public bool Packs(string stage) => NeatPacking || (Packing ?? stage == "pt");

    /// <summary>The tokens of an example or of the examples of a pack: a pack that was asked for has one place less, as in the reference.</summary>
    public int EffectiveCutoff => NeatPacking || Packing == true ? CutoffLen - 1 : CutoffLen;
}
