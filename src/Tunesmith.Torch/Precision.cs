using System.Runtime.Intrinsics.X86;
using Tunesmith.Torch.Interop;

namespace Tunesmith.Torch;

/// <summary>What the CPU multiplies fast; decided once, when the program runs.</summary>
public static class Precision
{
    /// <summary>True where bf16 products have fast instructions (avx512_bf16 or AMX) and a oneDNN that uses them; TUNESMITH_BF16 decides it by hand.</summary>
    public static bool FastBf16 => Forced ?? s_fastBf16;

    /// <summary>A test's choice of the path.</summary>
    internal static bool? Forced { get; set; }

    private static readonly bool s_fastBf16 = NativeSwitches.BFloat16 ?? (HasBf16() && NativeSwitches.OneDnnMayUseBFloat16 && TorchInfo.HasOneDnn);

    /// <summary>The type in which products of this type are computed.</summary>
    internal static DType ForProducts(DType type) => type == DType.BFloat16 && !FastBf16 ? DType.Float32 : type;

    private static bool HasBf16()
    {
        if (!Avx512F.IsSupported || X86Base.CpuId(0, 0).Eax < 7) return false;
        return IsFast(X86Base.CpuId(7, 0).Edx, X86Base.CpuId(7, 1).Eax);
    }

    /// <summary>
    /// Whether a CPU's bf16 products are faster than float32's. AMX's are. Those of avx512_bf16 are on AMD and on Intel's Cooper Lake; Intel's later cores, which have avx512_fp16 too and
    /// do bf16 in AMX, are slower with it than in float32 (docs/log.md, 2026-11-29) where a virtual machine hides AMX.
    /// </summary>
    /// <param name="edx">CPUID leaf 7, subleaf 0: bit 22 is amx_bf16, bit 23 avx512_fp16.</param>
    /// <param name="eax">CPUID leaf 7, subleaf 1: bit 5 is avx512_bf16.</param>
    internal static bool IsFast(int edx, int eax) => (edx & (1 << 22)) != 0 || ((eax & (1 << 5)) != 0 && (edx & (1 << 23)) == 0);
}
