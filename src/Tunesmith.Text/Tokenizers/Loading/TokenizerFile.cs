using System.Text.Json;
using Tunesmith.Text.Tokenizers.Decoders;
using Tunesmith.Text.Tokenizers.Models;
using Tunesmith.Text.Tokenizers.Normalizers;
using Tunesmith.Text.Tokenizers.PostProcessors;
using Tunesmith.Text.Tokenizers.PreTokenizers;

namespace Tunesmith.Text.Tokenizers.Loading;

/// <summary>The parts that make a tokenizer.</summary>
internal sealed class TokenizerParts
{
    public required Model Model { get; init; }

    public Normalizer? Normalizer { get; init; }

    public PreTokenizer? PreTokenizer { get; init; }

    public PostProcessor? PostProcessor { get; set; }

    public Decoder? Decoder { get; init; }

    public List<AddedToken> Added { get; init; } = [];

    /// <summary>truncation and padding of the file, kept for saving.</summary>
    public JsonElement? Truncation { get; init; }

    public JsonElement? Padding { get; init; }
}

/// <summary>Reads tokenizer.json.</summary>
internal static class TokenizerFile
{
    private const long MostBytes = 512L << 20;

    public static byte[] ReadBytes(string path)
    {
        try
        {
            long length = new FileInfo(path).Length;
            return length <= MostBytes ? Unzipped(File.ReadAllBytes(path), path) : throw TokenizerErrors.FileTooLarge(path, length, MostBytes);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw TokenizerErrors.UnreadableFile(path, error.Message, error);
        }
    }

    private static byte[] Unzipped(byte[] bytes, string path)
    {
        if (!path.EndsWith(".gz", StringComparison.Ordinal)) return bytes;
        try
        {
            using var zip = new System.IO.Compression.GZipStream(new MemoryStream(bytes), System.IO.Compression.CompressionMode.Decompress);
            var whole = new MemoryStream();
            var block = new byte[1 << 16];
            for (int got; (got = zip.Read(block)) > 0;)
            {
                if (whole.Length + got > MostBytes) throw TokenizerErrors.FileTooLarge(path, whole.Length + got, MostBytes);
                whole.Write(block, 0, got);
            }

            return whole.ToArray();
        }
        catch (InvalidDataException error)
        {
            throw TokenizerErrors.UnreadableFile(path, error.Message, error);
        }
    }

    /// <summary>Parses a JSON file; where it breaks, the error says the line.</summary>
    public static JsonNode Parse(byte[] json, string file)
    {
        try
        {
            var text = json.AsSpan();
            if (text.StartsWith("\uFEFF"u8)) json = json[3..];
            if (!System.Text.Unicode.Utf8.IsValid(json)) throw TokenizerErrors.BrokenJson(file, $"line {LineOfBadText(json)}: not UTF-8");
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 64 });
            return new JsonNode(document.RootElement.Clone(), file, "");
        }
        catch (JsonException error)
        {
            throw TokenizerErrors.BrokenJson(file, $"line {error.LineNumber + 1}, byte {error.BytePositionInLine + 1}", error);
        }
    }

    /// <summary>
    /// Escaped halves of surrogate pairs are only found by who asks for the string: in a file that is written back whole, at the end of a run. Here they are
    /// found at once.
    /// </summary>
    public static void CheckStrings(ReadOnlySpan<byte> json, string file)
    {
        if (json.StartsWith("\uFEFF"u8)) json = json[3..];
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 64 });
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped) reader.GetString();
            }
        }
        catch (InvalidOperationException error)
        {
            throw TokenizerErrors.BrokenJson(file, $"line {json[..(int)reader.TokenStartIndex].Count((byte)'\n') + 1}: a string holds half a surrogate pair", error);
        }
    }

    private static int LineOfBadText(ReadOnlySpan<byte> json)
    {
        int line = 1;
        while (!json.IsEmpty && System.Text.Rune.DecodeFromUtf8(json, out var rune, out int taken) == System.Buffers.OperationStatus.Done)
        {
            if (rune.Value == '\n') line++;
            json = json[taken..];
        }

        return line;
    }

    public static TokenizerParts Read(byte[] json, string file)
    {
        try
        {
            return Read(Parse(json, file));
        }
        catch (InvalidOperationException error)
        {
            // The one thing that a valid file can still hold: an escaped half of a surrogate pair.
            throw TokenizerErrors.BrokenJson(file, "a string holds half a surrogate pair", error);
        }
    }

    private static TokenizerParts Read(JsonNode root)
    {
        return new TokenizerParts
        {
            Normalizer = ComponentReader.Normalizer(root.Get("normalizer")),
            PreTokenizer = ComponentReader.PreTokenizer(root.Get("pre_tokenizer")),
            PostProcessor = ComponentReader.PostProcessor(root.Get("post_processor")),
            Decoder = ComponentReader.Decoder(root.Get("decoder")),
            Model = ReadModel(root.Get("model")),
            Added = root.Get("added_tokens").IsNull ? [] : [.. root.Get("added_tokens").Items().OrderBy(token => token.Int("id")).Select(ReadAdded)],
            Truncation = Kept(root.Get("truncation")),
            Padding = Kept(root.Get("padding")),
        };
    }

    private static JsonElement? Kept(JsonNode node) => node.IsNull ? null : node.Element;

    private static AddedToken ReadAdded(JsonNode node) => new(
        node.Text("content"), node.Bool("single_word", false), node.Bool("lstrip", false), node.Bool("rstrip", false),
        node.Bool("normalized", !node.Bool("special", false)), node.Bool("special", false));

    private static Model ReadModel(JsonNode node)
    {
        string type = node.TextOrNull("type") ?? Guess(node);
        switch (type)
        {
            case "BPE":
                return new Bpe(ReadVocabulary(node), ReadMerges(node.Get("merges")), ReadBpe(node), node.File);
            case "WordPiece":
                return new WordPiece(ReadVocabulary(node), node.TextOrNull("unk_token") ?? "[UNK]", node.TextOrNull("continuing_subword_prefix") ?? "##",
                    node.Get("max_input_chars_per_word") is { IsNull: false } most ? most.AsInt() : 100);
            case "WordLevel":
                return new WordLevel(ReadVocabulary(node), node.TextOrNull("unk_token") ?? "<unk>");
            case "Unigram":
                return ReadUnigram(node);
            default:
                throw node.Get("type").Bad("BPE, WordPiece, WordLevel or Unigram");
        }
    }

    /// <summary>Old files do not name the model's type.</summary>
    private static string Guess(JsonNode node)
    {
        if (!node.Get("merges").IsNull) return "BPE";
        if (!node.Get("max_input_chars_per_word").IsNull || !node.Get("continuing_subword_prefix").IsNull) return "WordPiece";
        return node.Get("vocab").Element.ValueKind == JsonValueKind.Array ? "Unigram" : "WordLevel";
    }

    private static BpeSettings ReadBpe(JsonNode node) => new()
    {
        Dropout = node.Get("dropout") is { IsNull: false } dropout ? (float)dropout.AsDouble() : null,
        UnkToken = node.TextOrNull("unk_token"),
        ContinuingSubwordPrefix = node.TextOrNull("continuing_subword_prefix"),
        EndOfWordSuffix = node.TextOrNull("end_of_word_suffix"),
        FuseUnk = node.Bool("fuse_unk", false),
        ByteFallback = node.Bool("byte_fallback", false),
        IgnoreMerges = node.Bool("ignore_merges", false),
    };

    public static Vocabulary ReadVocabulary(JsonNode model)
    {
        var node = model.Get("vocab");
        if (node.Element.ValueKind != JsonValueKind.Object) throw node.Bad("an object of tokens and ids");
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var property in node.Element.EnumerateObject())
        {
            if (property.Value.ValueKind != JsonValueKind.Number || !property.Value.TryGetInt32(out int id)) throw new JsonNode(property.Value, node.File, $"{node.Path}.{property.Name}").Bad("an id");
            ids[property.Name] = id;
        }

        return new Vocabulary(ids, node.File);
    }

    private static List<(string, string)> ReadMerges(JsonNode node)
    {
        var merges = new List<(string, string)>();
        if (node.Element.ValueKind != JsonValueKind.Array) throw node.Bad("a list of merges");
        foreach (var item in node.Element.EnumerateArray())
        {
            if (item.ValueKind == JsonValueKind.Array && item.GetArrayLength() == 2 && item[0].ValueKind == JsonValueKind.String && item[1].ValueKind == JsonValueKind.String)
            {
                merges.Add((item[0].GetString()!, item[1].GetString()!));
                continue;
            }

            if (item.ValueKind != JsonValueKind.String) throw TokenizerErrors.BadMerge(node.File, merges.Count + 1, item.ToString());
            if (item.GetString()!.StartsWith("#version", StringComparison.Ordinal)) continue;
            merges.Add(SplitMerge(item.GetString()!, node.File, merges.Count + 1));
        }

        return merges;
    }

    public static (string, string) SplitMerge(string line, string file, int number)
    {
        int space = line.IndexOf(' ', StringComparison.Ordinal);
        if (space < 0 || line.IndexOf(' ', space + 1) >= 0) throw TokenizerErrors.BadMerge(file, number, line);
        return (line[..space], line[(space + 1)..]);
    }

    private static Unigram ReadUnigram(JsonNode node)
    {
        var pieces = new List<(string, double)>();
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var item in node.Get("vocab").Items())
        {
            if (item.Element.ValueKind != JsonValueKind.Array || item.Element.GetArrayLength() != 2) throw item.Bad("a piece and its score");
            string piece = new JsonNode(item.Element[0], item.File, item.Path).AsText();
            ids[piece] = pieces.Count;
            pieces.Add((piece, new JsonNode(item.Element[1], item.File, item.Path).AsDouble()));
        }

        int? unknown = node.Get("unk_id") is { IsNull: false } unk ? unk.AsInt() : null;
        if (unknown is { } id && (id < 0 || id >= pieces.Count)) throw node.Get("unk_id").Bad($"an id from 0 to {pieces.Count - 1}");
        return new Unigram(pieces, new Vocabulary(ids, node.File), unknown, node.Bool("byte_fallback", false));
    }
}
