using System.Runtime.Intrinsics.X86;
using Tunesmith.Torch.Interop;

namespace Tunesmith.Torch;

/// <summary>What the CPU multiplies fast; decided once, when the program runs.</summary>
public static class Precision
{
    /// <summary>True where bf16 products have instructions (avx512_bf16 or AMX) and a oneDNN that uses them; TUNESMITH_BF16 decides it by hand.</summary>
    public static bool FastBf16 => Forced ?? s_fastBf16;

    /// <summary>A test's choice of the path.</summary>
    internal static bool? Forced { get; set; }

    private static readonly bool s_fastBf16 = NativeSwitches.BFloat16 ?? (HasBf16() && NativeSwitches.OneDnnMayUseBFloat16 && TorchInfo.HasOneDnn);

    /// <summary>The type in which products of this type are computed.</summary>
    internal static DType ForProducts(DType type) => type == DType.BFloat16 && !FastBf16 ? DType.Float32 : type;

    // CPUID leaf 7: subleaf 1 EAX bit 5 is avx512_bf16, subleaf 0 EDX bit 22 is amx_bf16.
    private static bool HasBf16()
    {
        if (!Avx512F.IsSupported || X86Base.CpuId(0, 0).Eax < 7) return false;
        return (X86Base.CpuId(7, 1).Eax & (1 << 5)) != 0 || (X86Base.CpuId(7, 0).Edx & (1 << 22)) != 0;
    }
}
