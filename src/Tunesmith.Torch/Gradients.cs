using Tunesmith.Torch.Interop;

namespace Tunesmith.Torch;

/// <summary>A tensor's place in the graph of the backward pass.</summary>
public static unsafe class Gradients
{
    extension(Tensor x)
    {
        /// <summary>True where gradients are computed for it.</summary>
        public bool RequiresGrad
        {
            get => x.Info().RequiresGrad != 0;
            set
            {
                using var leases = new Leases([x]);
                Status.Check(Native.ts_requires_grad_set(leases.Pointers[0], value ? 1 : 0));
            }
        }

        /// <summary>What backward passes have added up, as a tensor of the open scope; null where there is nothing.</summary>
        public Tensor? Grad
        {
            get
            {
                using var leases = new Leases([x]);
                Status.Check(Native.ts_grad_get(leases.Pointers[0], out nint gradient));
                return gradient == 0 ? null : new Tensor(gradient);
            }
            set
            {
                using var leases = new Leases(value is null ? [x] : [x, value]);
                Status.Check(Native.ts_grad_set(leases.Pointers[0], value is null ? 0 : leases.Pointers[1]));
            }
        }

        /// <summary>Forgets the gradient and frees its memory.</summary>
        public void ClearGrad() => x.Grad = null;

        /// <summary>Adds up gradients in every leaf that this tensor was computed from.</summary>
        /// <param name="gradient">What arrives here, of this tensor's shape; null: 1, for a tensor of one element.</param>
        public void Backward(Tensor? gradient = null)
        {
            using var leases = new Leases(gradient is null ? [x] : [x, gradient]);
            int status;
            fixed (nint* all = leases.Pointers) status = Native.ts_backward_run(all, gradient is null ? null : all + 1, 1, 0, 0);
            Status.Check(status);
        }
    }
}
