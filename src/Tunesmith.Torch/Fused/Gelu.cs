using Tunesmith.Torch.Interop;

namespace Tunesmith.Torch.Fused;

/// <summary>Gaussian error linear unit (1606.08415): x Φ(x), or its tanh form.</summary>
public static class Gelu
{
    public static Tensor Run(Tensor x, bool tanh = false)
    {
        if (!Kernels.Take(x)) return Composed(x, tanh ? "tanh" : "none");
        using var scope = Scope.Open();
        Tensor given = x.Contiguous();
        return scope.Keep(Autograd.Custom([given], context =>
        {
            context.Save(given);
            Tensor y = Tensor.Empty(given.Sizes, given.DType);
            Kernels.Run(Kernel.Gelu, [given, y], tanh ? 1 : 0);
            return y;
        }, (context, gradient) =>
        {
            Tensor dx = Tensor.Empty(gradient.Sizes, gradient.DType);
            Kernels.Run(Kernel.GeluBack, [gradient.Contiguous(), context.Saved[0], dx], tanh ? 1 : 0);
            return [dx];
        }));
    }

    // libtorch hands bfloat16 to oneDNN by what the CPU has, also where oneDNN was told to use less and then has no way to compute it.
    private static Tensor Composed(Tensor x, string approximate) => x.DType == DType.BFloat16 && !NativeSwitches.OneDnnMayUseBFloat16
        ? x.To(DType.Float32).Gelu(approximate).To(DType.BFloat16)
        : x.Gelu(approximate);
}
