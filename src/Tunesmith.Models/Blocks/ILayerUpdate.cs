using Tunesmith.Torch;
using Tunesmith.Torch.Nn;

namespace Tunesmith.Models.Blocks;

/// <summary>What an adapter puts on a layer: the layer holds it without knowing its kind.</summary>
internal interface ILayerUpdate
{
    /// <summary>Off while a computation wants the base alone.</summary>
    bool Enabled { get; }

    /// <summary>What becomes children of the layer, by the names that their parameters get.</summary>
    IEnumerable<(string Name, Module Module)> Parts { get; }

    /// <param name="input">What entered the layer: [..., in] of a product, int64 ids [B, T] of a table.</param>
    /// <param name="output">What the base made of it, [..., out].</param>
    /// <returns>[..., out].</returns>
    Tensor Apply(Tensor input, Tensor output);

    /// <returns>The weight that the layer with its update has: [out, in] of a product, [V, C] of a table.</returns>
    Tensor MergedWeight();

    /// <returns>The same for another layer that shares the weight (peft leaves that one as it is, unless rows were replaced).</returns>
    Tensor SharedWeight();
}
