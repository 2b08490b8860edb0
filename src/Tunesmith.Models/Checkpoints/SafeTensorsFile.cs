using System.Buffers;
using Microsoft.Win32.SafeHandles;
using Tunesmith.Torch;

namespace Tunesmith.Models.Checkpoints;

/// <summary>One safetensors file. Opening reads the header only; weights are read tensor by tensor, in pieces.</summary>
public sealed class SafeTensorsFile : IDisposable
{
    private const int PieceBytes = 4 << 20;

    private readonly SafeFileHandle _handle;

    private SafeTensorsFile(string path, SafeFileHandle handle, SafeTensorsHeader header)
    {
        Path = path;
        _handle = handle;
        Header = header;
    }

    public string Path { get; }

    public SafeTensorsHeader Header { get; }

    public IEnumerable<string> Names => Header.Tensors.Select(info => info.Name);

    public static SafeTensorsFile Open(string path)
    {
        if (!File.Exists(path))
        {
            throw Errors.FileMissing(path);
        }

        SafeTensorsHeader header;
        using (var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16))
        {
            header = SafeTensorsHeader.Read(stream, stream.Length, path);
        }

        return new SafeTensorsFile(path, File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read), header);
    }

    /// <summary>Only the header of a file, without keeping it open.</summary>
    public static SafeTensorsHeader ReadHeader(string path)
    {
        using SafeTensorsFile file = Open(path);
        return file.Header;
    }

    public bool Contains(string name) => Header.Find(name) is not null;

    public TensorInfo Info(string name) => Header.Find(name) ?? throw Errors.TensorMissing(Path, name);

    /// <summary>Reads one tensor as it is stored.</summary>
    public Tensor Read(string name)
    {
        TensorInfo info = Info(name);
        var tensor = Tensor.Empty([.. info.Shape], info.DType);
        ReadInto(name, tensor);
        return tensor;
    }

    /// <summary>Reads one tensor over another of its shape, converting piece by piece: it is never there twice.</summary>
    public void ReadInto(string name, Tensor target)
    {
        TensorInfo info = Info(name);
        if (info.Count == 0)
        {
            return;
        }

        Tensor flat = target.View(info.Count);
        int size = SafeTensorsDTypes.Size(info.DType);
        byte[] piece = ArrayPool<byte>.Shared.Rent((int)Math.Min(PieceBytes, info.ByteCount));
        try
        {
            int pieceElements = piece.Length / size;
            for (long start = 0; start < info.Count; start += pieceElements)
            {
                long elements = Math.Min(pieceElements, info.Count - start);
                Span<byte> bytes = piece.AsSpan(0, (int)elements * size);
                ReadExactly(bytes, info.Begin + (start * size));
                using var scope = Scope.Open();
                Tensor part = flat.Narrow(0, start, elements);
                if (target.DType == info.DType)
                {
                    part.CopyFrom(bytes);
                }
                else
                {
                    part.CopyInPlace(Tensor.FromBytes(bytes, info.DType, elements));
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }

    /// <summary>Reads one tensor and converts it.</summary>
    public Tensor Read(string name, DType dtype)
    {
        Tensor stored = Read(name);
        return stored.DType == dtype ? stored : stored.To(dtype);
    }

    /// <summary>The first and the last bytes of one tensor as they are stored; all of them, perhaps twice, where it has few.</summary>
    internal byte[] Ends(TensorInfo info, int count)
    {
        int end = (int)Math.Min(count, info.ByteCount);
        byte[] bytes = new byte[2 * end];
        ReadExactly(bytes.AsSpan(0, end), info.Begin);
        ReadExactly(bytes.AsSpan(end), info.Begin + info.ByteCount - end);
        return bytes;
    }

    public void Dispose() => _handle.Dispose();

    private void ReadExactly(Span<byte> bytes, long offset)
    {
        while (!bytes.IsEmpty)
        {
            int read = RandomAccess.Read(_handle, bytes, offset);
            if (read == 0)
            {
                throw Errors.SafeTensorsShrunk(Path, offset);
            }

            bytes = bytes[read..];
            offset += read;
        }
    }
}
