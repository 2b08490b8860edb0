using System.Text.Json.Nodes;
using Tunesmith.Models.Blocks;
using Tunesmith.Models.Checkpoints;
using Tunesmith.Torch;

namespace Tunesmith.Models.Families;

/// <summary>A family of decoders: one body, and over it the heads that transformers gives every decoder.</summary>
/// <param name="Name">What the reference's classes begin with: Llama, GPT2.</param>
/// <param name="Prefix">The body's name in a checkpoint.</param>
/// <param name="Causal">The class that predicts the next token.</param>
/// <param name="TokenHead">The name of a token classifier's layer.</param>
internal sealed record DecoderNames(string Name, string Prefix, string Causal, string TokenHead = "score")
{
    private const string QuestionPrefix = "transformer"; // transformers names the body of every decoder's QA model so

    /// <summary>Puts the heads over a body.</summary>
    public Family Family<TConfig>(string modelType, Func<string, JsonObject, ModelConfig> read, Func<TConfig, ComputePrecision, DecoderTransformer> build)
        where TConfig : ModelConfig
    {
        Func<ComputePrecision, DecoderTransformer> Body(ModelConfig config) => precision => build((TConfig)config, precision);
        string classes = Name + "ForSequenceClassification", tokens = Name + "ForTokenClassification", answers = Name + "ForQuestionAnswering", bare = Name + "Model";
        return new Family(modelType, read, new Dictionary<ModelKind, FamilyHead>
        {
            [ModelKind.CausalLm] = new(Causal, config => new DecoderCausalModel(config, Causal, Prefix, Body(config))),
            [ModelKind.SequenceClassification] = new(classes, config => new DecoderSequenceClassifier(config, classes, Prefix, Body(config))),
            [ModelKind.TokenClassification] = new(tokens, config => new DecoderTokenClassifier(config, tokens, Prefix, TokenHead, Body(config))),
            [ModelKind.QuestionAnswering] = new(answers, config => new DecoderQuestionAnswering(config, answers, QuestionPrefix, Body(config))),
            [ModelKind.Encoder] = new(bare, config => new DecoderWithoutHead(config, bare, Prefix, Body(config))),
        });
    }
}

/// <summary>LlamaForCausalLM, GPT2LMHeadModel: the next token, with a head of its own or the embedding's table.</summary>
internal sealed class DecoderCausalModel : CausalModel
{
    private readonly DecoderTransformer _body;
    private Projection? _head;

    public DecoderCausalModel(ModelConfig config, string architecture, string prefix, Func<ComputePrecision, DecoderTransformer> build)
        : base(config, architecture)
    {
        BasePrefix = prefix;
        _body = Add(prefix, build(Precision));
        _head = config.TiesHead ? null : NewHead();
    }

    public override string BasePrefix { get; }

    public override TokenEmbedding InputEmbedding => _body.Embedding;

    public override Projection? OutputLayer => _head;

    public override Tensor HeadWeight => _head?.EffectiveWeight() ?? _body.Embedding.HeadWeight();

    public override Tensor Hidden(ModelInput input) => Precision.Round(_body.Forward(this, input));

    public override Tensor Head(Tensor hidden) => _head?.Forward(hidden) ?? _body.Embedding.Project(hidden, Precision);

    internal override void Untie(bool copy)
    {
        if (_head is not null) return;
        _head = NewHead();
        if (copy) _head.Weight.Replace(InputEmbedding.Weight.Value.Detach().Clone());
        Config.Untie();
    }

    private Projection NewHead() => Add("lm_head", new Projection(Precision, Config.Width, Config.VocabSize, bias: false));

    internal override bool IsIgnoredTensor(string name) => _body.IsBuffer(name) || (_head is null && name == "lm_head.weight");
}

/// <summary>The scores of the last token that is not padding.</summary>
internal sealed class DecoderSequenceClassifier : SequenceClassifier
{
    private readonly DecoderTransformer _body;
    private readonly Projection _score;

    public DecoderSequenceClassifier(ModelConfig config, string architecture, string prefix, Func<ComputePrecision, DecoderTransformer> build)
        : base(config, architecture)
    {
        BasePrefix = prefix;
        _body = Add(prefix, build(Precision));
        _score = Add("score", new Projection(Precision, config.Width, config.LabelCount, bias: false));
    }

    public override string BasePrefix { get; }

    public override Tensor Logits(ModelInput input) => LastToken.Score(_body.Forward(this, input), _score, input, Config.PadTokenId);

    internal override bool IsIgnoredTensor(string name) => _body.IsBuffer(name) || name == "lm_head.weight";
}
