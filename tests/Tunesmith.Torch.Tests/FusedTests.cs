using Tunesmith.Torch.Fused;

namespace Tunesmith.Torch.Tests;

[NoTensorLeaks]
public sealed class FusedTests
{
    public static TheoryData<string> Masks => ["none", "causal", "padding", "causal and padding", "allowed", "window"];

    [Theory]
    [MemberData(nameof(Masks))]
    public void Attention_equals_naive_loops(string kind)
    {
        using var scope = Scope.Open();
        (AttentionMask mask, Func<int, int, int, bool> sees) = Mask(kind, 5, 5);
        double[] q = Close.Random(1, 2 * 4 * 5 * 3), k = Close.Random(2, 2 * 2 * 5 * 3), v = Close.Random(3, 2 * 2 * 5 * 3);
        Tensor y = Attention.Run(Tensor.From(q, 2, 4, 5, 3), Tensor.From(k, 2, 2, 5, 3), Tensor.From(v, 2, 2, 5, 3), 0.7, mask, 0, null);
        Close.Equal(Naive.Attention(q, k, v, 2, 4, 2, 5, 5, 3, 0.7, sees), y, 1e-10);
    }

    [Theory]
    [MemberData(nameof(Masks))]
    public void Attention_has_the_gradients_of_its_values(string kind)
    {
        using var scope = Scope.Open();
        // A query that sees nothing has the gradient of the reference's added mask, not that of its value: padding stands on the right here.
        (AttentionMask mask, _) = Mask(kind, 4, 4, hiddenKey: 3);
        Close.Gradients(x => Attention.Run(x[0], x[1], x[2], 0.7, mask, 0, null), [[2, 2, 4, 2], [2, 1, 4, 2], [2, 1, 4, 2]],
            [Close.Random(1, 32), Close.Random(2, 16), Close.Random(3, 16)]);
    }

    [Fact]
    public void Attention_in_blocks_equals_attention_at_once()
    {
        using var scope = Scope.Open();
        const int T = 300;
        double[] q = Close.Random(1, 2 * T * 4), k = Close.Random(2, T * 4), v = Close.Random(3, T * 4);
        Tensor lower = Tensor.Ones([T, T], DType.Bool).Tril().View(1, 1, T, T);
        (double[] Y, double[] Q, double[] K, double[] V) blocks = Run(new AttentionMask { Causal = true });
        (double[] Y, double[] Q, double[] K, double[] V) whole = Run(new AttentionMask { Allowed = lower });
        using var inner = Scope.Open();
        Close.Equal(whole.Y, Tensor.From(blocks.Y), 1e-12);
        Close.Equal(whole.Q, Tensor.From(blocks.Q), 1e-12);
        Close.Equal(whole.K, Tensor.From(blocks.K), 1e-12);
        Close.Equal(whole.V, Tensor.From(blocks.V), 1e-12);

        (double[], double[], double[], double[]) Run(AttentionMask mask)
        {
            using var run = Scope.Open();
            Tensor[] leaves = [Tensor.From(q, 1, 2, T, 4), Tensor.From(k, 1, 1, T, 4), Tensor.From(v, 1, 1, T, 4)];
            foreach (Tensor leaf in leaves) leaf.RequiresGrad = true;
            Tensor y = Attention.Run(leaves[0], leaves[1], leaves[2], 0.5, mask, 0, null);
            (y * y).Sum().Backward();
            return (y.ToDoubles(), leaves[0].Grad!.ToDoubles(), leaves[1].Grad!.ToDoubles(), leaves[2].Grad!.ToDoubles());
        }
    }

    [Fact]
    public void Fewer_queries_than_keys_are_the_last_positions()
    {
        using var scope = Scope.Open();
        Tensor q = new Generator(1).RandN(1, 2, 200, 4), k = new Generator(2).RandN(1, 2, 200, 4), v = new Generator(3).RandN(1, 2, 200, 4);
        var causal = new AttentionMask { Causal = true };
        Tensor all = Attention.Run(q, k, v, 0.5, causal, 0, null);
        Close.Equal(all.Narrow(2, 50, 150).ToDoubles(), Attention.Run(q.Narrow(2, 50, 150), k, v, 0.5, causal, 0, null), 1e-5);
        Close.Equal(all.Narrow(2, 199, 1).ToDoubles(), Attention.Run(q.Narrow(2, 199, 1), k, v, 0.5, causal, 0, null), 1e-5);
    }

    [Fact]
    public void Attention_drops_what_the_reference_order_of_draws_says()
    {
        using var scope = Scope.Open();
        Tensor q = new Generator(1).RandN(1, 2, 3, 4), k = new Generator(2).RandN(1, 2, 3, 4), v = new Generator(3).RandN(1, 2, 3, 4);
        Tensor y = Attention.Run(q, k, v, 0.5, AttentionMask.None, 0.4, new Generator(9));
        Tensor weights = Dropout.Run((q.MatMul(k.Transpose(2, 3)) * 0.5).Softmax(-1), 0.4, true, new Generator(9));
        Close.Equal(weights.MatMul(v).ToDoubles(), y, 1e-5);
        Close.Gradients(x => Attention.Run(x[0], x[1], x[2], 0.5, AttentionMask.None, 0.4, new Generator(9)), [[1, 2, 3, 2], [1, 1, 3, 2], [1, 1, 3, 2]],
            [Close.Random(1, 12), Close.Random(2, 6), Close.Random(3, 6)]);
    }

    [Fact]
    public void Heads_that_do_not_divide_are_an_error()
    {
        using var scope = Scope.Open();
        Assert.Contains("H is a multiple", Assert.Throws<TorchException>(
            () => Attention.Run(Tensor.Zeros(1, 3, 2, 2), Tensor.Zeros(1, 2, 2, 2), Tensor.Zeros(1, 2, 2, 2), 1, AttentionMask.None, 0, null)).Message);
    }

    [Fact]
    public void Norms_equal_naive_loops_and_have_their_gradients()
    {
        using var scope = Scope.Open();
        double[] x = Close.Random(1, 12), w = Close.Random(2, 4), b = Close.Random(3, 4);
        Close.Equal(Naive.RmsNorm(x, w, 1e-5), RmsNorm.Run(Tensor.From(x, 3, 4), Tensor.From(w, 4), 1e-5), 1e-10);
        Close.Equal(Naive.LayerNorm(x, w, b, 1e-5), LayerNorm.Run(Tensor.From(x, 3, 4), Tensor.From(w, 4), Tensor.From(b, 4), 1e-5), 1e-10);
        Close.Gradients(t => RmsNorm.Run(t[0], t[1], 1e-5), [[3, 4], [4]], [x, w]);
        Close.Gradients(t => LayerNorm.Run(t[0], t[1], t[2], 1e-5), [[3, 4], [4], [4]], [x, w, b]);
    }

    [Fact]
    public void Swiglu_and_rotary_have_their_gradients()
    {
        using var scope = Scope.Open();
        double[] angles = Close.Random(7, 6);
        Close.Gradients(t => SwiGlu.Run(t[0], t[1]), Close.Random(1, 8), Close.Random(2, 8));
        foreach (bool interleaved in new[] { false, true })
        {
            double[] twice = interleaved ? [.. angles.SelectMany(a => new[] { a, a })] : [.. angles.Chunk(2).SelectMany(a => a.Concat(a))];
            Tensor cos = Tensor.From(twice, 3, 4).Cos(), sin = Tensor.From(twice, 3, 4).Sin();
            Close.Gradients(t => Rotary.Apply(t[0], cos, sin, interleaved), [[1, 2, 3, 4]], [Close.Random(3, 24)]);
            Close.Gradients(t => Rotary.Apply(t[0], cos, sin, interleaved), [[1, 2, 3, 6]], [Close.Random(3, 36)]);
        }
    }

    [Fact]
    public void Rotary_turns_each_pair_by_its_angle()
    {
        using var scope = Scope.Open();
        Tensor cos = Tensor.From([0.6, 0.8, 0.6, 0.8], 1, 4), sin = Tensor.From([0.8, 0.6, 0.8, 0.6], 1, 4);
        Tensor x = Tensor.From([1.0, 2, 3, 4], 1, 1, 1, 4);
        Close.Equal([1 * 0.6 - 3 * 0.8, 2 * 0.8 - 4 * 0.6, 3 * 0.6 + 1 * 0.8, 4 * 0.8 + 2 * 0.6], Rotary.Apply(x, cos, sin), 1e-12);
    }

    [Theory]
    [InlineData(false, 0.0)]
    [InlineData(true, 0.0)]
    [InlineData(true, 0.1)]
    public void Linear_cross_entropy_equals_naive_loops_and_has_its_gradients(bool bias, double smoothing)
    {
        using var scope = Scope.Open();
        double[] x = Close.Random(1, 20), w = Close.Random(2, 28), b = Close.Random(3, 7);
        long[] labels = [1, -100, 6, 0, -100];
        Tensor answers = Tensor.From(labels, 5);
        (Tensor sum, long count) = LinearCrossEntropy.Run(Tensor.From(x, 5, 4), Tensor.From(w, 7, 4), bias ? Tensor.From(b, 7) : null, answers, smoothing);
        Assert.Equal(3, count);
        Close.Equal([Naive.CrossEntropy(x, w, bias ? b : null, labels, 4, smoothing)], sum, 1e-6);
        // The sum is float32: its differences are too coarse, so the gradients are compared with plain operators.
        Tensor[] fused = Leaves(), plain = Leaves();
        (LinearCrossEntropy.Run(fused[0], fused[1], bias ? fused[2] : null, answers, smoothing).Sum / 3).Backward();
        Tensor logs = plain[0].IndexSelect(0, Tensor.From([0L, 2, 3], 3)).Linear(plain[1], bias ? plain[2] : null).LogSoftmax(-1);
        Tensor picked = -logs.Gather(1, Tensor.From([1L, 6, 0], 3, 1)).Sum() * (1 - smoothing) - logs.Mean(-1).Sum() * smoothing;
        (picked / 3).Backward();
        for (int i = 0; i < (bias ? 3 : 2); i++) Close.Equal(plain[i].Grad!.ToDoubles(), fused[i].Grad!, 1e-7);

        Tensor[] Leaves()
        {
            Tensor[] made = [Tensor.From(x, 5, 4), Tensor.From(w, 7, 4), Tensor.From(b, 7)];
            foreach (Tensor leaf in made) leaf.RequiresGrad = true;
            return made;
        }
    }

    [Fact]
    public void Linear_cross_entropy_in_many_chunks_equals_plain_operators()
    {
        using var scope = Scope.Open();
        Tensor x = new Generator(1).RandN(900, 2), w = new Generator(2).RandN(40000, 2);
        Tensor labels = Tensor.Arange(0L, 900);
        x.RequiresGrad = true;
        (Tensor sum, long count) = LinearCrossEntropy.Run(x, w, null, labels);
        sum.Backward();
        double[] made = x.Grad!.ToDoubles();
        x.ClearGrad();
        Tensor plain = -x.Linear(w).LogSoftmax(-1).Gather(1, labels.Unsqueeze(1)).Sum();
        plain.Backward();
        Assert.Equal(900, count);
        Close.Equal(plain.ToDoubles(), sum, 1e-5);
        Close.Equal(x.Grad!.ToDoubles(), Tensor.From(made, 900, 2), 1e-4);
    }

    [Fact]
    public void No_labelled_row_is_a_loss_of_nothing()
    {
        using var scope = Scope.Open();
        Tensor x = Tensor.Ones(2, 3);
        x.RequiresGrad = true;
        (Tensor sum, long count) = LinearCrossEntropy.Run(x, Tensor.Ones(4, 3), null, Tensor.From([-100L, -100], 2));
        sum.Backward();
        Assert.Equal((0.0, 0L), (sum.Item(), count));
        Assert.Equal(new float[6], x.Grad!.ToFloats());
    }

    [Fact]
    public void Adamw_in_slices_equals_naive_loops()
    {
        using var scope = Scope.Open();
        const int N = 300_000;
        double[] p = Close.Random(1, N), m = new double[N], v = new double[N];
        Tensor value = Tensor.From(p, 3, N / 3), first = value.ZerosLike(), second = value.ZerosLike();
        for (int step = 1; step <= 3; step++)
        {
            double[] g = Close.Random((ulong)step + 10, N);
            AdamWStep.Run(value, Tensor.From(g, 3, N / 3), first, second, 1e-2, 0.9, 0.99, 1e-8, 0.1, step);
            for (int i = 0; i < N; i++)
            {
                m[i] = 0.9 * m[i] + 0.1 * g[i];
                v[i] = 0.99 * v[i] + 0.01 * g[i] * g[i];
                p[i] -= 1e-2 * 0.1 * p[i];
                p[i] -= 1e-2 * (m[i] / (1 - Math.Pow(0.9, step))) / (Math.Sqrt(v[i] / (1 - Math.Pow(0.99, step))) + 1e-8);
            }
        }
        Close.Equal(p, value, 1e-10);
    }

    private static (AttentionMask, Func<int, int, int, bool>) Mask(string kind, int queries, int keys, int hiddenKey = 0)
    {
        // The second sequence has one padded position; on the left, one query sees nothing under the causal mask.
        Tensor padding = Tensor.From([.. Enumerable.Range(0, 2 * keys).Select(i => i == keys + hiddenKey ? 0L : 1L)], 2, keys);
        bool[] allowed = [.. Enumerable.Range(0, 2 * queries * keys).Select(i => i * 7 % 3 != 0 || i % keys == 0)];
        int last = keys - queries;
        return kind switch
        {
            "causal" => (new AttentionMask { Causal = true }, (_, t, s) => s <= t + last),
            "padding" => (new AttentionMask { Padding = padding }, (b, _, s) => b == 0 || s != hiddenKey),
            "causal and padding" => (new AttentionMask { Causal = true, Padding = padding }, (b, t, s) => s <= t + last && (b == 0 || s != hiddenKey)),
            "allowed" => (new AttentionMask { Allowed = Tensor.From(allowed, 2, 1, queries, keys) }, (b, t, s) => allowed[(b * queries + t) * keys + s]),
            "window" => (new AttentionMask { Causal = true, Window = 2 }, (_, t, s) => s <= t + last && s > t + last - 2),
            _ => (AttentionMask.None, (_, _, _) => true),
        };
    }
}
