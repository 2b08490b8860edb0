using Tunesmith.Torch.Interop;

namespace Tunesmith.Torch.Fused;

/// <summary>Gaussian error linear unit (1606.08415): x Φ(x), or its tanh form.</summary>
public static class Gelu
{
    public static Tensor Run(Tensor x, bool tanh = false)
    {
        if (!Kernels.Take(x)) return x.Gelu(tanh ? "tanh" : "none");
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
}
