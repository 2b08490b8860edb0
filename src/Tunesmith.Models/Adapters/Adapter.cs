using Tunesmith.Models.Blocks;
using Tunesmith.Torch;
using Tunesmith.Torch.Nn;

namespace Tunesmith.Models.Adapters;

/// <summary>
/// A LoRA on a model: its own matrices, and what else it trains and stores (biases, modules in full, embedding rows).
/// It can be saved and loaded in peft's layout, switched off, merged into the base and taken off again.
/// </summary>
public sealed class Adapter : IDisposable
{
    private readonly TensorOwner _owner = new();
    private readonly List<(string Name, Projection Layer)> _layers = [];
    private readonly List<(string Name, TokenEmbedding Table)> _tables = [];
    private readonly Dictionary<string, Tensor> _originals = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Tensor> _initial = new(StringComparer.Ordinal);
    private readonly HashSet<string> _replaced = new(StringComparer.Ordinal);

    internal Adapter(Model model, LoraConfig config)
    {
        Model = model;
        Config = config;
    }

    public Model Model { get; }

    public LoraConfig Config { get; internal set; }

    public bool IsMerged { get; private set; }

    /// <summary>Names of the modules with a low-rank update, in model order.</summary>
    public IEnumerable<string> AdaptedModules => _layers.Select(layer => layer.Name).Concat(_tables.Select(table => table.Name));

    /// <summary>Parameters outside the low-rank matrices whose values the adapter brings and stores.</summary>
    public IReadOnlyCollection<string> Replaced => _replaced;

    internal IReadOnlyList<(string Name, Projection Layer)> Layers => _layers;

    internal IReadOnlyList<(string Name, TokenEmbedding Table)> Tables => _tables;

    /// <summary>First values of starts that change the base, "module.lora_A.weight" to tensor.</summary>
    internal IReadOnlyDictionary<string, Tensor> Initial => _initial;

    /// <summary>Puts a new LoRA on the model, drawn as LLaMA-Factory's run with these keys draws it.</summary>
    public static Adapter Attach(Model model, AdapterOptions options, Generator generator, string? baseModel = null) =>
        LoraAttach.Run(model, LoraAttach.ConfigFor(model, options, baseModel), generator);

    /// <summary>What <see cref="Attach"/> would refuse, found from names and shapes alone.</summary>
    /// <returns>How many values the update would train.</returns>
    public static long CheckTargets(Model model, AdapterOptions options) => LoraAttach.Check(model, LoraAttach.ConfigFor(model, options, baseModel: null));

    /// <summary>Those of the options' module names that fit nothing in the model; to be asked after <see cref="CheckTargets"/>.</summary>
    public static IReadOnlyList<string> Unmatched(Model model, AdapterOptions options) => LoraAttach.Unmatched(model, options);

    /// <summary>Reads an adapter folder in peft's layout and puts it on the model.</summary>
    public static Adapter Load(Model model, string folder, bool trainable = false) => AdapterFile.Load(model, folder, trainable);

    /// <summary>Sees that a folder holds a whole adapter, without reading its weights.</summary>
    public static void Check(string folder) => AdapterFile.Check(folder);

    /// <summary>Removes an adapter from a folder that a whole model was written to: it would be put on that model.</summary>
    public static void Remove(string folder) => AdapterFile.Remove(folder);

    /// <summary>Writes adapter_config.json and adapter_model.safetensors in peft's layout.</summary>
    public void Save(string folder) => AdapterFile.Save(this, folder);

    /// <summary>Writes an adapter that changed its base at the start (PiSSA) as an ordinary LoRA of twice the rank over the unchanged base.</summary>
    public void SaveConverted(string folder) => AdapterFile.SaveConverted(this, folder);

    /// <summary>Switches every low-rank update off until the result is disposed: the base alone computes.</summary>
    public IDisposable Disabled()
    {
        if (IsMerged)
        {
            throw Errors.AdapterMerged();
        }

        SetEnabled(false);
        SwapOriginals();
        return new Reenable(this);
    }

    /// <summary>Writes the updates into the base's weights; <see cref="Unmerge"/> brings the base back exactly.</summary>
    public void Merge()
    {
        if (IsMerged)
        {
            throw Errors.AdapterMerged();
        }

        string[] without = [.. _layers.Where(pair => pair.Layer.LowRank().B.Bias is not null && pair.Layer.Bias is null).Select(pair => pair.Name)];
        if (without.Length > 0)
        {
            throw Errors.CannotMergeBias(without);
        }

        using var guard = Autograd.NoGrad();
        foreach ((string name, Projection layer) in _layers)
        {
            using var scope = Scope.Open();
            Keep(name + ".weight", layer.Weight.Value);
            LowRankUpdate update = layer.LowRank();
            Tensor merged = update.MergedWeight();
            Tensor? bias = update.MergedBias();
            layer.Weight.Replace((layer.InputMajor ? merged.Transpose(0, 1) : merged).Contiguous().To(layer.Weight.Value.DType));
            if (layer.Bias is not null && update.B.Bias is not null)
            {
                Keep(name + ".bias", layer.Bias.Value);
                layer.Bias.Replace(bias!.To(layer.Bias.Value.DType));
            }
        }

        foreach ((string name, TokenEmbedding table) in _tables)
        {
            using var scope = Scope.Open();
            Keep(name + ".weight", table.Weight.Value);
            table.Weight.Replace(table.Update!.MergedWeight().Contiguous().To(table.Weight.Value.DType));
        }

        SetEnabled(false);
        IsMerged = true;
    }

    /// <summary>Brings the base's weights back to what they were before <see cref="Merge"/>.</summary>
    public void Unmerge()
    {
        if (!IsMerged)
        {
            throw Errors.AdapterNotMerged();
        }

        foreach ((string name, Parameter parameter) in Model.NamedParameters().ToList())
        {
            if (_originals.TryGetValue("merged:" + name, out Tensor? original))
            {
                parameter.Replace(original.Clone());
                _originals.Remove("merged:" + name);
            }
        }

        SetEnabled(true);
        IsMerged = false;
    }

    /// <summary>Takes the low-rank matrices off the model; what was merged or replaced stays.</summary>
    public void Detach()
    {
        foreach ((string _, Projection layer) in _layers)
        {
            layer.Detach();
        }

        foreach ((string _, TokenEmbedding table) in _tables)
        {
            table.Detach();
        }

        _layers.Clear();
        _tables.Clear();
    }

    /// <summary>Our name of each trained parameter beside peft's, in model order.</summary>
    public IEnumerable<(string Name, string PeftName, Parameter Parameter)> TrainedParameters()
    {
        var adapted = AdaptedModules.ToHashSet(StringComparer.Ordinal);
        foreach ((string name, Parameter parameter) in Model.NamedParameters())
        {
            if (parameter.Trainable)
            {
                yield return (name, AdapterNames.InMemory(name, SavedRoot(name), adapted.Contains), parameter);
            }
        }
    }

    public void Dispose() => _owner.Dispose();

    internal void AddLayer(string name, Projection layer, LowRankUpdate update)
    {
        layer.Attach(update);
        _layers.Add((name, layer));
    }

    internal void AddTable(string name, TokenEmbedding table, EmbeddingUpdate update)
    {
        table.Attach(update);
        _tables.Add((name, table));
    }

    /// <summary>Notes that the adapter brings its own values of this parameter, and keeps the base's.</summary>
    internal void Replaces(string name, Parameter parameter)
    {
        if (_replaced.Add(name))
        {
            Keep("base:" + name, parameter.Value, prefix: "");
        }
    }

    internal void KeepInitial(string name, Tensor value) => _initial[name] = _owner.Adopt(value.Detach().Clone());

    internal bool IsSavedInFull(string parameter) => SavedRoot(parameter) is not null;

    private string? SavedRoot(string parameter) => ModuleTargets.SavedRoot(Config, parameter[..Math.Max(parameter.LastIndexOf('.'), 0)]);

    private void Keep(string name, Tensor value, string prefix = "merged:") => _originals[prefix + name] = _owner.Adopt(value.Detach().Clone());

    private void SetEnabled(bool enabled)
    {
        _layers.ForEach(pair => pair.Layer.LowRank().Enabled = enabled);
        _tables.ForEach(pair => pair.Table.TableUpdate().Enabled = enabled);
    }

    private void SwapOriginals()
    {
        using var guard = Autograd.NoGrad();
        using var scope = Scope.Open();
        foreach ((string name, Parameter parameter) in Model.NamedParameters().ToList())
        {
            if (_originals.TryGetValue("base:" + name, out Tensor? original))
            {
                Tensor current = parameter.Value.Detach().Clone();
                parameter.Value.CopyInPlace(original);
                original.CopyInPlace(current);
            }
        }
    }

    private sealed class Reenable(Adapter adapter) : IDisposable
    {
        public void Dispose()
        {
            adapter.SwapOriginals();
            adapter.SetEnabled(true);
        }
    }
}
