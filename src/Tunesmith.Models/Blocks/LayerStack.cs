using Tunesmith.Models.Generation;
using Tunesmith.Torch;
using Tunesmith.Torch.Fused;
using Tunesmith.Torch.Nn;

namespace Tunesmith.Models.Blocks;

/// <summary>What every layer of one forward pass is given beside the hidden states.</summary>
internal sealed class LayerInput
{
    public required AttentionMask Mask { get; init; }

    public RopeTable? Rope { get; init; }

    public KvCache? Cache { get; init; }

    /// <summary>Number of the layer that runs.</summary>
    public int Layer { get; init; }

    public LayerInput At(int layer) => new() { Mask = Mask, Rope = Rope, Cache = Cache, Layer = layer };
}

/// <summary>One layer of a family.</summary>
internal abstract class TransformerLayer : Module
{
    /// <param name="x">[B, T, C].</param>
    /// <param name="input">Mask, positions and cache.</param>
    /// <returns>[B, T, C].</returns>
    public abstract Tensor Forward(Tensor x, LayerInput input);
}

/// <summary>Numbered children: "layers.0", "layers.1", ...</summary>
internal sealed class LayerList : Module
{
    public T[] Fill<T>(int count, Func<T> make)
        where T : Module
    {
        var layers = new T[count];
        for (int i = 0; i < count; i++)
        {
            layers[i] = Add(i.ToString(System.Globalization.CultureInfo.InvariantCulture), make());
        }

        return layers;
    }
}

/// <summary>Runs layers one after the other, keeping or recomputing what is inside them.</summary>
internal static class LayerStack
{
    public static Tensor Run(Model model, IReadOnlyList<TransformerLayer> layers, Tensor x, LayerInput input, List<Tensor>? hiddenStates, Func<Tensor, Tensor>? finalNorm)
    {
        bool recompute = model.GradientCheckpointing && model.Training && Autograd.Enabled && input.Cache is null;
        for (int i = 0; i < layers.Count; i++)
        {
            hiddenStates?.Add(x);
            TransformerLayer layer = layers[i];
            LayerInput at = input.At(i);
            x = recompute ? Autograd.Checkpoint(value => layer.Forward(value, at), x) : Call(layer, x, at);
        }

        x = finalNorm is null ? x : finalNorm(x);
        hiddenStates?.Add(x);
        return x;
    }

    /// <summary>What a layer makes on the way is freed when it returns, except what the backward pass holds.</summary>
    private static Tensor Call(TransformerLayer layer, Tensor x, LayerInput input)
    {
        using var scope = Scope.Open();
        return scope.Keep(layer.Forward(x, input));
    }
}
