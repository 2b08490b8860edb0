namespace Tunesmith.Torch.Interop;

/// <summary>One argument of an operator on its way to the native side.</summary>
internal readonly struct Arg
{
    public readonly object? Reference;
    public readonly long Bits;
    public readonly NativeTag Tag;

    private Arg(NativeTag tag, long bits, object? reference = null)
    {
        Tag = tag;
        Bits = bits;
        Reference = reference;
    }

    /// <summary>None: an optional argument that is absent.</summary>
    public static Arg None => default;

    /// <summary>The schema's own default.</summary>
    public static Arg Default => new(NativeTag.Default, 0);

    public static implicit operator Arg(Tensor? value) => value is null ? None : new Arg(NativeTag.Tensor, 0, value);
    public static implicit operator Arg(long value) => new(NativeTag.Int, value);
    public static implicit operator Arg(int value) => new(NativeTag.Int, value);
    public static implicit operator Arg(double value) => new(NativeTag.Double, BitConverter.DoubleToInt64Bits(value));
    public static implicit operator Arg(double? value) => value is { } given ? given : None;
    public static implicit operator Arg(bool value) => new(NativeTag.Bool, value ? 1 : 0);
    public static implicit operator Arg(long[] value) => new(NativeTag.IntList, 0, value);
    public static implicit operator Arg(ReadOnlySpan<long> value) => new(NativeTag.IntList, 0, value.ToArray());
    public static implicit operator Arg(double[] value) => new(NativeTag.DoubleList, 0, value);
    public static implicit operator Arg(bool[] value) => new(NativeTag.BoolList, 0, value);
    public static implicit operator Arg(Tensor?[] value) => new(NativeTag.TensorList, 0, value);
    public static implicit operator Arg(byte[] utf8) => new(NativeTag.String, 0, utf8);
    public static implicit operator Arg(DType value) => new(NativeTag.DType, (long)value);
    public static implicit operator Arg(DType? value) => value is { } given ? given : None;
    public static implicit operator Arg(Generator? value) => value is null ? None : new Arg(NativeTag.Generator, 0, value);

    /// <summary>Elements of the list that this argument is, 0 if it is none.</summary>
    public int ListLength => Reference switch
    {
        long[] list => list.Length,
        double[] list => list.Length,
        Tensor?[] list => list.Length,
        bool[] list => (list.Length + 7) / 8,
        byte[] text => (text.Length + 7) / 8,
        _ => 0,
    };
}
