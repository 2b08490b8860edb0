using Tunesmith.Torch;

namespace Tunesmith.Models.Checkpoints;

/// <summary>What a file's header says of one tensor. <paramref name="Begin"/> counts from the start of the file.</summary>
public sealed record TensorInfo(string Name, DType DType, IReadOnlyList<long> Shape, long Begin, long ByteCount)
{
    public long Count => Shape.Aggregate(1L, (count, size) => count * size);

    public string ShapeText => "[" + string.Join(", ", Shape) + "]";
}

/// <summary>The dtype names of the safetensors format and their libtorch codes.</summary>
internal static class SafeTensorsDTypes
{
    private static readonly (string Name, DType DType, int Size)[] Table =
    [
        ("BOOL", DType.Bool, 1), ("U8", DType.UInt8, 1), ("I8", DType.Int8, 1), ("I16", DType.Int16, 2), ("I32", DType.Int32, 4), ("I64", DType.Int64, 8),
        ("F16", DType.Float16, 2), ("BF16", DType.BFloat16, 2), ("F32", DType.Float32, 4), ("F64", DType.Float64, 8),
    ];

    public static string Supported => string.Join(", ", Table.Select(row => row.Name));

    public static bool TryParse(string name, out DType dtype)
    {
        foreach (var row in Table)
        {
            if (row.Name == name)
            {
                dtype = row.DType;
                return true;
            }
        }

        dtype = default;
        return false;
    }

    public static int Size(DType dtype) => Table.First(row => row.DType == dtype).Size;

    public static string Name(DType dtype) => Table.First(row => row.DType == dtype).Name;

    /// <summary>Order of the reference writer: wide element types first, so that every tensor lies aligned.</summary>
    public static int WriteRank(DType dtype) => -Array.FindIndex(Table, row => row.DType == dtype);
}
