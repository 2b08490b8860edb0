using Tunesmith.Torch;
using Tunesmith.Torch.Nn;

namespace Tunesmith.Models.Blocks;

/// <summary>A table of vectors looked up by id; as a tied output matrix it also scores. An embedding update can be put on it.</summary>
public sealed class TokenEmbedding : Module
{
    private readonly long? _padId;

    /// <param name="rows">V.</param>
    /// <param name="width">C.</param>
    /// <param name="padId">The row that gets no gradient from lookups; null for none.</param>
    public TokenEmbedding(long rows, long width, long? padId)
    {
        Width = width;
        _padId = padId < 0 ? padId + rows : padId;
        Weight = AddParameter("weight", [rows, width]);
    }

    public long Rows => Weight.Shape[0];

    public long Width { get; }

    public Parameter Weight { get; }

    internal ILayerUpdate? Update { get; private set; }

    /// <param name="ids">int64 [B, T].</param>
    /// <returns>[B, T, C].</returns>
    public Tensor Forward(Tensor ids)
    {
        Tensor x = Lookup(Weight.Value, ids);
        return Update is { Enabled: true } ? Update.Apply(ids, x) : x;
    }

    /// <summary>Scores every row: the tied output matrix.</summary>
    /// <param name="hidden">[..., C].</param>
    /// <param name="precision">Dtype of the product.</param>
    /// <returns>[..., V].</returns>
    internal Tensor Project(Tensor hidden, ComputePrecision precision) => precision.Linear(hidden, HeadWeight(), null);

    /// <returns>The table as a tied output matrix, [V, C].</returns>
    internal Tensor HeadWeight() => Update is { Enabled: true } ? Update.SharedWeight() : Weight.Value;

    internal Tensor Lookup(Tensor table, Tensor ids) => table.Embed(ids, _padId ?? -1);

    internal void Attach(ILayerUpdate update)
    {
        Update = Update is null ? update : throw Errors.AdapterPresent();
        foreach (var (name, module) in update.Parts) Add(name, module);
    }

    internal void Detach()
    {
        foreach (var (name, _) in Update?.Parts ?? []) Remove(name);
        Update = null;
    }
}
