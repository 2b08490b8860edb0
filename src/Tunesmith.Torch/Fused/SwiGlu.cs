using Tunesmith.Torch.Interop;

namespace Tunesmith.Torch.Fused;

/// <summary>silu(gate) · up (2002.05202); only its two inputs are kept for the backward pass.</summary>
public static class SwiGlu
{
    private static readonly Operator s_siluBackward = new("aten::silu_backward");

    /// <param name="gate">[..., I].</param>
    /// <param name="up">[..., I].</param>
    /// <returns>[..., I].</returns>
    public static Tensor Run(Tensor gate, Tensor up) =>
        Autograd.Custom([gate, up], context =>
        {
            context.Save(gate, up);
            Tensor active = gate.Silu();
            active.MulInPlace(up);
            return active;
        }, Backward);

    private static Tensor?[] Backward(CustomContext context, Tensor gradient)
    {
        Tensor gate = context.Saved[0], up = context.Saved[1];
        Tensor? dGate = context.Needs(0) ? s_siluBackward.One(gradient * up, gate) : null;
        if (!context.Needs(1)) return [dGate, null];
        Tensor dUp = gate.Silu();
        dUp.MulInPlace(gradient);
        return [dGate, dUp];
    }
}
