using System.Buffers.Binary;
using System.Text;
using Tunesmith.Models.Checkpoints;
using Tunesmith.Runs;
using Tunesmith.Torch;

namespace Tunesmith.Tests.Checkpoints;

public sealed class SafeTensorsTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_dtype_comes_back_as_it_was_written()
    {
        using var scope = Scope.Open();
        var tensors = new List<(string, Tensor)>
        {
            ("f32", Tensor.From([1.5f, -2f, 3f], 3)),
            ("f64", Tensor.From([1.5, -2.0], 2, 1)),
            ("f16", Tensor.From([0.5f, 65504f], 2).To(DType.Float16)),
            ("bf16", Tensor.From([0.5f, 3e38f], 2).To(DType.BFloat16)),
            ("i64", Tensor.From([long.MinValue, long.MaxValue], 2)),
            ("i32", Tensor.From([int.MinValue, 7], 2)),
            ("u8", Tensor.From(new byte[] { 0, 255 }, 2)),
            ("bool", Tensor.From([true, false], 2)),
            ("scalar", Tensor.Scalar(2.5)),
            ("empty", Tensor.Zeros([0, 4])),
        };
        string path = _folder.File("all.safetensors");
        SafeTensorsWriter.Write(path, tensors);
        using SafeTensorsFile file = SafeTensorsFile.Open(path);
        Assert.Equal("pt", file.Header.Metadata["format"]);
        foreach ((string name, Tensor value) in tensors)
        {
            Assert.Equal(value.DType, file.Info(name).DType);
            Assert.Equal(value.Shape, file.Info(name).Shape);
            Assert.True(file.Read(name).EqualBits(value), name);
        }
    }

    [Fact]
    public void A_tensor_larger_than_one_piece_comes_back()
    {
        using var scope = Scope.Open();
        Tensor large = Tensor.Arange(0, 2_500_000, 1, DType.Float32).Reshape(2, -1);
        string path = _folder.File("large.safetensors");
        SafeTensorsWriter.Write(path, [("large", large.Transpose(0, 1))]);
        using SafeTensorsFile file = SafeTensorsFile.Open(path);
        Assert.True(file.Read("large").EqualBits(large.Transpose(0, 1).Contiguous()));
    }

    [Fact]
    public void A_file_of_the_reference_is_written_again_byte_for_byte()
    {
        using var scope = Scope.Open();
        string source = Path.Combine(Tensors.Family("llama"), "model.safetensors");
        using SafeTensorsFile file = SafeTensorsFile.Open(source);
        string copy = _folder.File("copy.safetensors");
        SafeTensorsWriter.Write(copy, file.Names.Reverse().Select(name => (name, file.Read(name))));
        Assert.Equal(File.ReadAllBytes(source), File.ReadAllBytes(copy));
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "there twice")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}""", 6, "overlap or leave a hole")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "overlap or leave a hole")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 8, "expected 66 by its header")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", 4, "does not fill its data_offsets")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}""", 0, "does not fill its data_offsets")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", 4, "whole numbers from 0")]
    [InlineData("""{"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}}""", 1, "got dtype F8_E4M3")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}""", 4, "lacks dtype, shape or two data_offsets")]
    [InlineData("""{"a":7}""", 0, "is not an object")]
    [InlineData("""{"__metadata__":{"a":1}}""", 0, "is not one string")]
    [InlineData("""[]""", 0, "does not begin with")]
    [InlineData("""{"a":""", 0, "safetensors header")]
    public void A_bad_header_is_one_clear_error(string header, int dataBytes, string message)
    {
        string path = Write(header, dataBytes);
        UsageException error = Assert.Throws<UsageException>(() => SafeTensorsFile.Open(path));
        Assert.Contains(message, error.Message);
        Assert.StartsWith(path, error.Message);
    }

    [Fact]
    public void A_header_length_beyond_the_file_is_refused()
    {
        string path = _folder.File("long.safetensors");
        var bytes = new byte[16];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, ulong.MaxValue);
        File.WriteAllBytes(path, bytes);
        Assert.Contains("got a header length of 18446744073709551615", Assert.Throws<UsageException>(() => SafeTensorsFile.Open(path)).Message);
        File.WriteAllBytes(path, [1, 2, 3]);
        Assert.Contains("got a file of 3 bytes", Assert.Throws<UsageException>(() => SafeTensorsFile.Open(path)).Message);
    }

    private string Write(string header, int dataBytes)
    {
        string path = _folder.File("made.safetensors");
        byte[] json = Encoding.UTF8.GetBytes(header);
        var bytes = new byte[8 + json.Length + dataBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, (ulong)json.Length);
        json.CopyTo(bytes, 8);
        File.WriteAllBytes(path, bytes);
        return path;
    }
}
