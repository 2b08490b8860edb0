namespace Tunesmith.Torch.Fused;

/// <summary>silu(gate) · up (2002.05202).</summary>
public static class SwiGlu
{
    /// <param name="gate">[..., I].</param>
    /// <param name="up">[..., I].</param>
    /// <returns>[..., I].</returns>
    public static Tensor Run(Tensor gate, Tensor up)
    {
        using var scope = Scope.Open();
        return scope.Keep(gate.Silu() * up);
    }
}
