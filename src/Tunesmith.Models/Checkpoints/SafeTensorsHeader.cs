using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using Tunesmith.Torch;

namespace Tunesmith.Models.Checkpoints;

/// <summary>
/// The header of a safetensors file: eight bytes of length, then one JSON object. Every length, offset and shape in it is
/// checked against the file before anything is believed, and nothing here needs libtorch.
/// Format: the README of the safetensors repository ("Format").
/// </summary>
public sealed class SafeTensorsHeader
{
    /// <summary>The reference reader's limit on the header's length in bytes.</summary>
    public const long MaxHeaderBytes = 100_000_000;

    private const int MaxRank = 32;

    private readonly Dictionary<string, TensorInfo> _byName;

    private SafeTensorsHeader(IReadOnlyList<TensorInfo> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        Tensors = tensors;
        Metadata = metadata;
        _byName = tensors.ToDictionary(info => info.Name, StringComparer.Ordinal);
    }

    /// <summary>All tensors in the order in which their bytes lie in the file.</summary>
    public IReadOnlyList<TensorInfo> Tensors { get; }

    public IReadOnlyDictionary<string, string> Metadata { get; }

    public TensorInfo? Find(string name) => _byName.GetValueOrDefault(name);

    public static SafeTensorsHeader Read(Stream stream, long fileLength, string path)
    {
        Span<byte> prefix = stackalloc byte[8];
        if (fileLength < 8 || stream.ReadAtLeast(prefix, 8, throwOnEndOfStream: false) < 8)
        {
            throw Errors.SafeTensorsTooShort(path, fileLength);
        }

        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (length > MaxHeaderBytes || (long)length > fileLength - 8)
        {
            throw Errors.SafeTensorsHeaderLength(path, length, fileLength);
        }

        var json = new byte[(int)length];
        if (stream.ReadAtLeast(json, json.Length, throwOnEndOfStream: false) < json.Length)
        {
            throw Errors.SafeTensorsTooShort(path, fileLength);
        }

        return Parse(json, fileLength, path);
    }

    private static SafeTensorsHeader Parse(byte[] json, long fileLength, string path)
    {
        if (json.Length == 0 || json[0] != (byte)'{')
        {
            throw Errors.SafeTensorsBadHeader(path, "the header does not begin with '{'");
        }

        var entries = new List<TensorInfo>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        IReadOnlyDictionary<string, string> metadata = new Dictionary<string, string>();
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 8 });
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                string name = reader.GetString()!;
                if (!names.Add(name))
                {
                    throw Errors.SafeTensorsBadHeader(path, $"'{Shorten(name)}' is there twice");
                }

                reader.Read();
                if (name == "__metadata__")
                {
                    metadata = ReadMetadata(ref reader, path);
                }
                else
                {
                    entries.Add(ReadEntry(ref reader, name, 8L + json.Length, path));
                }
            }

            while (reader.Read())
            {
                // Reading on to the end makes the reader complain of anything behind the object.
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or DecoderFallbackException)
        {
            throw Errors.SafeTensorsBadHeader(path, e.Message);
        }

        entries.Sort((a, b) => a.Begin != b.Begin ? a.Begin.CompareTo(b.Begin) : a.ByteCount.CompareTo(b.ByteCount));
        CheckCoverage(entries, 8L + json.Length, fileLength, path);
        return new SafeTensorsHeader(entries, metadata);
    }

    private static IReadOnlyDictionary<string, string> ReadMetadata(ref Utf8JsonReader reader, string path)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw Errors.SafeTensorsBadHeader(path, "__metadata__ is not an object of strings");
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = reader.GetString()!;
            reader.Read();
            if (reader.TokenType != JsonTokenType.String || !metadata.TryAdd(key, reader.GetString()!))
            {
                throw Errors.SafeTensorsBadHeader(path, $"__metadata__ '{Shorten(key)}' is not one string");
            }
        }

        return metadata;
    }

    private static TensorInfo ReadEntry(ref Utf8JsonReader reader, string name, long dataStart, string path)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw Errors.SafeTensorsBadHeader(path, $"the entry of '{Shorten(name)}' is not an object");
        }

        string? dtypeName = null;
        List<long>? shape = null;
        List<long>? offsets = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = reader.GetString()!;
            reader.Read();
            bool again = key switch { "dtype" => dtypeName is not null, "shape" => shape is not null, "data_offsets" => offsets is not null, _ => false };
            if (again)
            {
                throw Errors.SafeTensorsBadHeader(path, $"'{Shorten(name)}' has {key} twice");
            }

            switch (key)
            {
                case "dtype": dtypeName = reader.GetString(); break;
                case "shape": shape = ReadIntegers(ref reader, name, key, path); break;
                case "data_offsets": offsets = ReadIntegers(ref reader, name, key, path); break;
                default: reader.Skip(); break;
            }
        }

        if (dtypeName is null || shape is null || offsets is not [long begin, long end])
        {
            throw Errors.SafeTensorsBadHeader(path, $"the entry of '{Shorten(name)}' lacks dtype, shape or two data_offsets");
        }

        if (!SafeTensorsDTypes.TryParse(dtypeName, out DType dtype))
        {
            throw Errors.SafeTensorsDType(path, Shorten(name), Shorten(dtypeName), SafeTensorsDTypes.Supported);
        }

        Int128 bytes = SafeTensorsDTypes.Size(dtype);
        foreach (long size in shape)
        {
            bytes = size == 0 ? 0 : bytes > long.MaxValue ? bytes : bytes * size;
        }

        if (begin > end || bytes != end - begin || end > long.MaxValue - dataStart)
        {
            throw Errors.SafeTensorsBadHeader(path, $"'{Shorten(name)}' of dtype {dtypeName} and shape [{string.Join(", ", shape)}] does not fill its data_offsets {begin} to {end}");
        }

        return new TensorInfo(name, dtype, shape, dataStart + begin, end - begin);
    }

    private static List<long> ReadIntegers(ref Utf8JsonReader reader, string name, string key, string path)
    {
        var values = new List<long>();
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw Errors.SafeTensorsBadHeader(path, $"{key} of '{Shorten(name)}' is not a list");
        }

        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out long value) || value < 0 || values.Count == MaxRank)
            {
                throw Errors.SafeTensorsBadHeader(path, $"{key} of '{Shorten(name)}' is not a list of at most {MaxRank} whole numbers from 0");
            }

            values.Add(value);
        }

        return values;
    }

    /// <summary>The tensors must lie one behind the other and fill the file: no overlap, no hole, nothing behind the last.</summary>
    private static void CheckCoverage(List<TensorInfo> sorted, long dataStart, long fileLength, string path)
    {
        long next = dataStart;
        foreach (TensorInfo info in sorted)
        {
            if (info.Begin != next)
            {
                throw Errors.SafeTensorsBadHeader(path, $"'{Shorten(info.Name)}' begins at byte {info.Begin} where {next} was expected: tensors overlap or leave a hole");
            }

            next += info.ByteCount;
        }

        if (next != fileLength)
        {
            throw Errors.SafeTensorsLength(path, next, fileLength);
        }
    }

    private static string Shorten(string text) => text.Length <= 120 ? text : text[..120] + "...";
}
