using System.Buffers.Binary;
using System.Text;

namespace Tunesmith.Text.Tokenizers.Loading;

/// <summary>What a SentencePiece piece is for.</summary>
internal enum PieceKind
{
    Normal = 1, Unknown = 2, Control = 3, UserDefined = 4, Unused = 5, Byte = 6,
}

/// <summary>A SentencePiece model file: protocol buffer ModelProto (sentencepiece_model.proto), read field by field.</summary>
internal sealed class SentencePieceFile
{
    private SentencePieceFile()
    {
    }

    public List<(string Text, float Score, PieceKind Kind)> Pieces { get; } = [];

    /// <summary>1 unigram, 2 BPE, 3 word, 4 char.</summary>
    public int ModelType { get; private set; } = 1;

    public bool ByteFallback { get; private set; }

    public string UnkSurface { get; private set; } = " \u2047 ";

    public byte[] CharsMap { get; private set; } = [];

    public bool AddDummyPrefix { get; private set; } = true;

    public bool RemoveExtraWhitespaces { get; private set; } = true;

    public bool EscapeWhitespaces { get; private set; } = true;

    public bool TreatWhitespaceAsSuffix { get; private set; }

    public static SentencePieceFile Read(string path)
    {
        var bytes = TokenizerFile.ReadBytes(path);
        var model = new SentencePieceFile();
        foreach (var field in Fields(bytes, 0, bytes.Length, path))
        {
            switch (field.Number)
            {
                case 1: model.ReadPiece(bytes, field, path); break;
                case 2: model.ReadTrainer(bytes, field, path); break;
                case 3: model.ReadNormalizer(bytes, field, path); break;
                default: break;
            }
        }

        return model.Pieces.Count > 0 ? model : throw TokenizerErrors.BadModelFile(path, 0, "it holds no pieces");
    }

    private void ReadPiece(byte[] bytes, Field outer, string path)
    {
        (string text, float score, PieceKind kind) = ("", 0f, PieceKind.Normal);
        foreach (var field in Fields(bytes, outer.Start, outer.End, path))
        {
            if (field.Number == 1) text = Text(bytes, field, path);
            else if (field.Number == 2 && field.End - field.Start == 4) score = BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(field.Start));
            else if (field.Number == 3) kind = field.Value is >= 1 and <= 6 ? (PieceKind)field.Value : throw TokenizerErrors.BadModelFile(path, field.Start, "a piece of an unknown kind");
        }

        if (!float.IsFinite(score)) throw TokenizerErrors.BadModelFile(path, outer.Start, "a piece whose score is not a number");
        Pieces.Add((text, score, kind));
    }

    private void ReadTrainer(byte[] bytes, Field outer, string path)
    {
        foreach (var field in Fields(bytes, outer.Start, outer.End, path))
        {
            switch (field.Number)
            {
                case 3: ModelType = (int)field.Value; break;
                case 24: TreatWhitespaceAsSuffix = field.Value != 0; break;
                case 35: ByteFallback = field.Value != 0; break;
                case 44: UnkSurface = Text(bytes, field, path); break;
                default: break;
            }
        }
    }

    private void ReadNormalizer(byte[] bytes, Field outer, string path)
    {
        foreach (var field in Fields(bytes, outer.Start, outer.End, path))
        {
            switch (field.Number)
            {
                case 2: CharsMap = bytes[field.Start..field.End]; break;
                case 3: AddDummyPrefix = field.Value != 0; break;
                case 4: RemoveExtraWhitespaces = field.Value != 0; break;
                case 5: EscapeWhitespaces = field.Value != 0; break;
                default: break;
            }
        }
    }

    private readonly record struct Field(int Number, int Start, int End, ulong Value);

    private static IEnumerable<Field> Fields(byte[] bytes, int start, int end, string path)
    {
        int at = start;
        while (at < end)
        {
            ulong tag = Varint(bytes, ref at, end, path);
            int number = (int)Math.Min(tag >> 3, int.MaxValue);
            switch (tag & 7)
            {
                case 0:
                    int first = at;
                    ulong value = Varint(bytes, ref at, end, path);
                    yield return new Field(number, first, at, value);
                    break;
                case 1:
                case 5:
                    int size = (tag & 7) == 1 ? 8 : 4;
                    if (size > end - at) throw TokenizerErrors.BadModelFile(path, at, "a field runs past the end");
                    yield return new Field(number, at, at + size, 0);
                    at += size;
                    break;
                case 2:
                    ulong length = Varint(bytes, ref at, end, path);
                    if (length > (ulong)(end - at)) throw TokenizerErrors.BadModelFile(path, at, "a field runs past the end");
                    yield return new Field(number, at, at + (int)length, 0);
                    at += (int)length;
                    break;
                default:
                    throw TokenizerErrors.BadModelFile(path, at, "a field of an unknown type");
            }
        }
    }

    private static ulong Varint(byte[] bytes, ref int at, int end, string path)
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            if (at >= end) break;
            byte b = bytes[at++];
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80) return value;
        }

        throw TokenizerErrors.BadModelFile(path, at, "a number runs past the end");
    }

    private static string Text(byte[] bytes, Field field, string path)
    {
        try
        {
            return new UTF8Encoding(false, true).GetString(bytes, field.Start, field.End - field.Start);
        }
        catch (DecoderFallbackException)
        {
            throw TokenizerErrors.BadModelFile(path, field.Start, "a text that is not UTF-8");
        }
    }
}
