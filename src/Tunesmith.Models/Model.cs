using Tunesmith.Models.Blocks;
using Tunesmith.Models.Checkpoints;
using Tunesmith.Torch;
using Tunesmith.Torch.Nn;

namespace Tunesmith.Models;

/// <summary>A network with its config. Parameter names are the published checkpoint's tensor names.</summary>
public abstract class Model : Module
{
    private protected Model(ModelConfig config, ModelKind kind, string architecture)
    {
        Config = config;
        Kind = kind;
        Architecture = architecture;
    }

    public ModelConfig Config { get; }

    public ModelKind Kind { get; }

    /// <summary>The reference's class name, as in config.json's architectures.</summary>
    public string Architecture { get; }

    /// <summary>The name of the part without a head ("model", "transformer", "bert"), or "" where this is that part.</summary>
    public abstract string BasePrefix { get; }

    /// <summary>In which dtype products are computed; every layer asks this one object.</summary>
    public ComputePrecision Precision { get; } = new();

    /// <summary>Recomputes each layer in the backward pass instead of keeping its inner values.</summary>
    public bool GradientCheckpointing { get; set; }

    /// <summary>Applied to the token embeddings, [B, T, C]: NEFTune adds its noise here.</summary>
    public Func<Tensor, Tensor>? EmbeddingHook { get; set; }

    /// <summary>Everything the model computes, under the reference's output names.</summary>
    public abstract IReadOnlyDictionary<string, Tensor> Outputs(ModelInput input);

    /// <summary>Stored buffers and copies that carry nothing of their own.</summary>
    internal virtual bool IsIgnoredTensor(string name) => false;

    /// <summary>Parameters that may start anew where a file has only the part without a head.</summary>
    internal virtual bool IsHeadParameter(string name) => false;

    /// <summary>Tensors of another head of the same family.</summary>
    internal virtual bool IsOtherHeadTensor(string name) => false;

    /// <summary>Number of values in all parameters; known without weights.</summary>
    public long ParameterCount() => NamedParameters().Sum(pair => pair.Parameter.Count);
}

/// <summary>A decoder that predicts the next token.</summary>
public abstract class CausalModel : Model
{
    private protected CausalModel(ModelConfig config, string architecture)
        : base(config, ModelKind.CausalLm, architecture)
    {
    }

    /// <summary>The token embedding.</summary>
    public abstract TokenEmbedding InputEmbedding { get; }

    /// <summary>The output layer; null where the embedding is also the output matrix.</summary>
    public abstract Projection? OutputLayer { get; }

    /// <summary>The output matrix, [V, C]; the embedding where they are tied.</summary>
    public abstract Tensor HeadWeight { get; }

    /// <summary>Gives a tied model an output layer of its own, with a copy of the table.</summary>
    /// <param name="copy">False where the model is only names and shapes: then no tensor is made.</param>
    internal abstract void Untie(bool copy);

    /// <returns>Hidden states after the final norm, [B, T, C].</returns>
    public abstract Tensor Hidden(ModelInput input);

    /// <param name="hidden">Hidden states after the final norm, [..., C].</param>
    /// <returns>[..., V].</returns>
    public abstract Tensor Head(Tensor hidden);

    /// <returns>[B, T, V].</returns>
    public Tensor Logits(ModelInput input) => Head(Hidden(input));

    public override IReadOnlyDictionary<string, Tensor> Outputs(ModelInput input) => new Dictionary<string, Tensor> { ["logits"] = Logits(input) };

    internal override bool IsOtherHeadTensor(string name) => name == "score.weight";
}

/// <summary>A model that scores labels for a whole row.</summary>
public abstract class SequenceClassifier : Model
{
    private protected SequenceClassifier(ModelConfig config, string architecture)
        : base(config, ModelKind.SequenceClassification, architecture)
    {
    }

    public int NumLabels => Config.LabelCount;

    public string? ProblemType => Config.ProblemType;

    public IReadOnlyList<string> Id2Label => Config.LabelNames();

    /// <summary>
    /// Fills up batches with the tokenizer's token, else config.json's, else the end marker, and notes it in the config: a decoder scores the last token
    /// before the filling and must look for the same one (transformers' Trainer aligns the config with the tokenizer likewise).
    /// </summary>
    /// <returns>The token; 0 where there is none at all.</returns>
    public long PadWith(long? tokenizerPad, long? end)
    {
        if ((tokenizerPad ?? Config.PadTokenId ?? end) is not { } id) return 0;
        if (id != Config.PadTokenId)
        {
            Config.PadTokenId = id;
            Config.SetRaw("pad_token_id", id);
        }

        return id;
    }

    /// <returns>[B, labels].</returns>
    public abstract Tensor Logits(ModelInput input);

    public override IReadOnlyDictionary<string, Tensor> Outputs(ModelInput input) => new Dictionary<string, Tensor> { ["logits"] = Logits(input) };

    internal override bool IsHeadParameter(string name) => !name.StartsWith(BasePrefix + ".", StringComparison.Ordinal);
}
