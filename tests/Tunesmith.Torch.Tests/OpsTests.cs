namespace Tunesmith.Torch.Tests;

[NoTensorLeaks]
public sealed class OpsTests
{
    [Fact]
    public void Products_equal_naive_loops()
    {
        using var scope = Scope.Open();
        double[] a = Close.Random(1, 12), b = Close.Random(2, 20);
        Close.Equal(Naive.MatMul(a, b, 3, 4, 5), Tensor.From(a, 3, 4).MatMul(Tensor.From(b, 4, 5)), 1e-12);
        Close.Equal(Naive.MatMul(a, b, 3, 4, 5), Tensor.From(a, 1, 3, 4).Bmm(Tensor.From(b, 1, 4, 5)), 1e-12);
    }

    [Fact]
    public void Softmax_equals_naive_loops()
    {
        using var scope = Scope.Open();
        double[] x = Close.Random(3, 24);
        Close.Equal(Naive.Softmax(x, 6), Tensor.From(x, 4, 6).Softmax(-1), 1e-12);
        Close.Equal([.. Naive.Softmax(x, 6).Select(v => Math.Log(v))], Tensor.From(x, 4, 6).LogSoftmax(-1), 1e-12);
    }

    [Fact]
    public void Elementwise_operators_equal_the_functions_of_the_runtime()
    {
        using var scope = Scope.Open();
        double[] x = [.. Close.Random(4, 9).Select(v => v + 1.5)];
        Tensor t = Tensor.From(x, 9);
        Check(Math.Exp, t.Exp());
        Check(Math.Log, t.Log());
        Check(Math.Sqrt, t.Sqrt());
        Check(v => 1 / Math.Sqrt(v), t.Rsqrt());
        Check(Math.Tanh, t.Tanh());
        Check(Math.Sin, t.Sin());
        Check(Math.Cos, t.Cos());
        Check(v => 1 / (1 + Math.Exp(-v)), t.Sigmoid());
        Check(v => v / (1 + Math.Exp(-v)), t.Silu());
        Check(v => Math.Pow(v, 3), t.Pow(3));
        Check(v => Math.Clamp(v, 1, 2), t.Clamp(1, 2));
        Check(v => 2 - v, 2 - t);
        Check(v => 3 / v, 3 / t);
        Check(v => 0.5 * v * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (v + 0.044715 * v * v * v))), t.Gelu("tanh"));

        void Check(Func<double, double> f, Tensor actual) => Close.Equal([.. x.Select(f)], actual, 1e-12);
    }

    [Fact]
    public void Shapes_move_elements_where_they_belong()
    {
        using var scope = Scope.Open();
        Tensor x = Tensor.Arange(0L, 6).View(2, 3);
        Assert.Equal([0L, 3, 1, 4, 2, 5], x.Transpose(0, 1).ToLongs());
        Assert.Equal([1L, 2, 4, 5], x.Narrow(1, 1, 2).ToLongs());
        Assert.Equal([3L, 4, 5], x.Select(0, 1).ToLongs());
        Assert.Equal([0L, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5], Tensor.Cat([x, x], 0).ToLongs());
        Assert.Equal([2L, 1, 3], x.Split([1, 2], 1)[0].Unsqueeze(2).Transpose(1, 2).Expand(2, 1, 3).Shape);
        Assert.Equal([0L, 2, 3, 5], x.Slice(1, 0, 3, 2).ToLongs());
        Assert.Equal([2L, 2], x.Chunk(2, 1)[0].Shape);
        Assert.Equal([5L, 4, 3, 2, 1, 0], x.Flip(0, 1).ToLongs());
    }

    [Fact]
    public void Orders_and_choices()
    {
        using var scope = Scope.Open();
        Tensor x = Tensor.From([3f, 1, 2, 3], 4);
        var (values, indices) = x.Sort(-1, descending: true);
        Assert.Equal([3f, 3, 2, 1], values.ToFloats());
        Assert.Equal([0L, 3, 2, 1], indices.ToLongs());
        Assert.Equal([0L], x.ArgMax(0, keep: true).ToLongs());
        Assert.Equal([3f, 3], x.TopK(2).Values.ToFloats());
        Assert.Equal([3f, 4, 6, 9], x.CumSum(0).ToFloats());
        Assert.Equal(1, x.Min(0).Values.Item());
        Assert.True(x.Gt(0).All());
        Assert.False(x.Gt(2).All());
        Assert.True(x.Eq(2).Any());
        Assert.Equal([-1f, 1, 2, -1], x.MaskedFill(x.Eq(3), -1).ToFloats());
        Assert.Equal([3L, 1], Tensor.From([3L, 1, 2, 3], 4).Gather(0, Tensor.From([0L, 1], 2)).ToLongs());
    }

    [Fact]
    public void Bits_are_compared_not_values()
    {
        using var scope = Scope.Open();
        Assert.True(Tensor.From([float.NaN, 1f], 2).EqualBits(Tensor.From([float.NaN, 1f], 2)));
        Assert.False(Tensor.From([0f], 1).EqualBits(Tensor.From([-0f], 1)));
        Assert.False(Tensor.From([0f], 1).EqualBits(Tensor.From([0d], 1)));
    }

    [Fact]
    public void Singular_values_put_a_matrix_together_again()
    {
        using var scope = Scope.Open();
        double[] a = Close.Random(9, 12);
        var (u, s, vh) = Tensor.From(a, 4, 3).Svd();
        Close.Equal(a, (u * s).MatMul(vh), 1e-10);
    }
}
