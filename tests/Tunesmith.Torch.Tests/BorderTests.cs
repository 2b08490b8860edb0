using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Tunesmith.Torch.Interop;

namespace Tunesmith.Torch.Tests;

[NoTensorLeaks]
public sealed partial class BorderTests
{
    [Fact]
    public void The_native_header_is_the_import_list()
    {
        string header = File.ReadAllText(Path.Combine(Repo.Root, "native", "tunesmith.h"));
        string[] declared = [.. Declaration().Matches(header).Select(m => m.Groups[1].Value).Order()];
        string[] imported = [.. typeof(Native).GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
            .Select(m => m.Name).Where(name => name.StartsWith("ts_", StringComparison.Ordinal)).Distinct().Order()];
        Assert.NotEmpty(declared);
        Assert.Equal(declared, imported);
    }

    [Fact]
    public void Every_import_is_exported_by_the_library()
    {
        nint library = NativeLibrary.Load(NativeLoader.Find()!);
        foreach (string name in Declaration().Matches(File.ReadAllText(Path.Combine(Repo.Root, "native", "tunesmith.h"))).Select(m => m.Groups[1].Value))
            Assert.True(NativeLibrary.TryGetExport(library, name, out _), name);
    }

    [Fact]
    public void A_value_is_sixteen_bytes() => Assert.Equal(16, Marshal.SizeOf<NativeValue>());

    [Fact]
    public void An_error_names_the_operator_and_its_arguments()
    {
        using var scope = Scope.Open();
        var error = Assert.Throws<TorchException>(() => Tensor.Zeros(2, 3).MatMul(Tensor.Zeros(4, 5)));
        Assert.StartsWith("aten::matmul(Float32 [2, 3]; Float32 [4, 5]): ", error.Message);
        Assert.Contains("cannot be multiplied", error.Message);
    }

    [Fact]
    public void Bytes_that_do_not_fit_the_shape_are_an_error()
    {
        using var scope = Scope.Open();
        var error = Assert.Throws<TorchException>(() => Tensor.From([1f, 2f, 3f], 2, 2));
        Assert.Contains("got 12 bytes; expected 16", error.Message);
        Assert.Throws<TorchException>(() => Tensor.Zeros(2).CopyFrom(new byte[7]));
    }

    [Fact]
    public void An_unknown_operator_is_an_error_and_can_be_asked_for()
    {
        Assert.False(TorchInfo.HasOperator("no_such_operator"));
        Assert.True(TorchInfo.HasOperator("add", "Tensor"));
        Assert.Throws<TorchException>(() => new Operator("aten::no_such_operator").InPlace());
    }

    [Fact]
    public void A_missing_or_broken_native_library_says_what_to_do()
    {
        Assert.Equal("libtunesmith.so: got no file; expected it at one of a, b. `./dev setup` builds it.", Errors.NativeLibraryMissing(["a", "b"]).Message);
        Assert.EndsWith("`./dev setup` installs what is missing and builds it again.", Errors.NativeLibraryUnloadable("x.so", new DllNotFoundException("no")).Message);
    }

    [Fact]
    public void Dimensions_and_single_elements_are_checked()
    {
        using var scope = Scope.Open();
        Tensor x = Tensor.Zeros(2, 3);
        Assert.Equal(3, x.Size(-1));
        Assert.Contains("dimension 2: got Float32 [2, 3]", Assert.Throws<TorchException>(() => x.Size(2)).Message);
        Assert.Contains("expected a tensor of one element", Assert.Throws<TorchException>(() => x.Item()).Message);
    }

    [Fact]
    public void A_schema_can_be_read() => Assert.StartsWith("aten::gelu(Tensor self", new Operator("aten::gelu").Schema);

    [Fact]
    public void The_library_says_what_it_is()
    {
        Assert.Matches(@"^\d+\.\d+", TorchInfo.Version);
        Assert.NotEmpty(TorchInfo.Blas);
        Assert.NotEmpty(TorchInfo.CpuCapability);
        Assert.True(Threads.Count >= 1);
    }

    [Theory]
    [InlineData(DType.UInt8)]
    [InlineData(DType.Int8)]
    [InlineData(DType.Int16)]
    [InlineData(DType.Int32)]
    [InlineData(DType.Int64)]
    [InlineData(DType.Float16)]
    [InlineData(DType.Float32)]
    [InlineData(DType.Float64)]
    [InlineData(DType.Bool)]
    [InlineData(DType.BFloat16)]
    public void Bytes_go_in_and_out_unchanged(DType dtype)
    {
        using var scope = Scope.Open();
        byte[] bytes = [.. Enumerable.Range(0, 6 * dtype.Size).Select(i => (byte)(i % 2))];
        Tensor tensor = Tensor.FromBytes(bytes, dtype, 2, 3);
        Assert.Equal(bytes, tensor.ToBytes());
        Assert.Equal(dtype, tensor.DType);
        Assert.Equal([2L, 3L], tensor.Shape);
        Tensor turned = tensor.Transpose(0, 1); // not contiguous
        turned.CopyFrom(bytes);
        Assert.Equal(bytes, turned.ToBytes());
    }

    [Fact]
    public void A_call_allocates_the_same_few_bytes_each_time()
    {
        using var scope = Scope.Open();
        Tensor a = Tensor.Ones(4), b = Tensor.Ones(4);
        long first = Allocated(a, b), second = Allocated(a, b);
        Assert.True(second <= first, $"{first} then {second} bytes for a thousand calls");
        Assert.True(second <= 1000 * 400, $"{second} bytes for a thousand calls");
    }

    private static long Allocated(Tensor a, Tensor b)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            using var scope = Scope.Open();
            _ = a + b;
        }
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    [GeneratedRegex(@"^TS_API \w+ (ts_\w+)\(", RegexOptions.Multiline)]
    private static partial Regex Declaration();
}
