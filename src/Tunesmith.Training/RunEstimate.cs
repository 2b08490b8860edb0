using Tunesmith.Data;
using Tunesmith.Models.Checkpoints;

namespace Tunesmith.Training;

/// <summary>What a run will take, told from its recipe, its examples and config.json: right to about a factor of two, and no promise.</summary>
/// <param name="Length">Updates and epochs.</param>
/// <param name="Tokens">Tokens that training computes, with the padding of the batches.</param>
/// <param name="Seconds">Training alone, on a machine with nothing else to do.</param>
/// <param name="Bytes">The most memory that the process will hold.</param>
public sealed record RunEstimate(RunLength Length, double Tokens, double Seconds, double Bytes)
{
    // Measured, docs/log.md: floating-point operations of large products and bytes of everything else, a second and core.
    private const double FastProducts = 60e9, SlowProducts = 45e9, BytesMoved = 5e9;

    /// <summary>The program, libtorch and the tokenizer without a model.</summary>
    private const double Program = 350.0 * (1 << 20);

    /// <summary>Largest piece of the logits that exists at a time.</summary>
    private const double LogitsChunk = 64.0 * (1 << 20);

    /// <summary>Values a token and layer that wait for the backward pass, in widths of the model; without checkpointing and with it.</summary>
    private const double KeptWidths = 22, CheckpointedWidths = 1;

    /// <summary>Bytes moved a token, layer and channel by all that is no product, forward and backward.</summary>
    private const double MovedWidths = 400;

    /// <summary>Works it out.</summary>
    /// <param name="model">Its config and sizes.</param>
    /// <param name="rows">Training examples; <paramref name="examples"/> may be only the first of them.</param>
    /// <param name="fastProducts">The processor has AVX-512.</param>
    public static RunEstimate Of(RunOptions options, ModelOutline model, long rows, IReadOnlyList<TokenizedExample> examples, int cores, bool fastProducts)
    {
        var training = options.Training;
        var (config, parameters) = (model.Config, model.Parameters);
        var length = RunLength.Of(rows, training.PerDeviceTrainBatchSize, training.GradientAccumulationSteps, training.NumTrainEpochs, training.MaxSteps);
        var (padded, longest) = Padded(training, examples);
        var epochs = (double)length.TotalSteps / length.StepsPerEpoch;
        var tokens = padded * ((double)rows / Math.Max(1, examples.Count)) * epochs;
        var row = padded / Math.Max(1, examples.Count);

        double width = config.Width, layers = config.LayerCount, heads = Heads(config);
        double embeddings = Math.Min(config.VocabSize * width, parameters);
        bool causal = training.Stage != "cls", full = options.Adapter.FinetuningType == "full";
        // An embedding that is only looked up costs nothing; as the output layer it is a product like the others.
        double products = parameters - embeddings + (causal && config.TieWordEmbeddings != false ? embeddings : 0);
        // Forward, gradient of the inputs, gradient of the weights: 2 operations a weight each; a forward pass more where layers are recomputed.
        double passes = (full ? 3 : 2.2) + (training.GradientCheckpointing ? 1 : 0);
        double operations = tokens * passes * (2 * products + 4 * layers * width * row);
        double moved = tokens * layers * ((MovedWidths * width) + (40 * heads * row)) * passes / 3;
        double trained = model.Trained > 0 ? model.Trained : parameters / 50.0;
        double updates = (double)length.TotalSteps * trained * 32;
        double seconds = (operations / (fastProducts ? FastProducts : SlowProducts) + (moved + updates) / BytesMoved) / Math.Max(1, cores);

        double batch = training.PerDeviceTrainBatchSize * (double)longest;
        double kept = 4 * batch * layers * (training.GradientCheckpointing ? CheckpointedWidths * width : (KeptWidths * width) + (3 * heads * longest));
        double logits = causal ? 3 * Math.Min(LogitsChunk, 4 * batch * config.VocabSize) : 0;
        // Weights, gradients, AdamW's two moments; and the copy that a checkpoint is written from.
        double bytes = Program + (4.0 * parameters) + (16.0 * trained) + kept + logits;
        return new RunEstimate(length, tokens, seconds, bytes);
    }

    // Tokens of one pass over the examples with padding, and the longest row.
    private static (double Tokens, int Longest) Padded(TrainingOptions training, IReadOnlyList<TokenizedExample> examples)
    {
        IEnumerable<int> lengths = examples.Select(e => e.InputIds.Length);
        if (training.GroupByLength) lengths = lengths.Order();
        double tokens = 0;
        var longest = 0;
        foreach (var batch in lengths.Chunk(training.PerDeviceTrainBatchSize))
        {
            tokens += (double)batch.Max() * batch.Length;
            longest = Math.Max(longest, batch.Max());
        }
        return (tokens, longest);
    }

    private static double Heads(ModelConfig config) =>
        (config.Raw["num_attention_heads"] ?? config.Raw["n_head"]) is System.Text.Json.Nodes.JsonValue value && value.TryGetValue(out int heads) ? heads : Math.Max(1, config.Width / 64);
}
