using System.Runtime.InteropServices;

namespace Tunesmith.Torch.Interop;

/// <summary>One argument or result of a native call: 16 bytes, as in native/tunesmith.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NativeValue
{
    public NativeTag Tag;
    public int Count;
    public long Bits;
}

internal enum NativeTag
{
    None, Tensor, Int, Double, Bool, IntList, TensorList, String, DType, Device, Generator, DoubleList, BoolList, Default,
}

/// <summary>What the native side knows of a tensor.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NativeTensorInfo
{
    public long Count;
    public long Bytes;
    public nint Sizes;
    public nint Strides;
    public nint Data;
    public int Rank;
    public int DType;
    public int Contiguous;
    public int RequiresGrad;
    public int Leaf;
    public int Device;
}

/// <summary>The import list: every function of native/tunesmith.h, once.</summary>
internal static unsafe partial class Native
{
    private const string Library = NativeLoader.LibraryName;

    static Native() => NativeLoader.Register();

    [LibraryImport(Library)] public static partial int ts_error_text(byte* buffer, int capacity);
    [LibraryImport(Library)] public static partial void ts_error_set(byte* text, int length);

    [LibraryImport(Library)] public static partial int ts_operator_find(byte* name, byte* overload, out nint found);
    [LibraryImport(Library)] public static partial int ts_operator_exists(byte* name, byte* overload, out int exists);
    [LibraryImport(Library)] public static partial int ts_operator_schema(nint op, byte* buffer, int capacity, out int length);
    [LibraryImport(Library)] public static partial int ts_operator_call(nint op, NativeValue* arguments, int count, NativeValue* results, int capacity, out int returned);

    [LibraryImport(Library)] public static partial int ts_tensor_new(void* bytes, long byteCount, int dtype, long* sizes, int rank, out nint made);
    [LibraryImport(Library)] public static partial int ts_tensor_alias(nint tensor, out nint made);
    [LibraryImport(Library)] public static partial int ts_tensor_free(nint tensor);
    [LibraryImport(Library)] public static partial int ts_tensor_describe(nint tensor, out NativeTensorInfo info);
    [LibraryImport(Library)] public static partial int ts_tensor_read(nint tensor, void* buffer, long byteCount);
    [LibraryImport(Library)] public static partial int ts_tensor_write(nint tensor, void* buffer, long byteCount);
    [LibraryImport(Library)] public static partial int ts_tensors_live(out long tensors, out long bytes, out long peakBytes);
    [LibraryImport(Library)] public static partial int ts_tensors_reset_peak();

    [LibraryImport(Library)] public static partial int ts_grad_mode_get(out int enabled);
    [LibraryImport(Library)] public static partial int ts_grad_mode_set(int enabled);
    [LibraryImport(Library)] public static partial int ts_inference_enter(out nint guard);
    [LibraryImport(Library)] public static partial int ts_inference_leave(nint guard);
    [LibraryImport(Library)] public static partial int ts_requires_grad_set(nint tensor, int requiresGrad);
    [LibraryImport(Library)] public static partial int ts_grad_get(nint tensor, out nint gradient);
    [LibraryImport(Library)] public static partial int ts_grad_set(nint tensor, nint gradient);
    [LibraryImport(Library)] public static partial int ts_backward_run(nint* roots, nint* gradients, int count, int retainGraph, int createGraph);
    [LibraryImport(Library)] public static partial int ts_gradients(nint* outputs, nint* gradients, int count, nint* inputs, int inputCount, int retainGraph, int createGraph, nint* results);
    [LibraryImport(Library)]
    public static partial int ts_custom_attach(nint* inputs, int inputCount, nint* outputs, int outputCount,
        delegate* unmanaged<nint, nint*, int, nint*, int, int> backward, delegate* unmanaged<nint, int, void> release, nint context);
    [LibraryImport(Library)]
    public static partial int ts_leaf_hook_add(nint leaf, delegate* unmanaged<nint, int> hook, delegate* unmanaged<nint, int, void> release, nint context, out nint keeper);
    [LibraryImport(Library)] public static partial int ts_leaf_hook_remove(nint keeper);

    [LibraryImport(Library)] public static partial int ts_generator_new(ulong seed, out nint made);
    [LibraryImport(Library)] public static partial int ts_generator_default(out nint made);
    [LibraryImport(Library)] public static partial int ts_generator_free(nint generator);
    [LibraryImport(Library)] public static partial int ts_generator_seed(nint generator, ulong seed);
    [LibraryImport(Library)] public static partial int ts_generator_state_get(nint generator, void* buffer, long capacity, out long length);
    [LibraryImport(Library)] public static partial int ts_generator_state_set(nint generator, void* buffer, long length);
    [LibraryImport(Library)] public static partial int ts_generator_draw32(nint generator, out uint number);
    [LibraryImport(Library)] public static partial int ts_generator_draw64(nint generator, out ulong number);

    [LibraryImport(Library)] public static partial int ts_generator_keep(nint generator, double probability, nint mask);

    [LibraryImport(Library)] public static partial int ts_kernel_run(int kernel, nint* tensors, int count, double* numbers, int numberCount);
    [LibraryImport(Library)] public static partial int ts_kernel_level(out int used, out int highest);
    [LibraryImport(Library)] public static partial int ts_kernel_level_set(int level);

    [LibraryImport(Library)] public static partial int ts_info_text(int what, byte* buffer, int capacity, out int length);
    [LibraryImport(Library)] public static partial int ts_info_onednn(out int present);
    [LibraryImport(Library)] public static partial int ts_threads_get(out int count);
    [LibraryImport(Library)] public static partial int ts_threads_set(int count);
    [LibraryImport(Library)] public static partial int ts_environment_set(byte* name, byte* value);
}
