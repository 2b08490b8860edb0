using Tunesmith.Torch.Interop;

namespace Tunesmith.Torch;

/// <summary>A tensor's place in the graph of the backward pass.</summary>
public static class Gradients
{
    extension(Tensor x)
    {
        /// <summary>True where gradients are computed for it.</summary>
        public bool RequiresGrad
        {
            get => x.Info().RequiresGrad != 0;
            set => AutogradCalls.SetRequiresGrad(x, value);
        }

        /// <summary>What backward passes have added up, as a tensor of the open scope; null where there is nothing.</summary>
        public Tensor? Grad
        {
            get => AutogradCalls.GetGrad(x);
            set => AutogradCalls.SetGrad(x, value);
        }

        /// <summary>Forgets the gradient and frees its memory.</summary>
        public void ClearGrad() => x.Grad = null;

        /// <summary>Adds up gradients in every leaf that this tensor was computed from.</summary>
        /// <param name="gradient">What arrives here, of this tensor's shape; null: 1, for a tensor of one element.</param>
        public void Backward(Tensor? gradient = null) => AutogradCalls.Backward([x], [gradient], retainGraph: false, createGraph: false);

        /// <summary>A second reference to this tensor, in the open scope.</summary>
        public Tensor Alias() => Bytes.Alias(x);
    }
}
