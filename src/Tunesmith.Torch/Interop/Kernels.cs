namespace Tunesmith.Torch.Interop;

/// <summary>The kernels of native/kernels.cpp, by their numbers in native/tunesmith.h.</summary>
internal enum Kernel
{
    Drop, Gelu, GeluBack, SwiGlu, SwiGluBack, Rotary, LayerNorm, LayerNormBack, RmsNorm, RmsNormBack, Softmax, SoftmaxBack, CrossEntropy, AdamW,
}

/// <summary>Which instructions the kernels use.</summary>
internal enum KernelLevel
{
    Baseline, Avx2, Avx512,
}

/// <summary>Calls our own kernels. Whoever does asks <see cref="Take"/> first and has a version of libtorch's operators for what they do not take.</summary>
internal static unsafe class Kernels
{
    /// <summary>A test's choice: false leaves everything to libtorch's operators.</summary>
    public static bool Enabled { get; set; } = true;

    /// <summary>The level in use; only a test lowers it, and never above what the CPU has.</summary>
    public static KernelLevel Level
    {
        get
        {
            Status.Check(Native.ts_kernel_level(out int used, out _));
            return (KernelLevel)used;
        }
        set => Status.Check(Native.ts_kernel_level_set((int)value));
    }

    /// <summary>The most that this CPU has.</summary>
    public static KernelLevel Highest
    {
        get
        {
            Status.Check(Native.ts_kernel_level(out _, out int highest));
            return (KernelLevel)highest;
        }
    }

    /// <summary>Whether the kernels read these: float32 or bfloat16 on the CPU.</summary>
    public static bool Take(params ReadOnlySpan<Tensor?> tensors)
    {
        if (!Enabled) return false;
        foreach (Tensor? tensor in tensors)
        {
            if (tensor is null) continue;
            NativeTensorInfo info = tensor.Info();
            if ((DType)info.DType is not (DType.Float32 or DType.BFloat16) || info.Device >= 256) return false; // device 0: the CPU
        }
        return true;
    }

    /// <summary>Whether the elements of the last dimension lie side by side.</summary>
    public static bool LastInOnePiece(Tensor x)
    {
        NativeTensorInfo info = x.Info();
        return info.Rank > 0 && ((long*)info.Strides)[info.Rank - 1] == 1;
    }

    /// <summary>Runs one kernel; its results are among the tensors.</summary>
    public static void Run(Kernel kernel, Tensor?[] tensors, params ReadOnlySpan<double> numbers)
    {
        using var leases = new Leases(tensors);
        int status;
        fixed (nint* first = leases.Handles)
        fixed (double* values = numbers)
            status = Native.ts_kernel_run((int)kernel, first, tensors.Length, values, numbers.Length);
        if (status != 0) throw Status.Failure(kernel.ToString());
    }

    /// <summary>value as a tensor of this type would keep it.</summary>
    public static double Rounded(double value, DType type)
    {
        if (type != DType.BFloat16) return (float)value;
        uint bits = BitConverter.SingleToUInt32Bits((float)value);
        return BitConverter.UInt32BitsToSingle((bits + 0x7fff + ((bits >> 16) & 1)) & 0xffff0000);
    }
}
