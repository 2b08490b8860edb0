using Tunesmith.Models.Blocks;
using Tunesmith.Models.Checkpoints;
using Tunesmith.Torch;
using Tunesmith.Torch.Fused;
using Tunesmith.Torch.Nn;
using LayerNorm = Tunesmith.Torch.Nn.LayerNorm;

namespace Tunesmith.Models.Families;

/// <summary>BERT: Devlin et al. 2018 (1810.04805); field defaults as transformers' configuration_bert.</summary>
public sealed record BertConfig : ModelConfig
{
    public int HiddenSize { get; init; } = 768;

    public int NumHiddenLayers { get; init; } = 12;

    public int NumAttentionHeads { get; init; } = 12;

    public int IntermediateSize { get; init; } = 3072;

    public string HiddenAct { get; init; } = "gelu";

    public double HiddenDropoutProb { get; init; } = 0.1;

    public double AttentionProbsDropoutProb { get; init; } = 0.1;

    public double? ClassifierDropout { get; init; }

    public long MaxPositionEmbeddings { get; init; } = 512;

    public long TypeVocabSize { get; init; } = 2;

    public double LayerNormEps { get; init; } = 1e-12;

    public string PositionEmbeddingType { get; init; } = "absolute";

    public bool IsDecoder { get; init; }

    public override int LayerCount => NumHiddenLayers;

    public override int Width => HiddenSize;

    public override bool HasPositionTable => true;

    public override bool TiesHead => TieWordEmbeddings ?? true;

    public override long MaxLength => MaxPositionEmbeddings;

    internal double HeadDropout => ClassifierDropout ?? HiddenDropoutProb;

    protected override void Check(string path)
    {
        Require(VocabSize > 0 && HiddenSize > 0 && NumHiddenLayers > 0 && NumAttentionHeads > 0 && IntermediateSize > 0 && MaxPositionEmbeddings > 0 && TypeVocabSize > 0, path, "a size below 1; expected sizes, heads and layers from 1");
        Require(HiddenSize % NumAttentionHeads == 0, path, $"num_attention_heads {NumAttentionHeads} for hidden_size {HiddenSize}; expected a divisor of hidden_size");
        Require(PositionEmbeddingType == "absolute", path, $"position_embedding_type '{PositionEmbeddingType}'; expected 'absolute'");
        Require(!IsDecoder, path, "is_decoder true; expected false");
    }
}

internal sealed class BertEmbeddings : Module
{
    private readonly BertConfig _config;
    private readonly TokenEmbedding _words;
    private readonly TokenEmbedding _positions;
    private readonly TokenEmbedding _types;
    private readonly LayerNorm _norm;

    public BertEmbeddings(BertConfig config)
    {
        _config = config;
        // The family's default for a file without the field is 0, and that row gets no gradient from the input side.
        _words = Add("word_embeddings", new TokenEmbedding(config.VocabSize, config.HiddenSize, config.Raw.ContainsKey("pad_token_id") ? config.PadTokenId : 0));
        _positions = Add("position_embeddings", new TokenEmbedding(config.MaxPositionEmbeddings, config.HiddenSize, padId: null));
        _types = Add("token_type_embeddings", new TokenEmbedding(config.TypeVocabSize, config.HiddenSize, padId: null));
        _norm = Add("LayerNorm", new LayerNorm(config.HiddenSize, config.LayerNormEps));
    }

    public TokenEmbedding Words => _words;

    public Tensor Forward(Model model, ModelInput input)
    {
        Tensor words = _words.Forward(input.InputIds); // [B, T, C]
        words = model.EmbeddingHook?.Invoke(words) ?? words;
        Tensor types = _types.Forward(input.TokenTypeIds ?? Tensor.Zeros(input.InputIds.Shape, DType.Int64)); // [B, T, C]
        Tensor positions = _positions.Forward(Positions.For(input, _config.MaxPositionEmbeddings)); // [1 or B, T, C]
        return Dropout.Run(_norm.Forward(words + types + positions), _config.HiddenDropoutProb, Training, Generator.Default);
    }
}

internal sealed class BertSelfAttention : Module
{
    private readonly BertConfig _config;
    private readonly Projection _query;
    private readonly Projection _key;
    private readonly Projection _value;

    public BertSelfAttention(BertConfig config, ComputePrecision precision)
    {
        _config = config;
        _query = Add("query", new Projection(precision, config.HiddenSize, config.HiddenSize, bias: true));
        _key = Add("key", new Projection(precision, config.HiddenSize, config.HiddenSize, bias: true));
        _value = Add("value", new Projection(precision, config.HiddenSize, config.HiddenSize, bias: true));
    }

    public Tensor Forward(Tensor x, LayerInput input)
    {
        Tensor q = Split(_query.Forward(x)); // [B, H, T, D]
        Tensor k = Split(_key.Forward(x)); // [B, H, T, D]
        Tensor v = Split(_value.Forward(x)); // [B, H, T, D]
        double scale = 1 / Math.Sqrt((double)_config.HiddenSize / _config.NumAttentionHeads);
        Tensor y = Attention.Run(q, k, v, scale, input.Mask, Training ? _config.AttentionProbsDropoutProb : 0, Generator.Default); // [B, H, T, D]
        return y.Transpose(1, 2).Reshape(x.Size(0), x.Size(1), -1); // [B, T, C]
    }

    private Tensor Split(Tensor x) =>
        x.Reshape(x.Size(0), x.Size(1), _config.NumAttentionHeads, _config.HiddenSize / _config.NumAttentionHeads).Transpose(1, 2);
}

/// <summary>Dense, dropout, and the norm of the sum with what went in: after attention and after the feed-forward part.</summary>
internal sealed class BertResidual : Module
{
    private readonly Projection _dense;
    private readonly LayerNorm _norm;
    private readonly double _dropout;

    public BertResidual(BertConfig config, ComputePrecision precision, int inputs)
    {
        _dense = Add("dense", new Projection(precision, inputs, config.HiddenSize, bias: true));
        _norm = Add("LayerNorm", new LayerNorm(config.HiddenSize, config.LayerNormEps));
        _dropout = config.HiddenDropoutProb;
    }

    public Tensor Forward(Tensor x, Tensor residual) => _norm.Forward(_dense.Forward(x), residual, _dropout, Generator.Default);
}

internal sealed class BertAttention : Module
{
    private readonly BertSelfAttention _self;
    private readonly BertResidual _output;

    public BertAttention(BertConfig config, ComputePrecision precision)
    {
        _self = Add("self", new BertSelfAttention(config, precision));
        _output = Add("output", new BertResidual(config, precision, config.HiddenSize));
    }

    public Tensor Forward(Tensor x, LayerInput input) => _output.Forward(_self.Forward(x, input), x);
}

/// <summary>A dense layer with its activation, under the name "dense".</summary>
internal sealed class BertDense : Module
{
    private readonly Projection _dense;
    private readonly Func<Tensor, Tensor> _activation;

    public BertDense(ComputePrecision precision, int inputs, int outputs, string activation)
    {
        _dense = Add("dense", new Projection(precision, inputs, outputs, bias: true));
        _activation = Activation.Get(activation);
    }

    public Tensor Forward(Tensor x) => _activation(_dense.Forward(x));
}

internal sealed class BertLayer : TransformerLayer
{
    private readonly BertAttention _attention;
    private readonly BertDense _intermediate;
    private readonly BertResidual _output;

    public BertLayer(BertConfig config, ComputePrecision precision)
    {
        _attention = Add("attention", new BertAttention(config, precision));
        _intermediate = Add("intermediate", new BertDense(precision, config.HiddenSize, config.IntermediateSize, config.HiddenAct));
        _output = Add("output", new BertResidual(config, precision, config.IntermediateSize));
    }

    public override Tensor Forward(Tensor x, LayerInput input)
    {
        x = _attention.Forward(x, input);
        return _output.Forward(_intermediate.Forward(x), x);
    }
}

internal sealed class BertEncoder : Module
{
    private readonly BertLayer[] _layers;

    public BertEncoder(BertConfig config, ComputePrecision precision) =>
        _layers = Add("layer", new LayerList()).Fill(config.NumHiddenLayers, () => new BertLayer(config, precision));

    public Tensor Forward(Model model, Tensor x, ModelInput input) =>
        LayerStack.Run(model, _layers, x, new LayerInput { Mask = EncoderMask.For(input) }, input.HiddenStates, finalNorm: null);
}

/// <summary>Embeddings and layers, and the pooler (dense and tanh over token 0) where the head reads it.</summary>
internal sealed class BertBody
{
    public BertBody(BertConfig config, ComputePrecision precision, bool pooler)
    {
        Embeddings = new BertEmbeddings(config);
        Encoder = new BertEncoder(config, precision);
        Pooler = pooler ? new BertDense(precision, config.HiddenSize, config.HiddenSize, "tanh") : null;
    }

    public BertEmbeddings Embeddings { get; }

    public BertEncoder Encoder { get; }

    public BertDense? Pooler { get; }

    /// <returns>[B, T, C].</returns>
    public Tensor Forward(Model model, ModelInput input) => Encoder.Forward(model, Embeddings.Forward(model, input), input);

    /// <param name="hidden">[B, T, C].</param>
    /// <returns>[B, C].</returns>
    public Tensor Pool(Tensor hidden) => Pooler!.Forward(hidden.Select(1, 0));
}

/// <summary>The body under the name "bert", as every class with a head has it.</summary>
internal sealed class BertPrefix : Module
{
    public BertPrefix(BertConfig config, ComputePrecision precision, bool pooler)
    {
        Body = new BertBody(config, precision, pooler);
        Add("embeddings", Body.Embeddings);
        Add("encoder", Body.Encoder);
        if (Body.Pooler is not null)
        {
            Add("pooler", Body.Pooler);
        }
    }

    public BertBody Body { get; }
}
