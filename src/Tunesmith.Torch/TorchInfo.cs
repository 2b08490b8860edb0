using Tunesmith.Torch.Interop;

namespace Tunesmith.Torch;

/// <summary>Facts about the library that is loaded.</summary>
public static class TorchInfo
{
    public static string Version => Text(0);

    public static string BuildSettings => Text(1);

    /// <summary>The instruction set that its own kernels use: DEFAULT, AVX2, AVX512.</summary>
    public static string CpuCapability => Text(2);

    /// <summary>The instructions that our own kernels use: Baseline, Avx2 or Avx512; ATEN_CPU_CAPABILITY lowers them with libtorch's.</summary>
    public static string KernelLevel => Interop.Kernels.Level.ToString();

    /// <summary>The BLAS that its products run on.</summary>
    public static string Blas => Text(3);

    public static bool HasOneDnn
    {
        get
        {
            Status.Check(Native.ts_info_onednn(out int present));
            return present != 0;
        }
    }

    /// <summary>Where libtunesmith.so is, or null.</summary>
    public static string? NativeLibraryPath => NativeLoader.Find();

    /// <summary>Handles that are not freed yet.</summary>
    public static long TensorsLive => Live().Tensors;

    public static long PeakBytes => Live().Peak;

    /// <summary>Tensors that the collector found unfreed since the start.</summary>
    public static long TensorsLeaked => TensorHandle.Leaked;

    public static void ResetPeak() => Status.Check(Native.ts_tensors_reset_peak());

    /// <summary>True where this libtorch has `aten::name.overload`.</summary>
    public static bool HasOperator(string name, string overload = "") => Operator.Exists("aten::" + name, overload);

    private static (long Tensors, long Bytes, long Peak) Live()
    {
        Status.Check(Native.ts_tensors_live(out long tensors, out long bytes, out long peak));
        return (tensors, bytes, peak);
    }

    private static string Text(int what) => InfoText.Read(what);
}

/// <summary>How many threads libtorch's kernels use.</summary>
public static class Threads
{
    public static int Count
    {
        get
        {
            Status.Check(Native.ts_threads_get(out int count));
            return count;
        }
        set => Status.Check(Native.ts_threads_set(value));
    }
}
