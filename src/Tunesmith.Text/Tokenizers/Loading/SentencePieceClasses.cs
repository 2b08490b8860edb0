using Tunesmith.Text.Tokenizers.Decoders;
using Tunesmith.Text.Tokenizers.Models;
using Tunesmith.Text.Tokenizers.Normalizers;
using Tunesmith.Text.Tokenizers.Patterns;
using Tunesmith.Text.Tokenizers.PreTokenizers;

namespace Tunesmith.Text.Tokenizers.Loading;

/// <summary>
/// The tokenizers that transformers 5 makes of a SentencePiece model, which is not what the sentencepiece library does with it.
/// </summary>
internal static class SentencePieceClasses
{
    private const int Mark = 0x2581;

    public static Tokenizer Load(string path, TokenizerConfig config)
    {
        string family = TokenizerClasses.Family(path, config, ["Albert", "Llama", "XLMRoberta"], ClassOf(path));
        var model = SentencePieceFile.Read(path);
        return family switch
        {
            "Albert" => Albert(model, path, config),
            "XLMRoberta" => XlmRoberta(model, path, config),
            _ => Llama(model, path, config),
        };
    }

    /// <summary>Each class has its own name for the file.</summary>
    private static string ClassOf(string path)
    {
        string file = Path.GetFileName(path);
        return file.StartsWith("spiece", StringComparison.Ordinal) ? "Albert" : file.StartsWith("sentencepiece", StringComparison.Ordinal) ? "XLMRoberta" : "Llama";
    }

    private static Tokenizer Llama(SentencePieceFile model, string path, TokenizerConfig config)
    {
        config.SetDefault("bos_token", "<s>");
        config.SetDefault("eos_token", "</s>");
        config.SetDefault("unk_token", "<unk>");
        if (config.Source is null) config.PaddingSide = "left";
        var vocabulary = VocabularyOf(model, path);
        var parts = new TokenizerParts
        {
            PreTokenizer = new Metaspace(Mark, PrependScheme.First, false),
            Model = model.ModelType == 2
                ? new Bpe(vocabulary, MergesOf(model, vocabulary), new BpeSettings { UnkToken = config.Named("unk_token"), FuseUnk = true, ByteFallback = true }, path)
                : UnigramOf(PiecesOf(model), vocabulary, config.Named("unk_token")),
            Decoder = new DecoderSequence([new ReplaceDecoder(TextPattern.OfString("\u2581"), " "), new ByteFallback(), new Fuse(), new StripDecoder(' ', 1, 0)]),
            Added = Specials(model),
        };
        return new Tokenizer(parts, config);
    }

    private static Tokenizer Albert(SentencePieceFile model, string path, TokenizerConfig config)
    {
        foreach ((string role, string token) in ((string, string)[])[("bos_token", "[CLS]"), ("eos_token", "[SEP]"), ("unk_token", "<unk>"),
            ("sep_token", "[SEP]"), ("pad_token", "<pad>"), ("cls_token", "[CLS]"), ("mask_token", "[MASK]")]) config.SetDefault(role, token);
        var vocabulary = VocabularyOf(model, path);
        var normalizers = new List<Normalizer> { new Replace(TextPattern.OfString("``"), "\""), new Replace(TextPattern.OfString("''"), "\""), new UnicodeForm("NFKD"), new StripAccents() };
        if (config.DoLowerCase ?? true) normalizers.Add(new Lowercase());
        normalizers.Add(new Replace(TextPattern.OfRegex(" {2,}"), " "));
        var parts = new TokenizerParts
        {
            Normalizer = new NormalizerSequence(normalizers),
            PreTokenizer = new PreTokenizerSequence([new WhitespaceSplit(), new Metaspace(Mark, PrependScheme.Always, true)]),
            Model = UnigramOf(PiecesOf(model), vocabulary, config.Named("unk_token")),
            Decoder = new MetaspaceDecoder(Mark, PrependScheme.Always, true),
            PostProcessor = Templates.Bert(Token(vocabulary, config, "cls_token"), Token(vocabulary, config, "sep_token")),
            Added = [new AddedToken(config.Named("mask_token")!, Normalized: false, Special: true), .. Specials(model).Where(token => token.Content != config.Named("mask_token"))],
        };
        return new Tokenizer(parts, config);
    }

    /// <summary>fairseq's ids: four special tokens in front, the model's pieces from its fourth on, the mask last.</summary>
    private static Tokenizer XlmRoberta(SentencePieceFile model, string path, TokenizerConfig config)
    {
        foreach ((string role, string token) in ((string, string)[])[("bos_token", "<s>"), ("eos_token", "</s>"), ("unk_token", "<unk>"),
            ("sep_token", "</s>"), ("pad_token", "<pad>"), ("cls_token", "<s>"), ("mask_token", "<mask>")]) config.SetDefault(role, token);
        List<(string, double)> pieces = [("<s>", 0), ("<pad>", 0), ("</s>", 0), ("<unk>", 0), .. PiecesOf(model).Skip(3), ("<mask>", 0)];
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int i = 0; i < pieces.Count; i++) ids[pieces[i].Item1] = i;
        var vocabulary = new Vocabulary(ids, path);
        var normalizers = new List<Normalizer>();
        if (model.CharsMap.Length > 0) normalizers.Add(new Precompiled(model.CharsMap, path));
        normalizers.Add(new Replace(TextPattern.OfRegex(" {2,}"), " "));
        var parts = new TokenizerParts
        {
            Normalizer = new NormalizerSequence(normalizers),
            PreTokenizer = new PreTokenizerSequence([new WhitespaceSplit(), new Metaspace(Mark, PrependScheme.Always, true)]),
            Model = UnigramOf(pieces, vocabulary, "<unk>"),
            Decoder = new MetaspaceDecoder(Mark, PrependScheme.Always, true),
            PostProcessor = Templates.Roberta(Token(vocabulary, config, "cls_token"), Token(vocabulary, config, "sep_token")),
            Added = [new AddedToken("<mask>", Normalized: false, Special: true)],
        };
        return new Tokenizer(parts, config);
    }

    private static Vocabulary VocabularyOf(SentencePieceFile model, string path)
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int i = 0; i < model.Pieces.Count; i++) ids[model.Pieces[i].Text] = i;
        return new Vocabulary(ids, path);
    }

    private static List<(string, double)> PiecesOf(SentencePieceFile model) => model.Pieces.ConvertAll(piece => (piece.Text, (double)piece.Score));

    private static Unigram UnigramOf(List<(string, double)> pieces, Vocabulary vocabulary, string? unknown) =>
        new(pieces, vocabulary, vocabulary.Find(unknown), false);

    private static List<AddedToken> Specials(SentencePieceFile model) =>
        [.. model.Pieces.Where(piece => piece.Kind is PieceKind.Unknown or PieceKind.Control or PieceKind.UserDefined)
            .Select(piece => new AddedToken(piece.Text, Normalized: false, Special: piece.Kind != PieceKind.UserDefined))];

    /// <summary>The merges behind a BPE vocabulary: every way to put a piece together from two, in the order of the pieces (not of their scores, as the reference has it).</summary>
    private static List<(string, string)> MergesOf(SentencePieceFile model, Vocabulary vocabulary)
    {
        var merges = new List<(string Left, string Right, int Id)>();
        for (int id = 0; id < model.Pieces.Count; id++)
        {
            string text = model.Pieces[id].Text;
            var ways = new List<(int Left, int Right, string LeftText, string RightText)>();
            for (int i = 1; i < text.Length; i++)
            {
                if (char.IsLowSurrogate(text[i])) continue;
                if (vocabulary.TryGet(text.AsSpan(0, i), out int left) && vocabulary.TryGet(text.AsSpan(i), out int right)) ways.Add((left, right, text[..i], text[i..]));
            }

            merges.AddRange(ways.OrderBy(way => (way.Left, way.Right)).Select(way => (way.LeftText, way.RightText, id)));
        }

        return [.. merges
            .OrderBy(merge => merge.Id)
            .ThenBy(merge => Unicode.Runes.Count(merge.Left))
            .ThenBy(merge => Unicode.Runes.Count(merge.Right))
            .Select(merge => (merge.Left, merge.Right))];
    }

    private static (string, int) Token(Vocabulary vocabulary, TokenizerConfig config, string role)
    {
        string token = config.Named(role)!;
        return (token, vocabulary.Find(token) ?? throw TokenizerErrors.UnknownSpecialToken(role, token));
    }
}
