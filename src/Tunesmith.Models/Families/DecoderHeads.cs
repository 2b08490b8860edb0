using System.Text.Json.Nodes;
using Tunesmith.Models.Blocks;
using Tunesmith.Models.Checkpoints;
using Tunesmith.Torch;
using Tunesmith.Torch.Fused;
using Tunesmith.Torch.Nn;

namespace Tunesmith.Models.Families;

/// <summary>A decoder's embeddings, layers and final norm: everything but a head.</summary>
internal abstract class DecoderTransformer : Module
{
    public abstract TokenEmbedding Embedding { get; }

    /// <returns>[B, T, C].</returns>
    public abstract Tensor Forward(Model model, ModelInput input);

    /// <summary>Buffers of published files that carry nothing.</summary>
    public abstract bool IsBuffer(string name);
}

/// <summary>A decoder with something else than the next token over it.</summary>
internal abstract class DecoderWithHead : Model
{
    private static readonly string[] HeadPrefixes = ["lm_head.", "score.", "classifier.", "qa_outputs."];

    protected DecoderWithHead(ModelConfig config, ModelKind kind, string architecture, string prefix, Func<ComputePrecision, DecoderTransformer> build)
        : base(config, kind, architecture)
    {
        BasePrefix = prefix;
        Body = build(Precision);
    }

    public override string BasePrefix { get; }

    protected DecoderTransformer Body { get; }

    internal override bool IsIgnoredTensor(string name) => Body.IsBuffer(name);

    internal override bool IsHeadParameter(string name) => IsHead(name);

    internal override bool IsOtherHeadTensor(string name) => IsHead(name);

    private static bool IsHead(string name) => HeadPrefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal));
}

/// <summary>LlamaModel, GPT2Model: hidden states after the final norm.</summary>
internal sealed class DecoderWithoutHead : DecoderWithHead
{
    public DecoderWithoutHead(ModelConfig config, string architecture, string prefix, Func<ComputePrecision, DecoderTransformer> build)
        : base(config, ModelKind.Encoder, architecture, prefix, build)
    {
        foreach ((string name, Module child) in Body.Children)
        {
            Add(name, child);
        }
    }

    public override IReadOnlyDictionary<string, Tensor> Outputs(ModelInput input) =>
        new Dictionary<string, Tensor> { ["last_hidden_state"] = Body.Forward(this, input) };
}

/// <summary>Dropout and one dense layer over every token (transformers' GenericForTokenClassification).</summary>
internal sealed class DecoderTokenClassifier : DecoderWithHead
{
    private readonly Projection _score;
    private readonly double _dropout;

    public DecoderTokenClassifier(ModelConfig config, string architecture, string prefix, string head, Func<ComputePrecision, DecoderTransformer> build)
        : base(config, ModelKind.TokenClassification, architecture, prefix, build)
    {
        Add(prefix, Body);
        _score = Add(head, new Projection(Precision, config.Width, config.LabelCount, bias: true));
        _dropout = Number(config.Raw["classifier_dropout"]) ?? Number(config.Raw["hidden_dropout"]) ?? 0.1;
    }

    public override IReadOnlyDictionary<string, Tensor> Outputs(ModelInput input)
    {
        Tensor hidden = Dropout.Run(Body.Forward(this, input), _dropout, Training, Generator.Default); // [B, T, C]
        return new Dictionary<string, Tensor> { ["logits"] = _score.Forward(hidden) }; // [B, T, labels]
    }

    private static double? Number(JsonNode? node) => node is JsonValue value && value.TryGetValue(out double number) ? number : null;
}

/// <summary>Two scores a token: where the answer starts and where it ends.</summary>
internal sealed class DecoderQuestionAnswering : DecoderWithHead
{
    private readonly Projection _outputs;

    public DecoderQuestionAnswering(ModelConfig config, string architecture, string prefix, Func<ComputePrecision, DecoderTransformer> build)
        : base(config, ModelKind.QuestionAnswering, architecture, prefix, build)
    {
        Add(prefix, Body);
        _outputs = Add("qa_outputs", new Projection(Precision, config.Width, 2, bias: true));
    }

    public override IReadOnlyDictionary<string, Tensor> Outputs(ModelInput input)
    {
        Tensor scores = _outputs.Forward(Body.Forward(this, input)); // [B, T, 2]
        return new Dictionary<string, Tensor> { ["start_logits"] = scores.Select(-1, 0), ["end_logits"] = scores.Select(-1, 1) };
    }
}
