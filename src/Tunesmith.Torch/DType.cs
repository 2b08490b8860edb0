namespace Tunesmith.Torch;

/// <summary>Element types; the values are c10::ScalarType's codes.</summary>
public enum DType
{
    UInt8 = 0,
    Int8 = 1,
    Int16 = 2,
    Int32 = 3,
    Int64 = 4,
    Float16 = 5,
    Float32 = 6,
    Float64 = 7,
    Bool = 11,
    BFloat16 = 15,
}

/// <summary>What is known of an element type.</summary>
public static class DTypes
{
    extension(DType type)
    {
        /// <summary>Bytes of one element.</summary>
        public int Size => type switch
        {
            DType.UInt8 or DType.Int8 or DType.Bool => 1,
            DType.Int16 or DType.Float16 or DType.BFloat16 => 2,
            DType.Int32 or DType.Float32 => 4,
            _ => 8,
        };

        public bool IsFloating => type is DType.Float16 or DType.Float32 or DType.Float64 or DType.BFloat16;
    }
}
