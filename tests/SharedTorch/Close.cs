using Tunesmith.Torch;

namespace Tunesmith.Tests;

/// <summary>Comparisons of numbers that say what differs, and gradients against differences of the function's values.</summary>
internal static class Close
{
    public static void Equal(double[] expected, Tensor actual, double tolerance = 1e-5)
    {
        double[] got = actual.ToDoubles();
        Assert.Equal(expected.Length, got.Length);
        double worst = 0;
        int at = 0;
        for (int i = 0; i < got.Length; i++)
        {
            double difference = Math.Abs(expected[i] - got[i]) / Math.Max(1, Math.Abs(expected[i]));
            if (difference > worst || double.IsNaN(difference)) (worst, at) = (difference, i);
        }
        Assert.True(worst <= tolerance, $"{actual}: element {at} is {(got.Length > 0 ? got[at] : 0)}; expected {(got.Length > 0 ? expected[at] : 0)}, largest difference {worst:g3}, tolerance {tolerance:g3}");
    }

    /// <summary>Checks the gradients of sum(f(inputs) · random) with central differences. The inputs are doubles.</summary>
    public static void Gradients(Func<Tensor[], Tensor> f, params double[][] inputs) => Gradients(f, [.. inputs.Select(x => new long[] { x.Length })], inputs);

    public static void Gradients(Func<Tensor[], Tensor> f, long[][] shapes, double[][] inputs, double tolerance = 1e-6)
    {
        using var scope = Scope.Open();
        Tensor[] leaves = [.. inputs.Select((x, i) => Tensor.From(x, shapes[i]))];
        foreach (Tensor leaf in leaves) leaf.RequiresGrad = true;
        Tensor y = f(leaves);
        Tensor mix = Tensor.Empty(y.Shape, DType.Float64);
        mix.UniformInPlace(-1, 1, new Generator(5));
        (y * mix).Sum().Backward();
        double[] weights = mix.ToDoubles();
        for (int i = 0; i < inputs.Length; i++)
        {
            double[] expected = new double[inputs[i].Length];
            for (int j = 0; j < expected.Length; j++) expected[j] = (Value(i, j, 1e-5) - Value(i, j, -1e-5)) / 2e-5;
            Equal(expected, leaves[i].Grad!, tolerance);
        }

        double Value(int input, int element, double step)
        {
            using var inner = Scope.Open();
            using var plain = Autograd.NoGrad();
            Tensor[] moved = [.. inputs.Select((x, i) =>
            {
                double[] copy = [.. x];
                if (i == input) copy[element] += step;
                return Tensor.From(copy, shapes[i]);
            })];
            return f(moved).ToDoubles().Zip(weights, (a, b) => a * b).Sum();
        }
    }

    /// <summary>Numbers between −1 and 1, the same for the same seed.</summary>
    public static double[] Random(ulong seed, int count)
    {
        using var scope = Scope.Open();
        Tensor x = Tensor.Empty([count], DType.Float64);
        x.UniformInPlace(-1, 1, new Generator(seed));
        return x.ToDoubles();
    }
}
