using Tunesmith.Torch;

namespace Tunesmith.Models.Blocks;

/// <summary>
/// The one place that decides in which dtype products are computed. Parameters keep their own dtype: with float32 weights
/// and bfloat16 here, weights and inputs are rounded for each product, as torch's autocast does.
/// </summary>
public sealed class ComputePrecision
{
    /// <summary>null computes in the dtype of the weights.</summary>
    public DType? Compute { get; set; }

    /// <param name="x">[..., in].</param>
    /// <param name="weight">[out, in].</param>
    /// <param name="bias">[out] or null.</param>
    /// <returns>[..., out], in the compute dtype.</returns>
    internal Tensor Linear(Tensor x, Tensor weight, Tensor? bias)
    {
        DType dtype = Compute ?? weight.DType;
        return x.To(dtype).Linear(weight.To(dtype), bias?.To(dtype));
    }

    /// <summary>What goes into attention is rounded like what goes into a product.</summary>
    internal Tensor Round(Tensor x) => Compute is DType dtype ? x.To(dtype) : x;
}
