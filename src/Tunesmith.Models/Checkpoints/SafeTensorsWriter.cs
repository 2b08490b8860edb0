using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Tunesmith.Runs.Files;
using Tunesmith.Torch;

namespace Tunesmith.Models.Checkpoints;

/// <summary>Writes safetensors files as the reference writer lays them out, whole or not at all.</summary>
public static class SafeTensorsWriter
{
    private const int PieceBytes = 4 << 20;

    private static readonly Dictionary<string, string> PyTorchMetadata = new() { ["format"] = "pt" };

    /// <summary>Writes one file, converting to <paramref name="dtype"/> where it is given. Without <paramref name="metadata"/> it says {"format": "pt"}, which transformers asks for.</summary>
    public static void Write(string path, IEnumerable<(string Name, Tensor Value)> tensors, IReadOnlyDictionary<string, string>? metadata = null, DType? dtype = null)
    {
        var sorted = tensors.Select(pair => (pair.Name, pair.Value, Stored: dtype ?? pair.Value.DType)).ToList();
        sorted.Sort((a, b) =>
        {
            int byRank = SafeTensorsDTypes.WriteRank(a.Stored).CompareTo(SafeTensorsDTypes.WriteRank(b.Stored));
            return byRank != 0 ? byRank : string.CompareOrdinal(a.Name, b.Name);
        });
        byte[] header = Header(sorted, metadata ?? PyTorchMetadata);
        AtomicFile.Write(path, stream =>
        {
            Span<byte> length = stackalloc byte[8];
            BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)header.Length);
            stream.Write(length);
            stream.Write(header);
            foreach ((string _, Tensor value, DType stored) in sorted)
            {
                WriteData(stream, value, stored);
            }
        });
    }

    private static byte[] Header(List<(string Name, Tensor Value, DType Stored)> sorted, IReadOnlyDictionary<string, string> metadata)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartObject();
            if (metadata.Count > 0)
            {
                writer.WriteStartObject("__metadata__");
                foreach (var (key, value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                {
                    writer.WriteString(key, value);
                }

                writer.WriteEndObject();
            }

            long offset = 0;
            foreach ((string name, Tensor value, DType stored) in sorted)
            {
                writer.WriteStartObject(name);
                writer.WriteString("dtype", SafeTensorsDTypes.Name(stored));
                writer.WriteStartArray("shape");
                foreach (long size in value.Shape)
                {
                    writer.WriteNumberValue(size);
                }

                writer.WriteEndArray();
                writer.WriteStartArray("data_offsets");
                writer.WriteNumberValue(offset);
                offset += value.Count * SafeTensorsDTypes.Size(stored);
                writer.WriteNumberValue(offset);
                writer.WriteEndArray();
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
        }

        while (buffer.Length % 8 != 0)
        {
            buffer.WriteByte((byte)' ');
        }

        return buffer.ToArray();
    }

    private static void WriteData(Stream stream, Tensor value, DType stored)
    {
        if (value.Count == 0)
        {
            return;
        }

        using var scope = Scope.Open();
        Tensor flat = value.Detach().To(stored).Contiguous().Reshape(value.Count);
        int size = SafeTensorsDTypes.Size(stored);
        byte[] piece = ArrayPool<byte>.Shared.Rent((int)Math.Min(PieceBytes, value.Count * size));
        try
        {
            int pieceElements = piece.Length / size;
            for (long start = 0; start < value.Count; start += pieceElements)
            {
                long elements = Math.Min(pieceElements, value.Count - start);
                Span<byte> bytes = piece.AsSpan(0, (int)elements * size);
                flat.Narrow(0, start, elements).CopyTo(bytes);
                stream.Write(bytes);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }
}
