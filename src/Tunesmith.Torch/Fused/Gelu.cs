namespace Tunesmith.Torch.Fused;

/// <summary>Gaussian error linear unit (1606.08415): x Φ(x), or its tanh form.</summary>
public static class Gelu
{
    public static Tensor Run(Tensor x, bool tanh = false) => x.Gelu(tanh ? "tanh" : "none");
}
