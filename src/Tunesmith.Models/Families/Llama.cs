using Tunesmith.Models.Blocks;
using Tunesmith.Models.Checkpoints;
using Tunesmith.Torch;
using Tunesmith.Torch.Fused;
using Tunesmith.Torch.Nn;
using RmsNorm = Tunesmith.Torch.Nn.RmsNorm;

namespace Tunesmith.Models.Families;

/// <summary>LLaMA: Touvron et al. 2023 (2302.13971, 2307.09288); field defaults as transformers' configuration_llama.</summary>
public sealed record LlamaConfig : ModelConfig
{
    public int HiddenSize { get; init; } = 4096;

    public int IntermediateSize { get; init; } = 11008;

    public int NumHiddenLayers { get; init; } = 32;

    public int NumAttentionHeads { get; init; } = 32;

    public int? NumKeyValueHeads { get; init; }

    public int? HeadDim { get; init; }

    public string HiddenAct { get; init; } = "silu";

    public long MaxPositionEmbeddings { get; init; } = 2048;

    public double RmsNormEps { get; init; } = 1e-6;

    public bool AttentionBias { get; init; }

    public double AttentionDropout { get; init; }

    public bool MlpBias { get; init; }

    public override int LayerCount => NumHiddenLayers;

    public override int Width => HiddenSize;

    public override long MaxLength => MaxPositionEmbeddings;

    public override bool HasRotaryPositions => true;

    internal int Heads => NumAttentionHeads;

    internal int KeyValueHeads => NumKeyValueHeads ?? NumAttentionHeads;

    internal int HeadSize => HeadDim ?? HiddenSize / NumAttentionHeads;

    public override bool TiesHead => TieWordEmbeddings ?? false;

    protected override void Check(string path)
    {
        Require(VocabSize > 0 && HiddenSize > 0 && IntermediateSize > 0 && NumHiddenLayers > 0 && Heads > 0, path, "a size below 1; expected sizes, heads and layers from 1");
        Require(KeyValueHeads > 0 && Heads % KeyValueHeads == 0, path, $"num_key_value_heads {KeyValueHeads} for {Heads} heads; expected a divisor of num_attention_heads");
        Require(HeadSize > 0 && HeadSize % 2 == 0, path, $"head_dim {HeadSize}; expected an even number from 2");
    }
}

internal sealed class LlamaAttention : Module
{
    private readonly LlamaConfig _config;
    private readonly ComputePrecision _precision;
    private readonly Projection _query;
    private readonly Projection _key;
    private readonly Projection _value;
    private readonly Projection _output;

    public LlamaAttention(LlamaConfig config, ComputePrecision precision)
    {
        (_config, _precision) = (config, precision);
        int c = config.HiddenSize, d = config.HeadSize;
        _query = Add("q_proj", new Projection(precision, c, config.Heads * d, config.AttentionBias));
        _key = Add("k_proj", new Projection(precision, c, config.KeyValueHeads * d, config.AttentionBias));
        _value = Add("v_proj", new Projection(precision, c, config.KeyValueHeads * d, config.AttentionBias));
        _output = Add("o_proj", new Projection(precision, config.Heads * d, c, config.AttentionBias));
    }

    public Tensor Forward(Tensor x, LayerInput input)
    {
        Tensor q = Split(_query.Forward(x), _config.Heads); // [B, H, T, D]
        Tensor k = Split(_key.Forward(x), _config.KeyValueHeads); // [B, K, T, D]
        Tensor v = Split(_value.Forward(x), _config.KeyValueHeads); // [B, K, T, D]
        // Angles are applied in the residual's dtype, as the reference does under autocast.
        (q, k, v) = (input.Rope!.Apply(q, x.DType, _precision.Compute), input.Rope.Apply(k, x.DType, _precision.Compute), _precision.Round(v));
        if (input.Cache is not null)
        {
            (k, v) = input.Cache.Append(input.Layer, k, v); // [B, K, S, D]
        }

        double dropout = Training ? _config.AttentionDropout : 0;
        Tensor y = Attention.Run(q, k, v, 1 / Math.Sqrt(_config.HeadSize), input.Mask, dropout, Generator.Default); // [B, H, T, D]
        return _output.Forward(y.Transpose(1, 2).Reshape(x.Size(0), x.Size(1), -1)); // [B, T, C]
    }

    private Tensor Split(Tensor x, int heads) => x.Reshape(x.Size(0), x.Size(1), heads, _config.HeadSize).Transpose(1, 2);
}

internal sealed class LlamaMlp : Module
{
    private readonly Projection _gate;
    private readonly Projection _up;
    private readonly Projection _down;
    private readonly Func<Tensor, Tensor> _activation;
    private readonly bool _silu;

    public LlamaMlp(LlamaConfig config, ComputePrecision precision)
    {
        _gate = Add("gate_proj", new Projection(precision, config.HiddenSize, config.IntermediateSize, config.MlpBias));
        _up = Add("up_proj", new Projection(precision, config.HiddenSize, config.IntermediateSize, config.MlpBias));
        _down = Add("down_proj", new Projection(precision, config.IntermediateSize, config.HiddenSize, config.MlpBias));
        _activation = Activation.Get(config.HiddenAct);
        _silu = Activation.IsSilu(config.HiddenAct);
    }

    public Tensor Forward(Tensor x)
    {
        Tensor gate = _gate.Forward(x); // [B, T, I]
        Tensor up = _up.Forward(x); // [B, T, I]
        return _down.Forward(_silu ? SwiGlu.Run(gate, up) : _activation(gate) * up); // [B, T, C]
    }
}

internal sealed class LlamaLayer : TransformerLayer
{
    private readonly LlamaAttention _attention;
    private readonly LlamaMlp _mlp;
    private readonly RmsNorm _attentionNorm;
    private readonly RmsNorm _mlpNorm;

    public LlamaLayer(LlamaConfig config, ComputePrecision precision)
    {
        _attention = Add("self_attn", new LlamaAttention(config, precision));
        _mlp = Add("mlp", new LlamaMlp(config, precision));
        _attentionNorm = Add("input_layernorm", new RmsNorm(config.HiddenSize, config.RmsNormEps));
        _mlpNorm = Add("post_attention_layernorm", new RmsNorm(config.HiddenSize, config.RmsNormEps));
    }

    public override Tensor Forward(Tensor x, LayerInput input)
    {
        x = x + _attention.Forward(_attentionNorm.Forward(x), input);
        return x + _mlp.Forward(_mlpNorm.Forward(x));
    }
}

internal sealed class LlamaTransformer : DecoderTransformer
{
    private readonly LlamaLayer[] _layers;
    private readonly RmsNorm _norm;
    private readonly RopeFrequencies _rope;

    public LlamaTransformer(LlamaConfig config, ComputePrecision precision)
    {
        Embedding = Add("embed_tokens", new TokenEmbedding(config.VocabSize, config.HiddenSize, config.PadTokenId));
        var layers = Add("layers", new LayerList());
        _layers = layers.Fill(config.NumHiddenLayers, () => new LlamaLayer(config, precision));
        _norm = Add("norm", new RmsNorm(config.HiddenSize, config.RmsNormEps));
        _rope = RopeFrequencies.Read(config.Raw, config.HeadSize, config.MaxPositionEmbeddings);
    }

    public override TokenEmbedding Embedding { get; }

    // The first published files carry the rope frequencies of every layer.
    public override bool IsBuffer(string name) => name.EndsWith(".rotary_emb.inv_freq", StringComparison.Ordinal);

    public override Tensor Forward(Model model, ModelInput input)
    {
        Tensor x = Embedding.Forward(input.InputIds); // [B, T, C]
        x = model.EmbeddingHook?.Invoke(x) ?? x;
        var layerInput = new LayerInput
        {
            Mask = DecoderMask.For(input),
            Rope = RopeTable.For(_rope, input),
            Cache = input.Cache,
        };
        return LayerStack.Run(model, _layers, x, layerInput, input.HiddenStates, _norm.Forward);
    }
}

/// <summary>LLaMA (2302.13971), its successors, and whoever took its shape.</summary>
public static class Llama
{
    public static readonly Family Family = new DecoderNames("Llama", "model", "LlamaForCausalLM")
        .Family<LlamaConfig>("llama", ModelConfig.Read<LlamaConfig>, (config, precision) => new LlamaTransformer(config, precision));
}
