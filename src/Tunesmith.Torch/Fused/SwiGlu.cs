using Tunesmith.Torch.Interop;

namespace Tunesmith.Torch.Fused;

/// <summary>silu(gate) · up (2002.05202); only its two inputs are kept for the backward pass.</summary>
public static class SwiGlu
{
    private static readonly Operator s_siluBackward = new("aten::silu_backward");

    /// <param name="gate">[..., I].</param>
    /// <param name="up">[..., I].</param>
    /// <returns>[..., I].</returns>
    public static Tensor Run(Tensor gate, Tensor up)
    {
        using var scope = Scope.Open();
        bool ours = Kernels.Take(gate, up) && gate.DType == up.DType && gate.Sizes.AsSpan().SequenceEqual(up.Sizes);
        if (ours) (gate, up) = (gate.Contiguous(), up.Contiguous());
        return scope.Keep(Autograd.Custom([gate, up], context =>
        {
            context.Save(gate, up);
            if (!ours)
            {
                Tensor active = gate.Silu();
                active.MulInPlace(up);
                return active;
            }
            Tensor y = Tensor.Empty(gate.Sizes, gate.DType);
            Kernels.Run(Kernel.SwiGlu, [gate, up, y]);
            return y;
        }, (context, gradient) => Backward(context, gradient, ours)));
    }

    private static Tensor?[] Backward(CustomContext context, Tensor gradient, bool ours)
    {
        Tensor gate = context.Saved[0], up = context.Saved[1];
        if (ours)
        {
            Tensor first = Tensor.Empty(gate.Sizes, gate.DType), second = Tensor.Empty(gate.Sizes, gate.DType);
            Kernels.Run(Kernel.SwiGluBack, [gradient.Contiguous(), gate, up, first, second]);
            return [first, second];
        }
        Tensor? dGate = context.Needs(0) ? s_siluBackward.One(gradient * up, gate) : null;
        if (!context.Needs(1)) return [dGate, null];
        Tensor dUp = gate.Silu();
        dUp.MulInPlace(gradient);
        return [dGate, dUp];
    }
}
