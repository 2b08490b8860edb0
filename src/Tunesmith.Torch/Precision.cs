using System.Runtime.Intrinsics.X86;

namespace Tunesmith.Torch;

/// <summary>What the CPU multiplies fast; decided once, when the program runs.</summary>
public static class Precision
{
    /// <summary>True where bf16 products have instructions (avx512_bf16 or AMX) and TUNESMITH_BF16 is not `off`.</summary>
    public static bool FastBf16 { get; } = Environment.GetEnvironmentVariable("TUNESMITH_BF16") != "off" && HasBf16();

    // CPUID leaf 7: subleaf 1 EAX bit 5 is avx512_bf16, subleaf 0 EDX bit 22 is amx_bf16.
    private static bool HasBf16()
    {
        if (!X86Base.IsSupported || X86Base.CpuId(0, 0).Eax < 7) return false;
        return (X86Base.CpuId(7, 1).Eax & (1 << 5)) != 0 || (X86Base.CpuId(7, 0).Edx & (1 << 22)) != 0;
    }
}
