using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Tunesmith.Torch.Interop;

/// <summary>An operator of libtorch by schema name and overload. Looked up at its first call, then cached.</summary>
internal sealed unsafe class Operator(string name, string overload = "")
{
    private const int StackedWords = 512;
    private nint _handle;

    public string Name => overload.Length == 0 ? name : $"{name}.{overload}";

    public string Schema
    {
        get
        {
            nint handle = Handle;
            return Status.Read((byte* buffer, int capacity, out int length) => Native.ts_operator_schema(handle, buffer, capacity, out length));
        }
    }

    private nint Handle => _handle != 0 ? _handle : Find();

    public static bool Exists(string name, string overload = "")
    {
        fixed (byte* first = Status.ZeroEnded(name), second = Status.ZeroEnded(overload))
        {
            Status.Check(Native.ts_operator_exists(first, second, out int exists));
            return exists != 0;
        }
    }

    /// <summary>Calls an operator with one tensor as its result.</summary>
    public Tensor One(params ReadOnlySpan<Arg> arguments)
    {
        NativeValue result = default;
        Call(arguments, &result, 1);
        return Take(result) ?? throw Errors.NoResult(Name);
    }

    public (Tensor First, Tensor Second) Two(params ReadOnlySpan<Arg> arguments)
    {
        NativeValue* results = stackalloc NativeValue[2];
        Call(arguments, results, 2);
        return (Take(results[0])!, Take(results[1])!);
    }

    public (Tensor First, Tensor Second, Tensor Third) Three(params ReadOnlySpan<Arg> arguments)
    {
        NativeValue* results = stackalloc NativeValue[3];
        Call(arguments, results, 3);
        return (Take(results[0])!, Take(results[1])!, Take(results[2])!);
    }

    /// <summary>Three results of which some may be absent.</summary>
    public (Tensor? First, Tensor? Second, Tensor? Third) Optional(params ReadOnlySpan<Arg> arguments)
    {
        NativeValue* results = stackalloc NativeValue[3];
        Call(arguments, results, 3);
        return (Take(results[0]), Take(results[1]), Take(results[2]));
    }

    /// <summary>Calls an operator whose result is a list of tensors.</summary>
    public Tensor[] Many(params ReadOnlySpan<Arg> arguments)
    {
        NativeValue result = default;
        Call(arguments, &result, 1);
        var made = new Tensor[result.Count];
        for (int i = 0; i < made.Length; i++) made[i] = new Tensor(((nint*)result.Bits)[i]);
        return made;
    }

    /// <summary>Calls an operator that changes its arguments; what it returns is dropped.</summary>
    public void InPlace(params ReadOnlySpan<Arg> arguments)
    {
        NativeValue unused = default;
        Call(arguments, &unused, 0);
    }

    /// <summary>Calls an operator whose result is a number or a truth value.</summary>
    public double Number(params ReadOnlySpan<Arg> arguments)
    {
        NativeValue result = default;
        Call(arguments, &result, 1);
        return result.Tag == NativeTag.Double ? BitConverter.Int64BitsToDouble(result.Bits) : result.Bits;
    }

    private static Tensor? Take(in NativeValue value) => value.Tag == NativeTag.Tensor ? new Tensor((nint)value.Bits) : null;

    [SkipLocalsInit]
    private void Call(ReadOnlySpan<Arg> arguments, NativeValue* results, int capacity)
    {
        int words = 0;
        foreach (ref readonly Arg argument in arguments) words += argument.ListLength;
        NativeValue* values = stackalloc NativeValue[arguments.Length];
        long* stacked = stackalloc long[StackedWords];
        long* lists = words <= StackedWords ? stacked : (long*)NativeMemory.Alloc((nuint)words, sizeof(long));
        int leased = 0;
        int status = 0;
        try
        {
            long* next = lists;
            for (; leased < arguments.Length; leased++) values[leased] = Convert(arguments[leased], ref next);
            status = Native.ts_operator_call(Handle, values, arguments.Length, results, capacity, out _);
        }
        finally
        {
            for (int i = 0; i < leased; i++) Release(arguments[i]);
            if (lists != stacked) NativeMemory.Free(lists);
        }
        if (status != 0) throw Status.Failure(Describe(arguments));
    }

    private static NativeValue Convert(in Arg argument, ref long* next)
    {
        var value = new NativeValue { Tag = argument.Tag, Bits = argument.Bits };
        switch (argument.Tag)
        {
            case NativeTag.Tensor:
                value.Bits = Unsafe.As<Tensor>(argument.Reference!).Handle.Lease();
                break;
            case NativeTag.Generator:
                value.Bits = Unsafe.As<Generator>(argument.Reference!).Handle.Pointer;
                break;
            case NativeTag.IntList:
                value.Count = Copy<long>((long[])argument.Reference!, ref value, ref next);
                break;
            case NativeTag.DoubleList:
                value.Count = Copy<double>((double[])argument.Reference!, ref value, ref next);
                break;
            case NativeTag.BoolList:
                value.Count = Copy<bool>((bool[])argument.Reference!, ref value, ref next);
                break;
            case NativeTag.String:
                value.Count = Copy<byte>((byte[])argument.Reference!, ref value, ref next);
                break;
            case NativeTag.TensorList:
                var tensors = (Tensor?[])argument.Reference!;
                value.Count = tensors.Length;
                value.Bits = (long)next;
                Lease(tensors, next);
                next += tensors.Length;
                break;
        }
        return value;
    }

    private static int Copy<T>(T[] list, ref NativeValue value, ref long* next) where T : unmanaged
    {
        value.Bits = (long)next;
        list.CopyTo(new Span<T>(next, list.Length));
        next += (list.Length * sizeof(T) + 7) / 8;
        return list.Length;
    }

    private static void Lease(Tensor?[] tensors, long* handles)
    {
        int leased = 0;
        try
        {
            for (; leased < tensors.Length; leased++) handles[leased] = tensors[leased] is { } tensor ? tensor.Handle.Lease() : 0;
        }
        catch
        {
            for (int i = 0; i < leased; i++) tensors[i]?.Handle.Return();
            throw;
        }
    }

    private static void Release(in Arg argument)
    {
        if (argument.Tag == NativeTag.Tensor) Unsafe.As<Tensor>(argument.Reference!).Handle.Return();
        else if (argument.Tag == NativeTag.TensorList)
            foreach (Tensor? tensor in (Tensor?[])argument.Reference!) tensor?.Handle.Return();
    }

    private string Describe(ReadOnlySpan<Arg> arguments)
    {
        var parts = new List<string>();
        foreach (Arg argument in arguments)
        {
            if (argument.Reference is Tensor tensor) parts.Add(tensor.ToString());
            else if (argument.Reference is Tensor?[] list) parts.Add($"[{string.Join(", ", list.Take(8).Select(t => t?.ToString() ?? "none"))}]");
            else if (argument.Reference is long[] sizes) parts.Add($"[{string.Join(", ", sizes)}]");
        }
        return $"{Name}({string.Join("; ", parts)})";
    }

    private nint Find()
    {
        fixed (byte* first = Status.ZeroEnded(name), second = Status.ZeroEnded(overload))
        {
            if (Native.ts_operator_find(first, second, out nint found) != 0) throw Status.Failure(Name);
            _handle = found;
            return found;
        }
    }
}
