namespace Tunesmith.Torch.Interop;

/// <summary>What the environment says about the native side.</summary>
internal static class NativeSwitches
{
    /// <summary>TUNESMITH_BF16: `off` and `on` decide what else the CPU would.</summary>
    public static bool? BFloat16 { get; } = Environment.GetEnvironmentVariable("TUNESMITH_BF16") switch { "off" => false, "on" => true, _ => null };

    /// <summary>False where ONEDNN_MAX_CPU_ISA keeps oneDNN from the instructions that multiply bfloat16.</summary>
    public static bool OneDnnMayUseBFloat16 { get; } = MayUseBFloat16(Environment.GetEnvironmentVariable("ONEDNN_MAX_CPU_ISA") ?? Environment.GetEnvironmentVariable("DNNL_MAX_CPU_ISA"));

    internal static bool MayUseBFloat16(string? isa) => isa?.ToUpperInvariant() is not ("SSE41" or "AVX" or "AVX2" or "AVX2_VNNI" or "AVX2_VNNI_2" or "AVX512_CORE" or "AVX512_CORE_VNNI");
}
