using Tunesmith.Torch.Interop;

namespace Tunesmith.Torch;

/// <summary>The same elements in another shape, order or type.</summary>
public static class Shapes
{
    private static readonly Operator s_to = new("aten::to", "dtype");
    private static readonly Operator s_detach = new("aten::detach");
    private static readonly Operator s_clone = new("aten::clone");
    private static readonly Operator s_contiguous = new("aten::contiguous");
    private static readonly Operator s_reshape = new("aten::reshape");
    private static readonly Operator s_view = new("aten::view");
    private static readonly Operator s_transpose = new("aten::transpose", "int");
    private static readonly Operator s_unsqueeze = new("aten::unsqueeze");
    private static readonly Operator s_squeeze = new("aten::squeeze", "dim");
    private static readonly Operator s_expand = new("aten::expand");
    private static readonly Operator s_narrow = new("aten::narrow");
    private static readonly Operator s_select = new("aten::select", "int");
    private static readonly Operator s_chunk = new("aten::chunk");
    private static readonly Operator s_split = new("aten::split", "Tensor");
    private static readonly Operator s_splitSizes = new("aten::split_with_sizes");
    private static readonly Operator s_cat = new("aten::cat");
    private static readonly Operator s_stack = new("aten::stack");
    private static readonly Operator s_repeat = new("aten::repeat");
    private static readonly Operator s_flip = new("aten::flip");
    private static readonly Operator s_slice = new("aten::slice", "Tensor");

    extension(Tensor x)
    {
        /// <summary>Converted elements; the tensor itself (a second reference) where it has that type already.</summary>
        public Tensor To(DType dtype) => s_to.One(x, dtype);
        public Tensor Detach() => s_detach.One(x);
        public Tensor Clone() => s_clone.One(x);
        public Tensor Contiguous() => s_contiguous.One(x);
        public Tensor Reshape(params ReadOnlySpan<long> shape) => s_reshape.One(x, shape);
        public Tensor View(params ReadOnlySpan<long> shape) => s_view.One(x, shape);
        public Tensor Transpose(int a, int b) => s_transpose.One(x, a, b);
        public Tensor Unsqueeze(int dim) => s_unsqueeze.One(x, dim);
        public Tensor Squeeze(int dim) => s_squeeze.One(x, dim);
        public Tensor Expand(params ReadOnlySpan<long> shape) => s_expand.One(x, shape);
        public Tensor Narrow(int dim, long start, long length) => s_narrow.One(x, dim, start, length);
        public Tensor Select(int dim, long index) => s_select.One(x, dim, index);

        /// <summary>Every step-th element of a dimension from start up to but without end.</summary>
        public Tensor Slice(int dim, long start, long end, long step = 1) => s_slice.One(x, dim, start, end, step);
        public Tensor[] Chunk(int chunks, int dim) => s_chunk.Many(x, chunks, dim);
        public Tensor[] Split(long size, int dim) => s_split.Many(x, size, dim);
        public Tensor[] Split(ReadOnlySpan<long> sizes, int dim) => s_splitSizes.Many(x, sizes, dim);
        public Tensor Repeat(params ReadOnlySpan<long> times) => s_repeat.One(x, times);
        public Tensor Flip(params ReadOnlySpan<long> dims) => s_flip.One(x, dims);
    }

    extension(Tensor)
    {
        public static Tensor Cat(IReadOnlyList<Tensor> tensors, int dim) => s_cat.One(Listed(tensors), dim);
        public static Tensor Stack(IReadOnlyList<Tensor> tensors, int dim = 0) => s_stack.One(Listed(tensors), dim);
    }

    internal static Tensor[] Listed(IReadOnlyList<Tensor> tensors) => tensors as Tensor[] ?? [.. tensors];
}
