using Tunesmith.Models.Blocks;
using Tunesmith.Models.Checkpoints;
using Tunesmith.Torch;
using Tunesmith.Torch.Nn;

namespace Tunesmith.Models.Adapters;

/// <summary>
/// A LoRA on a model: its own parameters, and what else it trains and stores (biases, modules in full, embedding rows).
/// It can be saved and loaded in PEFT's layout, merged into the base, and taken off again.
/// </summary>
public sealed class Adapter : IDisposable
{
    private readonly TensorOwner _owner = new();
    private readonly List<AdaptedLayer> _layers = [];
    private readonly Dictionary<string, Tensor> _originals = new(StringComparer.Ordinal);
    private bool _merged;

    internal Adapter(Model model, LoraConfig config)
    {
        Model = model;
        Config = config;
    }

    public Model Model { get; }

    public LoraConfig Config { get; private set; }

    public bool IsMerged => _merged;

    internal IReadOnlyList<AdaptedLayer> Layers => _layers;

    /// <summary>Names of parameters outside the low-rank matrices that the adapter replaces and stores.</summary>
    internal IEnumerable<string> Replaced => _originals.Keys;
}
