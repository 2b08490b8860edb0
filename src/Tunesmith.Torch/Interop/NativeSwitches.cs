namespace Tunesmith.Torch.Interop;

/// <summary>What the environment says about the native side.</summary>
internal static class NativeSwitches
{
    /// <summary>TUNESMITH_BF16=off: as on a CPU without bfloat16 instructions.</summary>
    public static bool BFloat16Allowed { get; } = Environment.GetEnvironmentVariable("TUNESMITH_BF16") != "off";
}
