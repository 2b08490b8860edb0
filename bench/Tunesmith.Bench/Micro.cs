using System.Diagnostics;
using System.Globalization;
using Tunesmith.Torch;
using Tunesmith.Torch.Fused;
using Tunesmith.Torch.Interop;

namespace Tunesmith.Bench;

/// <summary>Each of our kernels beside the composed version on libtorch's operators: forward and backward at the sizes of the step, A and B alternating in one process.</summary>
internal static class Micro
{
    /// <summary>So many milliseconds are long against the clock's 10.</summary>
    private const double Enough = 200;

    /// <summary>Name, shapes of the inputs, function.</summary>
    private static readonly (string Name, long[][] Shapes, Func<Tensor[], Tensor> Run)[] s_cases =
    [
        ("dropout 2048x384", [[2048, 384]], x => Dropout.Run(x[0], 0.1, true, Generator.Default)),
        ("layer norm 2048x384", [[2048, 384], [384], [384]], x => LayerNorm.Run(x[0], x[1], x[2], 1e-12)),
        ("dropout + residual + layer norm 2048x384", [[2048, 384], [2048, 384], [384], [384]], x => LayerNorm.RunSum(x[0], x[1], 0.1, Generator.Default, x[2], x[3], 1e-12)),
        ("gelu 2048x1536", [[2048, 1536]], x => Gelu.Run(x[0])),
        ("gelu tanh 2048x1536", [[2048, 1536]], x => Gelu.Run(x[0], tanh: true)),
        ("attention 32x12x64x32, dropout", [[32, 12, 64, 32], [32, 12, 64, 32], [32, 12, 64, 32]], x => Attention.Run(x[0], x[1], x[2], 0.17, AttentionMask.None, 0.1, Generator.Default)),
        ("attention 4x9x512x64, causal", [[4, 9, 512, 64], [4, 3, 512, 64], [4, 3, 512, 64]], x => Attention.Run(x[0], x[1], x[2], 0.125, new AttentionMask { Causal = true }, 0, null)),
        ("rms norm 2048x576", [[2048, 576], [576]], x => RmsNorm.Run(x[0], x[1], 1e-5)),
        ("rotary 4x9x512x64", [[4, 512, 9, 64]], x => Rotary.Apply(x[0].Transpose(1, 2), Angles(), Angles())),
        ("swiglu 2048x1536", [[2048, 1536], [2048, 1536]], x => SwiGlu.Run(x[0], x[1])),
        ("linear cross-entropy 512x576x49152", [[512, 576], [49152, 576]], x => LinearCrossEntropy.Run(x[0], x[1], null, Tensor.Arange(0, 512)).Sum),
    ];

    /// <returns>A table in the form that <c>docs/log.md</c> keeps: CPU milliseconds, which other work on the machine disturbs least.</returns>
    public static string Run(int rounds, TextWriter talk)
    {
        var lines = new List<string> { $"| kernel, forward and backward ({TorchInfo.KernelLevel}, {Threads.Count} threads) | ours, CPU ms | composed, CPU ms | ours is |", "|---|---|---|---|" };
        foreach (DType type in new[] { DType.Float32, DType.BFloat16 })
        {
            foreach (var (name, shapes, run) in s_cases)
            {
                using var scope = Scope.Open();
                var generator = new Generator(1);
                Tensor[] leaves = [.. shapes.Select(shape => generator.RandN(shape).To(type))];
                foreach (var leaf in leaves) leaf.RequiresGrad = true;
                Add($"{name}, {(type == DType.Float32 ? "fp32" : "bf16")}", () => Step(leaves, run));
            }
        }
        using (Scope.Open())
        {
            Tensor p = Tensor.Ones(49152, 576), g = Tensor.Ones(49152, 576), m = Tensor.Zeros(49152, 576), v = Tensor.Ones(49152, 576);
            Add("adamw 28.3 million", () => AdamWStep.Run(p, g, m, v, 1e-5, 0.9, 0.999, 1e-8, 0.01, 1));
        }
        return string.Join('\n', lines);

        void Add(string name, Action step)
        {
            var (ours, composed) = (new List<double>(), new List<double>());
            for (var round = -1; round < rounds; round++)
            {
                foreach (var enabled in new[] { true, false })
                {
                    Kernels.Enabled = enabled;
                    var before = Process.GetCurrentProcess().TotalProcessorTime;
                    var times = 0;
                    do
                    {
                        step();
                        times++;
                    }
                    while ((Process.GetCurrentProcess().TotalProcessorTime - before).TotalMilliseconds < Enough);
                    var spent = (Process.GetCurrentProcess().TotalProcessorTime - before).TotalMilliseconds / times;
                    if (round >= 0) (enabled ? ours : composed).Add(spent); // the first is the warm-up
                }
            }
            Kernels.Enabled = true;
            var ratio = Compare.Median(composed.Zip(ours, (theirs, mine) => theirs / Math.Max(mine, 1e-3)));
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"| {name} | {Compare.Median(ours):F1} | {Compare.Median(composed):F1} | {ratio:F2}x |"));
            talk.WriteLine(lines[^1]);
        }
    }

    private static void Step(Tensor[] leaves, Func<Tensor[], Tensor> run)
    {
        using var scope = Scope.Open();
        var y = run(leaves);
        Autograd.Backward([y], [Tensor.Ones(y.Sizes, y.DType)]);
        foreach (var leaf in leaves) leaf.ClearGrad();
    }

    private static Tensor Angles() => Tensor.Full([512, 64], 0.7);
}
