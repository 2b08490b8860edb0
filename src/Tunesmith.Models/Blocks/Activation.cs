using Tunesmith.Torch;
using Tunesmith.Torch.Fused;

namespace Tunesmith.Models.Blocks;

/// <summary>The activation functions that config.json may name, by transformers' names (activations.py).</summary>
internal static class Activation
{
    private static readonly SortedDictionary<string, Func<Tensor, Tensor>> Known = new(StringComparer.Ordinal)
    {
        ["gelu"] = x => Gelu.Run(x, tanh: false),
        ["gelu_fast"] = x => Gelu.Run(x, tanh: true),
        ["gelu_new"] = x => Gelu.Run(x, tanh: true),
        ["gelu_pytorch_tanh"] = x => Gelu.Run(x, tanh: true),
        ["quick_gelu"] = x => x * (x * 1.702).Sigmoid(),
        ["relu"] = x => x.Relu(),
        ["sigmoid"] = x => x.Sigmoid(),
        ["silu"] = x => x.Silu(),
        ["swish"] = x => x.Silu(),
        ["tanh"] = x => x.Tanh(),
    };

    public static Func<Tensor, Tensor> Get(string name) => Known.TryGetValue(name, out var function) ? function : throw Errors.Activation(name, Known.Keys);

    public static bool IsSilu(string name) => name is "silu" or "swish";
}
