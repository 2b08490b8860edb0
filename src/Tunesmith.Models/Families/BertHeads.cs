using Tunesmith.Models.Blocks;
using Tunesmith.Models.Checkpoints;
using Tunesmith.Torch;
using Tunesmith.Torch.Fused;
using Tunesmith.Torch.Nn;
using LayerNorm = Tunesmith.Torch.Nn.LayerNorm;

namespace Tunesmith.Models.Families;

/// <summary>BERT's heads: the reference's classes of modeling_bert, one below the other.</summary>
internal static class BertHeads
{
    public static readonly Family Family = new("bert", ModelConfig.Read<BertConfig>, new Dictionary<ModelKind, FamilyHead>
    {
        [ModelKind.SequenceClassification] = new("BertForSequenceClassification", config => new BertSequenceClassifier((BertConfig)config)),
        [ModelKind.TokenClassification] = new("BertForTokenClassification", config => new BertTokenClassifier((BertConfig)config)),
        [ModelKind.QuestionAnswering] = new("BertForQuestionAnswering", config => new BertQuestionAnswering((BertConfig)config)),
        [ModelKind.MultipleChoice] = new("BertForMultipleChoice", config => new BertMultipleChoice((BertConfig)config)),
        [ModelKind.MaskedLm] = new("BertForMaskedLM", config => new BertMaskedLm((BertConfig)config)),
        [ModelKind.Pretraining] = new("BertForPreTraining", config => new BertPretraining((BertConfig)config)),
        [ModelKind.NextSentence] = new("BertForNextSentencePrediction", config => new BertNextSentence((BertConfig)config)),
        [ModelKind.Encoder] = new("BertModel", config => new BertEncoderModel((BertConfig)config)),
    });

    private static readonly string[] HeadPrefixes = ["cls.", "classifier.", "qa_outputs.", "bert.pooler.", "pooler."];

    public static bool IsHead(string name) => HeadPrefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal));

    /// <summary>A counter buffer of older files, and the decoder's copies of the tied matrix and bias.</summary>
    public static bool IsIgnored(string name) =>
        name.EndsWith("embeddings.position_ids", StringComparison.Ordinal) || name.EndsWith("embeddings.token_type_ids", StringComparison.Ordinal)
        || name is "cls.predictions.decoder.weight" or "cls.predictions.decoder.bias";

    public static Tensor DropoutFor(Tensor x, BertConfig config, bool training) => Dropout.Run(x, config.HeadDropout, training, Generator.Default);
}

/// <summary>A BERT with something over it.</summary>
internal abstract class BertWithHead : Model
{
    protected BertWithHead(BertConfig config, ModelKind kind, string architecture, bool pooler)
        : base(config, kind, architecture)
    {
        Bert = Add("bert", new BertPrefix(config, Precision, pooler)).Body;
        BertConfig = config;
    }

    public override string BasePrefix => "bert";

    protected BertBody Bert { get; }

    protected BertConfig BertConfig { get; }

    internal override bool IsIgnoredTensor(string name) => BertHeads.IsIgnored(name);

    internal override bool IsHeadParameter(string name) => BertHeads.IsHead(name);

    internal override bool IsOtherHeadTensor(string name) => BertHeads.IsHead(name);
}

/// <summary>BertModel: hidden states and the pooled vector.</summary>
internal sealed class BertEncoderModel : Model
{
    private readonly BertBody _body;

    public BertEncoderModel(BertConfig config)
        : base(config, ModelKind.Encoder, "BertModel")
    {
        _body = new BertBody(config, Precision, pooler: true);
        Add("embeddings", _body.Embeddings);
        Add("encoder", _body.Encoder);
        Add("pooler", _body.Pooler!);
    }

    public override string BasePrefix => "bert";

    public override IReadOnlyDictionary<string, Tensor> Outputs(ModelInput input)
    {
        Tensor hidden = _body.Forward(this, input); // [B, T, C]
        return new Dictionary<string, Tensor> { ["last_hidden_state"] = hidden, ["pooler_output"] = _body.Pool(hidden) };
    }

    internal override bool IsIgnoredTensor(string name) => BertHeads.IsIgnored(name);

    internal override bool IsHeadParameter(string name) => name.StartsWith("pooler.", StringComparison.Ordinal);

    internal override bool IsOtherHeadTensor(string name) => BertHeads.IsHead(name);
}

/// <summary>Pooled vector, dropout, one dense layer.</summary>
internal sealed class BertSequenceClassifier : SequenceClassifier
{
    private readonly BertConfig _config;
    private readonly BertBody _bert;
    private readonly Projection _classifier;

    public BertSequenceClassifier(BertConfig config)
        : base(config, "BertForSequenceClassification")
    {
        _config = config;
        _bert = Add("bert", new BertPrefix(config, Precision, pooler: true)).Body;
        _classifier = Add("classifier", new Projection(Precision, config.HiddenSize, config.LabelCount, bias: true));
    }

    public override string BasePrefix => "bert";

    public override Tensor Logits(ModelInput input) => _classifier.Forward(BertHeads.DropoutFor(_bert.Pool(_bert.Forward(this, input)), _config, Training));

    internal override bool IsIgnoredTensor(string name) => BertHeads.IsIgnored(name);

    internal override bool IsHeadParameter(string name) => BertHeads.IsHead(name);

    internal override bool IsOtherHeadTensor(string name) => BertHeads.IsHead(name);
}

/// <summary>Dropout and one dense layer over every token.</summary>
internal sealed class BertTokenClassifier : BertWithHead
{
    private readonly Projection _classifier;

    public BertTokenClassifier(BertConfig config)
        : base(config, ModelKind.TokenClassification, "BertForTokenClassification", pooler: false) =>
        _classifier = Add("classifier", new Projection(Precision, config.HiddenSize, config.LabelCount, bias: true));

    public override IReadOnlyDictionary<string, Tensor> Outputs(ModelInput input)
    {
        Tensor hidden = BertHeads.DropoutFor(Bert.Forward(this, input), BertConfig, Training); // [B, T, C]
        return new Dictionary<string, Tensor> { ["logits"] = _classifier.Forward(hidden) }; // [B, T, labels]
    }
}

/// <summary>Two scores a token: where the answer starts and where it ends.</summary>
internal sealed class BertQuestionAnswering : BertWithHead
{
    private readonly Projection _outputs;

    public BertQuestionAnswering(BertConfig config)
        : base(config, ModelKind.QuestionAnswering, "BertForQuestionAnswering", pooler: false) =>
        _outputs = Add("qa_outputs", new Projection(Precision, config.HiddenSize, 2, bias: true));

    public override IReadOnlyDictionary<string, Tensor> Outputs(ModelInput input)
    {
        Tensor scores = _outputs.Forward(Bert.Forward(this, input)); // [B, T, 2]
        return new Dictionary<string, Tensor> { ["start_logits"] = scores.Select(-1, 0), ["end_logits"] = scores.Select(-1, 1) };
    }
}

/// <summary>One score a choice; ids are [B, choices, T].</summary>
internal sealed class BertMultipleChoice : BertWithHead
{
    private readonly Projection _classifier;

    public BertMultipleChoice(BertConfig config)
        : base(config, ModelKind.MultipleChoice, "BertForMultipleChoice", pooler: true) =>
        _classifier = Add("classifier", new Projection(Precision, config.HiddenSize, 1, bias: true));

    public override IReadOnlyDictionary<string, Tensor> Outputs(ModelInput input)
    {
        long choices = input.InputIds.Size(1);
        ModelInput flat = input with
        {
            InputIds = Flat(input.InputIds)!,
            AttentionMask = Flat(input.AttentionMask),
            TokenTypeIds = Flat(input.TokenTypeIds),
            PositionIds = Flat(input.PositionIds),
        };
        Tensor pooled = BertHeads.DropoutFor(Bert.Pool(Bert.Forward(this, flat)), BertConfig, Training); // [B * choices, C]
        return new Dictionary<string, Tensor> { ["logits"] = _classifier.Forward(pooled).Reshape(-1, choices) };
    }

    private static Tensor? Flat(Tensor? x) => x?.Reshape(-1, x.Size(-1));
}

/// <summary>Dense, activation and norm before the tied output matrix.</summary>
internal sealed class BertTransform : Module
{
    private readonly Projection _dense;
    private readonly LayerNorm _norm;
    private readonly Func<Tensor, Tensor> _activation;

    public BertTransform(BertConfig config, ComputePrecision precision)
    {
        _dense = Add("dense", new Projection(precision, config.HiddenSize, config.HiddenSize, bias: true));
        _norm = Add("LayerNorm", new LayerNorm(config.HiddenSize, config.LayerNormEps));
        _activation = Activation.Get(config.HiddenAct);
    }

    public Tensor Forward(Tensor x) => _norm.Forward(_activation(_dense.Forward(x)));
}

/// <summary>Scores of every piece: through the tied word embeddings and a bias, or through a layer of its own.</summary>
internal sealed class BertPredictions : Module
{
    private readonly Parameter _bias;
    private readonly BertTransform _transform;
    private readonly Projection? _decoder;

    public BertPredictions(BertConfig config, ComputePrecision precision)
    {
        _bias = AddParameter("bias", [config.VocabSize]);
        _transform = Add("transform", new BertTransform(config, precision));
        // Its layer brings its own bias; the loose one is then in the file without being used.
        _decoder = config.TiesHead ? null : Add("decoder", new Projection(precision, config.HiddenSize, config.VocabSize, bias: true));
    }

    /// <returns>[B, T, V].</returns>
    public Tensor Forward(Tensor hidden, TokenEmbedding words, ComputePrecision precision) =>
        _decoder?.Forward(_transform.Forward(hidden)) ?? words.Project(_transform.Forward(hidden), precision) + _bias.Value;
}

/// <summary>"cls": token predictions, the next-sentence score, or both.</summary>
internal sealed class BertClsHeads : Module
{
    public BertClsHeads(BertConfig config, ComputePrecision precision, bool predictions, bool nextSentence)
    {
        Predictions = predictions ? Add("predictions", new BertPredictions(config, precision)) : null;
        NextSentence = nextSentence ? Add("seq_relationship", new Projection(precision, config.HiddenSize, 2, bias: true)) : null;
    }

    public BertPredictions? Predictions { get; }

    public Projection? NextSentence { get; }
}

internal sealed class BertMaskedLm : BertWithHead
{
    private readonly BertClsHeads _cls;

    public BertMaskedLm(BertConfig config)
        : base(config, ModelKind.MaskedLm, "BertForMaskedLM", pooler: false) =>
        _cls = Add("cls", new BertClsHeads(config, Precision, predictions: true, nextSentence: false));

    public override IReadOnlyDictionary<string, Tensor> Outputs(ModelInput input) => new Dictionary<string, Tensor>
    {
        ["logits"] = _cls.Predictions!.Forward(Bert.Forward(this, input), Bert.Embeddings.Words, Precision),
    };
}

internal sealed class BertPretraining : BertWithHead
{
    private readonly BertClsHeads _cls;

    public BertPretraining(BertConfig config)
        : base(config, ModelKind.Pretraining, "BertForPreTraining", pooler: true) =>
        _cls = Add("cls", new BertClsHeads(config, Precision, predictions: true, nextSentence: true));

    public override IReadOnlyDictionary<string, Tensor> Outputs(ModelInput input)
    {
        Tensor hidden = Bert.Forward(this, input); // [B, T, C]
        return new Dictionary<string, Tensor>
        {
            ["prediction_logits"] = _cls.Predictions!.Forward(hidden, Bert.Embeddings.Words, Precision),
            ["seq_relationship_logits"] = _cls.NextSentence!.Forward(Bert.Pool(hidden)),
        };
    }
}

internal sealed class BertNextSentence : BertWithHead
{
    private readonly BertClsHeads _cls;

    public BertNextSentence(BertConfig config)
        : base(config, ModelKind.NextSentence, "BertForNextSentencePrediction", pooler: true) =>
        _cls = Add("cls", new BertClsHeads(config, Precision, predictions: false, nextSentence: true));

    public override IReadOnlyDictionary<string, Tensor> Outputs(ModelInput input) => new Dictionary<string, Tensor>
    {
        ["logits"] = _cls.NextSentence!.Forward(Bert.Pool(Bert.Forward(this, input))),
    };
}
