using Tunesmith.Torch;
using Tunesmith.Torch.Fused;

namespace Tunesmith.Models.Blocks;

/// <summary>The activation functions that config.json may name, by transformers' names (activations.py).</summary>
internal static class Activation
{
    // transformers' LaplaceActivation.
    private const double LaplaceMean = 0.707107;
    private const double LaplaceDeviation = 0.282095;

    private static readonly SortedDictionary<string, Func<Tensor, Tensor>> Known = new(StringComparer.Ordinal)
    {
        ["gelu"] = x => Gelu.Run(x, tanh: false),
        ["gelu_10"] = x => Gelu.Run(x, tanh: false).Clamp(-10, 10),
        ["gelu_accurate"] = x => Gelu.Run(x, tanh: true),
        ["gelu_fast"] = x => Gelu.Run(x, tanh: true),
        ["gelu_new"] = x => Gelu.Run(x, tanh: true),
        ["gelu_python"] = x => Gelu.Run(x, tanh: false),
        ["gelu_python_tanh"] = x => Gelu.Run(x, tanh: true),
        ["gelu_pytorch_tanh"] = x => Gelu.Run(x, tanh: true),
        ["laplace"] = x => (((x - LaplaceMean) / (LaplaceDeviation * Math.Sqrt(2))).Erf() + 1.0) * 0.5,
        ["leaky_relu"] = x => x.Relu() - ((-x).Relu() * 0.01),
        ["linear"] = x => x,
        ["mish"] = x => x * (-(-x).LogSigmoid()).Tanh(),
        ["quick_gelu"] = x => x * (x * 1.702).Sigmoid(),
        ["relu"] = x => x.Relu(),
        ["relu2"] = x => x.Relu().Pow(2),
        ["relu6"] = x => x.Clamp(0, 6),
        ["sigmoid"] = x => x.Sigmoid(),
        ["silu"] = x => x.Silu(),
        ["swish"] = x => x.Silu(),
        ["tanh"] = x => x.Tanh(),
    };

    public static Func<Tensor, Tensor> Get(string name) => Known.TryGetValue(name, out var function) ? function : throw Errors.Activation(name, Known.Keys);

    public static bool IsSilu(string name) => name is "silu" or "swish";
}
