using System.Text.Json.Nodes;
using Tunesmith.Models.Blocks;
using Tunesmith.Models.Checkpoints;
using Tunesmith.Torch;
using Tunesmith.Torch.Fused;
using Tunesmith.Torch.Nn;
using LayerNorm = Tunesmith.Torch.Nn.LayerNorm;

namespace Tunesmith.Models.Families;

/// <summary>GPT-2: Radford et al. 2019; field defaults as transformers' configuration_gpt2.</summary>
public sealed record Gpt2Config : ModelConfig
{
    public int NEmbd { get; init; } = 768;

    public int NLayer { get; init; } = 12;

    public int NHead { get; init; } = 12;

    public int? NInner { get; init; }

    public long NPositions { get; init; } = 1024;

    public string ActivationFunction { get; init; } = "gelu_new";

    public double LayerNormEpsilon { get; init; } = 1e-5;

    public double EmbdPdrop { get; init; } = 0.1;

    public double AttnPdrop { get; init; } = 0.1;

    public double ResidPdrop { get; init; } = 0.1;

    public bool ScaleAttnWeights { get; init; } = true;

    public bool ScaleAttnByInverseLayerIdx { get; init; }

    public bool AddCrossAttention { get; init; }

    public override int LayerCount => NLayer;

    public override int Width => NEmbd;

    public override bool HasPositionTable => true;

    public override long MaxLength => NPositions;

    internal int Inner => NInner ?? 4 * NEmbd;

    public override bool TiesHead => TieWordEmbeddings ?? true;

    protected override void Check(string path)
    {
        Require(VocabSize > 0 && NEmbd > 0 && NLayer > 0 && NHead > 0 && NPositions > 0 && Inner > 0, path, "a size below 1; expected sizes, heads and layers from 1");
        Require(NEmbd % NHead == 0, path, $"n_head {NHead} for n_embd {NEmbd}; expected a divisor of n_embd");
        Require(!AddCrossAttention, path, "add_cross_attention true; expected false, a decoder of its own");
    }
}

internal sealed class Gpt2Attention : Module
{
    private readonly Gpt2Config _config;
    private readonly Projection _queryKeyValue;
    private readonly Projection _output;

    public Gpt2Attention(Gpt2Config config, ComputePrecision precision)
    {
        _config = config;
        _queryKeyValue = Add("c_attn", new Projection(precision, config.NEmbd, 3L * config.NEmbd, bias: true, inputMajor: true));
        _output = Add("c_proj", new Projection(precision, config.NEmbd, config.NEmbd, bias: true, inputMajor: true));
    }

    public Tensor Forward(Tensor x, LayerInput input)
    {
        Tensor[] parts = _queryKeyValue.Forward(x).Chunk(3, -1); // 3 x [B, T, C]
        Tensor q = Split(parts[0]); // [B, H, T, D]
        Tensor k = Split(parts[1]); // [B, H, T, D]
        Tensor v = Split(parts[2]); // [B, H, T, D]
        if (input.Cache is not null)
        {
            (k, v) = input.Cache.Append(input.Layer, k, v); // [B, H, S, D]
        }

        double scale = _config.ScaleAttnWeights ? 1 / Math.Sqrt((double)_config.NEmbd / _config.NHead) : 1;
        scale /= _config.ScaleAttnByInverseLayerIdx ? input.Layer + 1 : 1;
        Tensor y = Attention.Run(q, k, v, scale, input.Mask, Training ? _config.AttnPdrop : 0, Generator.Default); // [B, H, T, D]
        y = _output.Forward(y.Transpose(1, 2).Reshape(x.Size(0), x.Size(1), -1)); // [B, T, C]
        return Dropout.Run(y, _config.ResidPdrop, Training, Generator.Default);
    }

    private Tensor Split(Tensor x) => x.Reshape(x.Size(0), x.Size(1), _config.NHead, _config.NEmbd / _config.NHead).Transpose(1, 2);
}

internal sealed class Gpt2Mlp : Module
{
    private readonly Projection _first;
    private readonly Projection _second;
    private readonly Func<Tensor, Tensor> _activation;
    private readonly double _dropout;

    public Gpt2Mlp(Gpt2Config config, ComputePrecision precision)
    {
        _first = Add("c_fc", new Projection(precision, config.NEmbd, config.Inner, bias: true, inputMajor: true));
        _second = Add("c_proj", new Projection(precision, config.Inner, config.NEmbd, bias: true, inputMajor: true));
        _activation = Activation.Get(config.ActivationFunction);
        _dropout = config.ResidPdrop;
    }

    public Tensor Forward(Tensor x) => Dropout.Run(_second.Forward(_activation(_first.Forward(x))), _dropout, Training, Generator.Default);
}

internal sealed class Gpt2Layer : TransformerLayer
{
    private readonly LayerNorm _attentionNorm;
    private readonly Gpt2Attention _attention;
    private readonly LayerNorm _mlpNorm;
    private readonly Gpt2Mlp _mlp;

    public Gpt2Layer(Gpt2Config config, ComputePrecision precision)
    {
        _attentionNorm = Add("ln_1", new LayerNorm(config.NEmbd, config.LayerNormEpsilon));
        _attention = Add("attn", new Gpt2Attention(config, precision));
        _mlpNorm = Add("ln_2", new LayerNorm(config.NEmbd, config.LayerNormEpsilon));
        _mlp = Add("mlp", new Gpt2Mlp(config, precision));
    }

    public override Tensor Forward(Tensor x, LayerInput input)
    {
        x = x + _attention.Forward(_attentionNorm.Forward(x), input);
        return x + _mlp.Forward(_mlpNorm.Forward(x));
    }
}

internal sealed class Gpt2Transformer : DecoderTransformer
{
    private readonly Gpt2Config _config;
    private readonly TokenEmbedding _positions;
    private readonly Gpt2Layer[] _layers;
    private readonly LayerNorm _norm;

    public Gpt2Transformer(Gpt2Config config, ComputePrecision precision)
    {
        _config = config;
        Embedding = Add("wte", new TokenEmbedding(config.VocabSize, config.NEmbd, padId: null));
        _positions = Add("wpe", new TokenEmbedding(config.NPositions, config.NEmbd, padId: null));
        _layers = Add("h", new LayerList()).Fill(config.NLayer, () => new Gpt2Layer(config, precision));
        _norm = Add("ln_f", new LayerNorm(config.NEmbd, config.LayerNormEpsilon));
    }

    public override TokenEmbedding Embedding { get; }

    // Published files carry each layer's causal mask, h.N.attn.bias, and the value of a masked score.
    public override bool IsBuffer(string name) =>
        name.EndsWith(".attn.bias", StringComparison.Ordinal) || name.EndsWith(".attn.masked_bias", StringComparison.Ordinal);

    public override Tensor Forward(Model model, ModelInput input)
    {
        Tensor x = Embedding.Forward(input.InputIds); // [B, T, C]
        x = model.EmbeddingHook?.Invoke(x) ?? x;
        x = x + _positions.Forward(Positions.For(input, _config.NPositions)); // [B, T, C]
        x = Dropout.Run(x, _config.EmbdPdrop, model.Training, Generator.Default);
        var layerInput = new LayerInput { Mask = DecoderMask.For(input), Cache = input.Cache };
        return LayerStack.Run(model, _layers, x, layerInput, input.HiddenStates, _norm.Forward);
    }
}

/// <summary>GPT-2 (Radford et al. 2019).</summary>
public static class Gpt2
{
    /// <summary>transformers' GPT2Config.attribute_map. Fields that are no parameters of the class are set last and through the map, so that the alias wins.</summary>
    private static readonly (string Alias, string Field)[] Aliases =
        [("hidden_size", "n_embd"), ("max_position_embeddings", "n_positions"), ("num_attention_heads", "n_head"), ("num_hidden_layers", "n_layer")];

    public static readonly Family Family = new DecoderNames("GPT2", "transformer", "GPT2LMHeadModel", TokenHead: "classifier")
        .Family<Gpt2Config>("gpt2", Read, (config, precision) => new Gpt2Transformer(config, precision));

    private static Gpt2Config Read(string path, JsonObject raw)
    {
        var given = (JsonObject)raw.DeepClone();
        foreach (var (alias, field) in Aliases)
        {
            if (!given.Remove(alias, out JsonNode? value) || value is null) continue;
            given[field] = value;
        }

        return ModelConfig.Read<Gpt2Config>(path, given);
    }
}
