using Tunesmith.Cli.Commands;

namespace Tunesmith.Tests;

/// <summary>What <c>env</c> says of a BLAS that makes fp32 products slow.</summary>
public sealed class BlasProblemTests
{
    [Theory]
    [InlineData("OpenBLAS 0.3.21 DYNAMIC_ARCH MAX_THREADS=64 core SkylakeX", "avx2 avx512f", null)]
    [InlineData("OpenBLAS 0.3.21 DYNAMIC_ARCH MAX_THREADS=64 core Haswell", "avx2", null)]
    [InlineData("OpenBLAS 0.3.21 DYNAMIC_ARCH MAX_THREADS=64 core Prescott", "avx2 avx512f", "took its kernels for Prescott on a CPU with AVX2")]
    [InlineData("OpenBLAS 0.3.21 DYNAMIC_ARCH MAX_THREADS=64 core Nehalem", "sse2", null)]
    [InlineData("MKL", "avx2", null)]
    [InlineData("reference BLAS (slow)", "avx2", "(/usr/lib/libblas.so.3) is the slow reference one")]
    public void A_slow_blas_is_told_with_what_to_do(string blas, string features, string? said)
    {
        var problems = EnvironmentReport.BlasProblems(blas, "/usr/lib/libblas.so.3", features.Split(' ')).ToList();
        if (said is null) Assert.Empty(problems);
        else Assert.Contains(said, Assert.Single(problems), StringComparison.Ordinal);
    }
}
