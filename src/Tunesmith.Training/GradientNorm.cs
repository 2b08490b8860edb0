using Tunesmith.Torch;
using Tunesmith.Torch.Nn;

namespace Tunesmith.Training;

/// <summary>The norm over all gradients, and clipping by it (torch.nn.utils.clip_grad_norm_).</summary>
internal static class GradientNorm
{
    private const double Epsilon = 1e-6;

    /// <summary>Scales the gradients to `maxNorm` where they are longer (0: never) and gives the norm before.</summary>
    public static double Clip(IEnumerable<(string Name, Parameter Parameter)> parameters, double maxNorm)
    {
        using var noGrad = Autograd.NoGrad();
        using var scope = Scope.Open();
        var gradients = parameters.Select(entry => entry.Parameter.Value.Grad).OfType<Tensor>().ToList();
        if (gradients.Count == 0) return 0;
        var norm = Tensor.Stack([.. gradients.Select(gradient => gradient.Norm().To(DType.Float32))], 0).Norm().Item();
        var scale = maxNorm / (norm + Epsilon);
        if (maxNorm <= 0 || !(scale < 1)) return norm;
        foreach (var gradient in gradients) gradient.MulInPlace(scale);
        return norm;
    }
}
