using Tunesmith.Torch.Fused;
using Tunesmith.Torch.Interop;

namespace Tunesmith.Torch.Tests;

/// <summary>
/// Our kernels, at every level of instructions that this CPU has: in float32 against the composed versions in double precision (which FusedTests hold to naive
/// loops), in bfloat16 against the composed versions in bfloat16, values and gradients.
/// </summary>
[NoTensorLeaks]
public sealed class KernelTests
{
    private const int Rows = 37; // more than the 16 parts of a sum over rows, and no multiple

    public static TheoryData<string, int> Levels(params string[] what)
    {
        var data = new TheoryData<string, int>();
        foreach (string one in what)
            for (int level = 0; level <= (int)Kernels.Highest; level++) data.Add(one, level);
        return data;
    }

    public static TheoryData<string, int> AllLevels => Levels([.. s_functions.Keys]);

    // Each takes its width. Dropout draws the same mask from its own generator every time.
    private static readonly SortedDictionary<string, (Func<long, long[][]> Shapes, Func<Tensor[], Tensor> Run)> s_functions = new(StringComparer.Ordinal)
    {
        ["dropout"] = (w => [[Rows, w]], x => Dropout.Run(x[0], 0.3, true, new Generator(7))),
        ["dropout of a transposed matrix"] = (w => [[w, Rows]], x => Dropout.Run(x[0].Transpose(0, 1), 0.3, true, new Generator(7))),
        ["gelu"] = (w => [[Rows, w]], x => Gelu.Run(x[0] * 3)),
        ["gelu of a transposed matrix"] = (w => [[w, Rows]], x => Gelu.Run(x[0].Transpose(0, 1))),
        ["gelu, tanh"] = (w => [[Rows, w]], x => Gelu.Run(x[0] * 3, tanh: true)),
        ["layer norm"] = (w => [[Rows, w], [w], [w]], x => LayerNorm.Run(x[0], x[1], x[2], 1e-5)),
        ["layer norm of a sum"] = (w => [[Rows, w], [Rows, w], [w], [w]], x => LayerNorm.RunSum(x[0], x[1], 0, null, x[2], x[3], 1e-5)),
        ["layer norm of a sum with dropout"] = (w => [[Rows, w], [Rows, w], [w], [w]], x => LayerNorm.RunSum(x[0], x[1], 0.3, new Generator(7), x[2], x[3], 1e-5)),
        ["rms norm"] = (w => [[Rows, w], [w]], x => RmsNorm.Run(x[0], x[1], 1e-5)),
        ["rms norm of a transposed matrix"] = (w => [[w, Rows], [w]], x => RmsNorm.Run(x[0].Transpose(0, 1), x[1], 1e-5)),
        ["rotary"] = (w => [[2, 5, 3, 2 * w]], x => Rotary.Apply(x[0].Transpose(1, 2), Angles(5, x[0].Size(-1)).Cos(), Angles(5, x[0].Size(-1)).Sin())),
        ["rotary, a part, adjacent pairs"] = (w => [[2, 3, 5, 2 * w + 3]], x => Rotary.Apply(x[0], Adjacent(x[0].Size(-1) - 3).Cos(), Adjacent(x[0].Size(-1) - 3).Sin(), interleaved: true)),
        ["swiglu"] = (w => [[Rows, w], [Rows, w]], x => SwiGlu.Run(x[0] * 3, x[1])),
        ["swiglu of transposed matrices"] = (w => [[w, Rows], [w, Rows]], x => SwiGlu.Run(x[0].Transpose(0, 1), x[1].Transpose(0, 1))),
    };

    [Theory]
    [MemberData(nameof(AllLevels))]
    public void Values_and_gradients_are_those_of_the_composed_version(string name, int level) => At(level, () =>
    {
        (Func<long, long[][]> shapes, Func<Tensor[], Tensor> run) = s_functions[name];
        foreach (long width in new long[] { 1, 7, 33, 64, 130 })
        {
            // One number a row has no variance: there the norm's gradient is nothing but rounding.
            if (width == 1 && name.Contains("layer norm", StringComparison.Ordinal)) continue;
            Compare(run, shapes(width), DType.Float32, 1e-5);
            Compare(run, shapes(width), DType.BFloat16, 0.04);
        }
    });

    [Theory]
    [MemberData(nameof(AllLevels))]
    public void Empty_tensors_stay_empty(string name, int level) => At(level, () =>
    {
        if (name.Contains("rotary", StringComparison.Ordinal)) return; // its empty dimension is not the width
        (Func<long, long[][]> shapes, Func<Tensor[], Tensor> run) = s_functions[name];
        Tensor[] inputs = [.. shapes(0).Select(shape => Leaf(Tensor.Zeros(shape)))];
        Tensor y = run(inputs);
        Assert.Equal(0, y.Count);
        y.Sum().Backward();
    });

    public static TheoryData<string, int> AttentionLevels => Levels("causal", "none", "padding", "padding and dropout", "allowed");

    [Theory]
    [MemberData(nameof(AttentionLevels))]
    public void Attention_is_that_of_the_composed_version(string kind, int level) => At(level, () =>
    {
        foreach (long length in new long[] { 1, 7, 33, 150 })
        {
            AttentionMask mask = kind switch
            {
                "causal" => new AttentionMask { Causal = true },
                "allowed" => new AttentionMask { Allowed = Tensor.Ones([length, length], DType.Bool).Tril().View(1, 1, length, length) },
                "none" => AttentionMask.None,
                _ => new AttentionMask { Padding = Tensor.From([.. Enumerable.Range(0, 2 * (int)length).Select(i => i % length == 0 || i % 5 != 0 ? 1L : 0)], 2, length) },
            };
            double dropout = kind.EndsWith("dropout", StringComparison.Ordinal) ? 0.2 : 0;
            Tensor Run(Tensor[] x) => Attention.Run(x[0].Transpose(1, 2), x[1], x[2], 0.4, mask, dropout, new Generator(7));
            long[][] shapes = [[2, length, 4, 6], [2, 2, length, 6], [2, 2, length, 6]];
            Compare(Run, shapes, DType.Float32, 1e-5);
            Compare(Run, shapes, DType.BFloat16, 0.06);
        }
    });

    [Theory]
    [MemberData(nameof(AttentionRowLevels))]
    public void A_query_that_sees_nothing_looks_at_all_keys_alike(string kind, int level) => At(level, () =>
    {
        foreach (int length in new[] { 5, 1500 }) // the longer row does not fit into a kernel's piece
        {
            Tensor v = new Generator(3).RandN(1, 1, length, 2);
            var mask = new AttentionMask { Padding = Tensor.Zeros([1, length], DType.Int64) };
            Tensor y = Attention.Run(new Generator(1).RandN(1, 1, 2, 2), new Generator(2).RandN(1, 1, length, 2), v, 1, mask, 0, null);
            double[] mean = v.View(length, 2).Mean(0).ToDoubles();
            Close.Equal([.. mean, .. mean], y, 1e-5);
            Assert.NotEmpty(kind);
        }
    });

    public static TheoryData<string, int> AttentionRowLevels => Levels("all hidden");

    [Theory]
    [MemberData(nameof(LossLevels))]
    public void Cross_entropy_is_that_of_the_composed_version(string kind, int level) => At(level, () =>
    {
        double smoothing = kind == "smoothed" ? 0.1 : 0;
        foreach (long pieces in new long[] { 1, 7, 33, 3000 })
        {
            Tensor labels = Tensor.From([0L, pieces - 1, -100, pieces / 2, 0], 5);
            foreach (bool bias in new[] { false, true })
            {
                Tensor Run(Tensor[] x) => LinearCrossEntropy.Run(x[0], x[1], bias ? x[2] : null, labels, smoothing).Sum;
                Compare(Run, [[5, 6], [pieces, 6], [pieces]], DType.Float32, 1e-5);
                Compare(Run, [[5, 6], [pieces, 6], [pieces]], DType.BFloat16, 0.04);
            }
        }
        Assert.Contains("label", Assert.Throws<TorchException>(() => LinearCrossEntropy.Run(Tensor.Zeros(1, 2), Tensor.Zeros(3, 2), null, Tensor.From([3L], 1))).Message);
    });

    public static TheoryData<string, int> LossLevels => Levels("plain", "smoothed");

    [Theory]
    [MemberData(nameof(OptimizerLevels))]
    public void Adamw_follows_its_formula(string kind, int level) => At(level, () =>
    {
        foreach (int count in new[] { 0, 1, 7, 33, 40_000 })
        {
            double[] p = Close.Random(1, count), g = Close.Random(2, count), m = Close.Random(3, count), v = [.. Close.Random(4, count).Select(Math.Abs)];
            Tensor parameter = Single(p), first = Single(m), second = Single(v);
            AdamWStep.Run(parameter, Single(g), first, second, 0.01, 0.9, 0.999, 1e-8, 0.1, 3);
            for (int i = 0; i < count; i++)
            {
                m[i] = 0.9 * m[i] + 0.1 * g[i];
                v[i] = 0.999 * v[i] + 0.001 * g[i] * g[i];
                p[i] = p[i] * (1 - 0.001) - 0.01 * (m[i] / (1 - Math.Pow(0.9, 3))) / (Math.Sqrt(v[i] / (1 - Math.Pow(0.999, 3))) + 1e-8);
            }
            Close.Equal(p, parameter, 1e-6);
            Close.Equal(m, first, 1e-6);
            Close.Equal(v, second, 1e-6);
            Assert.NotEmpty(kind);
        }

        static Tensor Single(double[] values) => Tensor.From(values, values.Length).To(DType.Float32);
    });

    public static TheoryData<string, int> OptimizerLevels => Levels("adamw");

    [Theory]
    [MemberData(nameof(DrawLevels))]
    public void A_mask_has_libtorchs_draws_and_leaves_its_state(string kind, int level) => At(level, () =>
    {
        Generator ours = new(3), theirs = new(3);
        if (kind == "after other draws")
        {
            foreach (Generator generator in new[] { ours, theirs })
            {
                generator.RandN(3); // leaves a cached normal behind
                generator.Next32(); // and an odd number of draws
            }
        }
        foreach (int count in new[] { 0, 1, 7, 311, 312, 313, 1000, 33, 5000 })
        {
            double p = count % 2 == 0 ? 0.9 : 0.5;
            Tensor mask = Dropout.Mask([count], 1 - p, ours), drawn = Tensor.Empty([count], DType.Float32);
            drawn.BernoulliInPlace(1 - (1 - p), theirs);
            Assert.Equal(drawn.ToFloats(), mask.To(DType.Float32).ToFloats());
            Assert.Equal(theirs.GetState(), ours.GetState());
            if (count == 313) Assert.Equal(theirs.Next32(), ours.Next32());
        }
        Assert.Equal(theirs.RandN(3).ToFloats(), ours.RandN(3).ToFloats());
    });

    public static TheoryData<string, int> DrawLevels => Levels("fresh", "after other draws");

    [Theory]
    [MemberData(nameof(OddNumberLevels))]
    public void What_is_no_number_stays_visible(string kind, int level) => At(level, () =>
    {
        float odd = kind == "nan" ? float.NaN : kind == "infinity" ? float.PositiveInfinity : float.NegativeInfinity;
        float[] values = [.. Enumerable.Range(0, 40).Select(i => i == 17 ? odd : i * 0.05f - 1)];
        (string, Func<Tensor, Tensor>)[] functions =
        [
            ("dropout", x => Dropout.Run(x, 0.3, true, new Generator(7))), ("gelu", x => Gelu.Run(x)), ("tanh", x => Gelu.Run(x, tanh: true)),
            ("swiglu", x => SwiGlu.Run(x, x)), ("rms", x => RmsNorm.Run(x, Tensor.Ones([20], x.DType), 1e-5)), ("layer", x => LayerNorm.Run(x, Tensor.Ones([20], x.DType), Tensor.Ones([20], x.DType), 1e-5)),
            ("attention", x => Attention.Run(x.View(1, 1, 2, 20), x.View(1, 1, 2, 20), x.View(1, 1, 2, 20), 1, AttentionMask.None, 0, null)),
            ("loss", x => LinearCrossEntropy.Run(x, Tensor.Ones([3, 20], x.DType), null, Tensor.From([0L, 1], 2)).Sum),
        ];
        foreach ((string name, Func<Tensor, Tensor> run) in functions)
        {
            // In double precision: in float32, libtorch 2 hands GELU to oneDNN, which makes NaN of infinity.
            double[] ours = run(Tensor.From(values, 2, 20)).ToDoubles(), theirs = run(Tensor.From(values, 2, 20).To(DType.Float64)).ToDoubles();
            string Shown(double[] x) => name + ": " + string.Join(' ', x.Select(v => double.IsFinite(v) ? "." : double.IsNaN(v) ? "n" : v > 0 ? "+" : "-"));
            Assert.Equal(Shown(theirs), Shown(ours));
        }
    });

    public static TheoryData<string, int> OddNumberLevels => Levels("nan", "infinity", "minus infinity");

    [Fact]
    public void The_level_is_the_cpus_lowered_like_libtorchs() =>
        Assert.Equal(Environment.GetEnvironmentVariable("ATEN_CPU_CAPABILITY") switch
        {
            "default" => KernelLevel.Baseline,
            "avx2" when Kernels.Highest > KernelLevel.Avx2 => KernelLevel.Avx2,
            _ => Kernels.Highest,
        }, Kernels.Level);

    [Fact]
    public void What_kernels_do_not_read_goes_to_libtorch()
    {
        using var scope = Scope.Open();
        Assert.True(Kernels.Take(Tensor.Zeros(2), Tensor.Zeros([2], DType.BFloat16), null));
        Assert.False(Kernels.Take(Tensor.Zeros([2], DType.Float64)));
        Assert.False(Kernels.Take(Tensor.Zeros(2), Tensor.Zeros([2], DType.Float16)));
        Assert.False(Composed(() => Kernels.Take(Tensor.Zeros(2))));
    }

    [Fact]
    public void A_kernel_refuses_tensors_that_do_not_fit()
    {
        using var scope = Scope.Open();
        Tensor x = Tensor.Zeros(2, 3);
        Assert.Contains("SwiGlu", Assert.Throws<TorchException>(() => Kernels.Run(Kernel.SwiGlu, [x, Tensor.Zeros(5), x])).Message);
        Assert.Contains("one piece", Assert.Throws<TorchException>(() => Kernels.Run(Kernel.Gelu, [x, x.Transpose(0, 1)], 0)).Message);
        Assert.Contains("expected one", Assert.Throws<TorchException>(() => Kernels.Run(Kernel.Gelu, [x, null], 0)).Message);
        Assert.Contains("expected float32", Assert.Throws<TorchException>(() => Kernels.Run(Kernel.Gelu, [x.To(DType.Int64), x], 0)).Message);
        Assert.Contains("numbers", Assert.Throws<TorchException>(() => Kernels.Run(Kernel.Gelu, [x, x])).Message);
        Assert.Contains("expected 0 to", Assert.Throws<TorchException>(() => Kernels.Run((Kernel)99, [])).Message);
        Assert.Contains("level", Assert.Throws<TorchException>(() => Kernels.Level = Kernels.Highest + 1).Message);
    }

    /// <summary>float32 is compared with the same function in double precision, bfloat16 with libtorch's operators in bfloat16.</summary>
    private static void Compare(Func<Tensor[], Tensor> run, long[][] shapes, DType type, double tolerance)
    {
        using var scope = Scope.Open();
        Tensor[] values = [.. shapes.Select((shape, i) => Tensor.From(Close.Random((ulong)i + 1, (int)shape.Aggregate(1L, (a, b) => a * b)), shape).To(type))];
        (double[] y, double[][] gradients) = type == DType.Float32 ? Evaluate(run, values, DType.Float64) : Composed(() => Evaluate(run, values, type));
        (double[] Y, double[][] Gradients) ours = Evaluate(run, values, type);
        Close.Equal(y, Tensor.From(ours.Y), tolerance);
        for (int i = 0; i < gradients.Length; i++)
        {
            // Sums over many rows are larger than one: their rounding is measured by their size.
            double size = Math.Max(1, gradients[i].Length == 0 ? 1 : gradients[i].Max(Math.Abs));
            Close.Equal([.. gradients[i].Select(g => g / size)], Tensor.From([.. ours.Gradients[i].Select(g => g / size)]), tolerance);
        }
    }

    private static (double[] Y, double[][] Gradients) Evaluate(Func<Tensor[], Tensor> run, Tensor[] values, DType type)
    {
        using var scope = Scope.Open();
        Tensor[] leaves = [.. values.Select(value => Leaf(value.To(type).Clone()))];
        Tensor y = run(leaves);
        Tensor mix = Tensor.Empty(y.Shape, DType.Float64);
        mix.UniformInPlace(-1, 1, new Generator(5));
        (y.To(DType.Float64) * mix).Sum().Backward();
        return (y.ToDoubles(), [.. leaves.Select(leaf => leaf.Grad?.ToDoubles() ?? [])]);
    }

    private static Tensor Leaf(Tensor x)
    {
        x.RequiresGrad = true;
        return x;
    }

    // The angles' type is the usual one of a model, whatever x has.
    private static Tensor Angles(int positions, long features) =>
        Tensor.From([.. Enumerable.Range(0, positions * (int)features).Select(i => (float)(i / (int)features * (1 + i % (int)features % ((int)features / 2)) * 0.37))], positions, features);

    private static Tensor Adjacent(long features) =>
        Tensor.From([.. Enumerable.Range(0, 5 * (int)features).Select(i => (float)(i / (int)features * (1 + i % (int)features / 2) * 0.37))], 5, features);

    private static T Composed<T>(Func<T> run)
    {
        Kernels.Enabled = false;
        try
        {
            return run();
        }
        finally
        {
            Kernels.Enabled = true;
        }
    }

    private static void At(int level, Action test)
    {
        KernelLevel before = Kernels.Level;
        Kernels.Level = (KernelLevel)level;
        try
        {
            using var scope = Scope.Open();
            test();
        }
        finally
        {
            Kernels.Level = before;
        }
    }
}
