using Tunesmith.Torch.Interop;

namespace Tunesmith.Torch;

/// <summary>Tensors made from nothing.</summary>
public static class Creation
{
    private static readonly Operator s_zeros = new("aten::zeros");
    private static readonly Operator s_ones = new("aten::ones");
    private static readonly Operator s_empty = new("aten::empty", "memory_format");
    private static readonly Operator s_emptyStrided = new("aten::empty_strided");
    private static readonly Operator s_full = new("aten::full");
    private static readonly Operator s_arange = new("aten::arange", "start_step");
    private static readonly Operator s_zerosLike = new("aten::zeros_like");

    extension(Tensor)
    {
        public static Tensor Zeros(params ReadOnlySpan<long> shape) => s_zeros.One(shape, DType.Float32);
        public static Tensor Zeros(ReadOnlySpan<long> shape, DType dtype) => s_zeros.One(shape, dtype);
        public static Tensor Ones(params ReadOnlySpan<long> shape) => s_ones.One(shape, DType.Float32);
        public static Tensor Ones(ReadOnlySpan<long> shape, DType dtype) => s_ones.One(shape, dtype);
        public static Tensor Empty(params ReadOnlySpan<long> shape) => s_empty.One(shape, DType.Float32);
        public static Tensor Empty(ReadOnlySpan<long> shape, DType dtype) => s_empty.One(shape, dtype);
        /// <summary>Uninitialised, with the given distances between neighbours of each dimension.</summary>
        public static Tensor EmptyStrided(ReadOnlySpan<long> shape, ReadOnlySpan<long> strides, DType dtype) => s_emptyStrided.One(shape, strides, dtype);
        public static Tensor Full(ReadOnlySpan<long> shape, double value, DType dtype = DType.Float32) => s_full.One(shape, value, dtype);

        /// <summary>start, start + step ... up to but without end.</summary>
        public static Tensor Arange(double start, double end, double step = 1, DType dtype = DType.Float32) => s_arange.One(start, end, step, dtype);

        /// <summary>Whole numbers from start up to but without end.</summary>
        public static Tensor Arange(long start, long end, DType dtype = DType.Int64) => s_arange.One(start, end, 1L, dtype);

        /// <summary>A tensor of no dimension.</summary>
        public static Tensor Scalar(double value, DType dtype = DType.Float32) => s_full.One(Array.Empty<long>(), value, dtype);
    }

    extension(Tensor x)
    {
        public Tensor ZerosLike() => s_zerosLike.One(x);
    }
}
