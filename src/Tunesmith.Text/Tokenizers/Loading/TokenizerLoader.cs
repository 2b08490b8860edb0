using Tunesmith.Text.Tokenizers.Decoders;
using Tunesmith.Text.Tokenizers.Models;
using Tunesmith.Text.Tokenizers.Normalizers;
using Tunesmith.Text.Tokenizers.PostProcessors;
using Tunesmith.Text.Tokenizers.PreTokenizers;

namespace Tunesmith.Text.Tokenizers.Loading;

/// <summary>Finds a tokenizer's files and puts the tokenizer together, as the reference's classes do.</summary>
internal static class TokenizerLoader
{
    public static Tokenizer Load(string path)
    {
        if (Directory.Exists(path)) return LoadFolder(path);
        if (!File.Exists(path)) throw TokenizerErrors.NoTokenizer(path);
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        return LoadFile(path, TokenizerConfig.Read(folder), folder);
    }

    private static Tokenizer LoadFolder(string folder)
    {
        var config = TokenizerConfig.Read(folder);
        foreach (string name in (string[])["tokenizer.json", "tokenizer.model", "spiece.model", "sentencepiece.bpe.model", "vocab.txt", "vocab.json"])
        {
            string path = Path.Combine(folder, name);
            if (File.Exists(path)) return LoadFile(path, config, folder);
            if (File.Exists(path + ".gz")) return LoadFile(path + ".gz", config, folder);
        }

        throw TokenizerErrors.NoTokenizer(folder);
    }

    private static Tokenizer LoadFile(string path, TokenizerConfig config, string folder)
    {
        string name = path.EndsWith(".gz", StringComparison.Ordinal) ? path[..^3] : path;
        if (name.EndsWith(".model", StringComparison.Ordinal)) return SentencePieceClasses.Load(path, config);
        if (name.EndsWith(".txt", StringComparison.Ordinal)) return FromVocabularyText(path, config);
        if (Path.GetFileName(name) == "vocab.json")
        {
            string merges = Path.Combine(folder, "merges.txt");
            if (!File.Exists(merges)) merges += ".gz";
            return FromVocabularyAndMerges(path, merges, config);
        }

        return new Tokenizer(TokenizerFile.Read(TokenizerFile.ReadBytes(path), path), config);
    }

    /// <summary>BERT from vocab.txt: one token a line, its number is its id.</summary>
    public static Tokenizer FromVocabularyText(string path, TokenizerConfig config)
    {
        _ = TokenizerClasses.Family(path, config, TokenizerClasses.LikeBert, "Bert");
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        var text = System.Text.Encoding.UTF8.GetString(TokenizerFile.ReadBytes(path));
        int line = 0;
        foreach (string token in text.TrimEnd('\n').Split('\n')) ids[token.TrimEnd('\r')] = line++;
        config.SetDefault("unk_token", "[UNK]");
        config.SetDefault("sep_token", "[SEP]");
        config.SetDefault("pad_token", "[PAD]");
        config.SetDefault("cls_token", "[CLS]");
        config.SetDefault("mask_token", "[MASK]");
        var vocabulary = new Vocabulary(ids, path);
        (string Token, int Id) cls = Special(config, "cls_token", vocabulary);
        (string Token, int Id) sep = Special(config, "sep_token", vocabulary);
        var parts = new TokenizerParts
        {
            Normalizer = new BertNormalizer(true, config.TokenizeChineseChars ?? true, config.StripAccents, config.DoLowerCase ?? true),
            PreTokenizer = new BertPreTokenizer(),
            Model = new WordPiece(vocabulary, config.Named("unk_token")!, "##", 100),
            Decoder = new WordPieceDecoder("##", true),
            PostProcessor = Templates.Bert(cls, sep),
        };
        return new Tokenizer(parts, config);
    }

    /// <summary>GPT-2 or RoBERTa from vocab.json and merges.txt; the class name in tokenizer_config.json decides, else the vocabulary.</summary>
    public static Tokenizer FromVocabularyAndMerges(string vocabPath, string mergesPath, TokenizerConfig config)
    {
        var root = TokenizerFile.Parse(TokenizerFile.ReadBytes(vocabPath), vocabPath);
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach ((string token, var id) in root.Properties()) ids[token] = id.AsInt();
        var vocabulary = new Vocabulary(ids, vocabPath);
        bool looksRoberta = ids.ContainsKey("<s>") && ids.ContainsKey("</s>") && ids.ContainsKey("<mask>");
        string family = TokenizerClasses.Family(vocabPath, config, [.. TokenizerClasses.LikeGpt2, .. TokenizerClasses.LikeRoberta], looksRoberta ? "Roberta" : "GPT2");
        bool roberta = TokenizerClasses.LikeRoberta.Contains(family);
        foreach ((string role, string token) in roberta ? RobertaRoles : Gpt2Roles) config.SetDefault(role, token);
        var parts = new TokenizerParts
        {
            PreTokenizer = new ByteLevel(false, true, true),
            Model = new Bpe(vocabulary, ReadMerges(mergesPath), new BpeSettings { ContinuingSubwordPrefix = "", EndOfWordSuffix = "" }, mergesPath),
            Decoder = new ByteLevelDecoder(true, true, true),
            PostProcessor = roberta
                ? new PairProcessor(Special(config, "sep_token", vocabulary), Special(config, "cls_token", vocabulary), true, true, false)
                : new ByteLevelProcessor(true, false, true),
        };
        return new Tokenizer(parts, config);
    }

    private static readonly (string, string)[] Gpt2Roles = [("bos_token", "<|endoftext|>"), ("eos_token", "<|endoftext|>"), ("unk_token", "<|endoftext|>")];

    private static readonly (string, string)[] RobertaRoles =
    [
        ("bos_token", "<s>"), ("eos_token", "</s>"), ("unk_token", "<unk>"), ("sep_token", "</s>"),
        ("pad_token", "<pad>"), ("cls_token", "<s>"), ("mask_token", "<mask>"),
    ];

    public static List<(string, string)> ReadMerges(string path)
    {
        var merges = new List<(string, string)>();
        foreach (string raw in System.Text.Encoding.UTF8.GetString(TokenizerFile.ReadBytes(path)).Split('\n'))
        {
            string line = raw.TrimEnd('\r');
            if (line.Length == 0 || line.StartsWith("#version", StringComparison.Ordinal)) continue;
            merges.Add(TokenizerFile.SplitMerge(line, path, merges.Count + 1));
        }

        return merges;
    }

    private static (string, int) Special(TokenizerConfig config, string role, Vocabulary vocabulary)
    {
        string token = config.Named(role)!;
        return (token, vocabulary.Find(token) ?? throw TokenizerErrors.UnknownSpecialToken(role, token));
    }
}

/// <summary>The templates that more than one class uses.</summary>
internal static class Templates
{
    /// <summary>[CLS] A [SEP], and [CLS] A [SEP] B [SEP] with the second text as type 1.</summary>
    public static TemplateProcessing Bert((string Token, int Id) cls, (string Token, int Id) sep)
    {
        List<TemplatePart> single = [new(false, cls.Token, 0), new(true, "A", 0), new(false, sep.Token, 0)];
        return new TemplateProcessing(single, [.. single, new(true, "B", 1), new(false, sep.Token, 1)], Tokens(cls, sep));
    }

    /// <summary>&lt;s&gt; A &lt;/s&gt;, and &lt;s&gt; A &lt;/s&gt; &lt;/s&gt; B &lt;/s&gt;, all of type 0.</summary>
    public static TemplateProcessing Roberta((string Token, int Id) cls, (string Token, int Id) sep)
    {
        List<TemplatePart> single = [new(false, cls.Token, 0), new(true, "A", 0), new(false, sep.Token, 0)];
        return new TemplateProcessing(single, [.. single, new(false, sep.Token, 0), new(true, "B", 0), new(false, sep.Token, 0)], Tokens(cls, sep));
    }

    private static Dictionary<string, TemplateToken> Tokens(params ReadOnlySpan<(string Token, int Id)> tokens)
    {
        var specials = new Dictionary<string, TemplateToken>();
        foreach (var token in tokens) specials[token.Token] = new TemplateToken(token.Token, [token]);
        return specials;
    }
}
