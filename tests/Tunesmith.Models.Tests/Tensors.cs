using Tunesmith.Models;
using Tunesmith.Models.Checkpoints;
using Tunesmith.Torch;

namespace Tunesmith.Tests;

/// <summary>Small things that several test classes of this room need.</summary>
internal static class Tensors
{
    public static string Family(string name) => Path.Combine(Repo.Fixtures, "families", name);

    public static Model Load(string family, ModelKind? kind = null) =>
        ModelLoader.Load(Family(family), new LoadOptions { Kind = kind, Generator = new Generator(1) }).Model;

    public static CausalModel Causal(string family) => (CausalModel)Load(family, ModelKind.CausalLm);

    public static Tensor Ids(params long[] ids) => Tensor.From(ids, 1, ids.Length);

    public static void AreClose(Tensor expected, Tensor actual, double tolerance = 2e-5)
    {
        float[] wanted = expected.ToFloats(), got = actual.ToFloats();
        Assert.Equal(wanted.Length, got.Length);
        for (int i = 0; i < wanted.Length; i++)
        {
            Assert.True(Math.Abs(wanted[i] - got[i]) <= tolerance, $"{i}: got {got[i]}, expected {wanted[i]}");
        }
    }
}

/// <summary>A folder that is gone when the test is over.</summary>
internal sealed class TempFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("tunesmith-models-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
