using Tunesmith.Text.Tokenizers.Decoders;
using Tunesmith.Text.Tokenizers.Loading;
using Tunesmith.Text.Tokenizers.Models;

namespace Tunesmith.Text.Tokenizers;

/// <summary>Turns text into token ids and back, as the checkpoint that it belongs to was trained with.</summary>
public sealed class Tokenizer
{
    /// <summary>Fewer texts than this are not worth another thread.</summary>
    private const int FewestTexts = 8;

    private readonly TokenizerParts _parts;
    private readonly AddedVocabulary _added = new();
    private readonly TokenizerConfig _config;
    private readonly TextPipeline _pipeline;

    internal Tokenizer(TokenizerParts parts, TokenizerConfig config)
    {
        _parts = parts;
        _config = config;
        _added.Add(parts.Added, parts.Model.Vocabulary, parts.Normalizer);
        _pipeline = new TextPipeline(parts, _added);
        config.AddNamedTokens(this);
    }

    /// <summary>Tokens of the model's vocabulary, without added ones.</summary>
    public int VocabSize => _parts.Model.Vocabulary.Count;

    /// <summary>Tokens of the model's vocabulary and added ones.</summary>
    public int Count => VocabSize + _added.Tokens.Count(pair => _parts.Model.Vocabulary.Find(pair.Value.Content) is null);

    public string? BosToken { get => _config.Named("bos_token"); set => _config.SetNamed("bos_token", value); }

    public string? EosToken { get => _config.Named("eos_token"); set => _config.SetNamed("eos_token", value); }

    public string? PadToken { get => _config.Named("pad_token"); set => _config.SetNamed("pad_token", value); }

    public string? UnkToken { get => _config.Named("unk_token"); set => _config.SetNamed("unk_token", value); }

    public string? ClsToken { get => _config.Named("cls_token"); set => _config.SetNamed("cls_token", value); }

    public string? SepToken { get => _config.Named("sep_token"); set => _config.SetNamed("sep_token", value); }

    public string? MaskToken { get => _config.Named("mask_token"); set => _config.SetNamed("mask_token", value); }

    /// <summary>Special tokens without a role that the checkpoint's configuration lists.</summary>
    public IReadOnlyList<string> ExtraSpecialTokens => _config.ExtraTokens;

    /// <summary>The setting add_bos_token: plain text begins with the beginning marker.</summary>
    public bool AddsBos => _config.Flag("add_bos_token");

    /// <summary>The setting clean_up_tokenization_spaces: decoded text loses the spaces before punctuation.</summary>
    public bool CleansUpSpaces => _config.Flag("clean_up_tokenization_spaces");

    public int? BosId => IdOf(BosToken);

    public int? EosId => IdOf(EosToken);

    public int? PadId => IdOf(PadToken);

    public int? UnkId => IdOf(UnkToken);

    /// <summary>The checkpoint's own Jinja chat template.</summary>
    public string? ChatTemplate { get => _config.ChatTemplate; set => _config.ChatTemplate = value; }

    public int ModelMaxLength { get => _config.ModelMaxLength; set => _config.ModelMaxLength = value; }

    /// <summary>left or right.</summary>
    public string PaddingSide { get => _config.PaddingSide; set => _config.PaddingSide = value; }

    /// <summary>left or right.</summary>
    public string TruncationSide { get => _config.TruncationSide; set => _config.TruncationSide = value; }

    internal TokenizerParts Parts => _parts;

    internal AddedVocabulary Added => _added;

    internal TokenizerConfig Config => _config;

    /// <summary>Reads a tokenizer from a checkpoint's folder or from one of its files.</summary>
    public static Tokenizer Load(string folderOrFile) => TokenizerLoader.Load(folderOrFile);

    /// <summary>Encodes a text or a pair with everything that is known of each token. A maxLength above 0 shortens, the longer text first.</summary>
    public Encoding Encode(string text, string? pair = null, bool addSpecialTokens = true, bool splitSpecialTokens = false, int maxLength = 0) =>
        Encode(new EncodeInput(text, pair), new EncodeOptions
        {
            AddSpecialTokens = addSpecialTokens,
            SplitSpecialTokens = splitSpecialTokens,
            MaxLength = maxLength > 0 ? maxLength : null,
            Truncation = maxLength > 0 ? TruncationStrategy.LongestFirst : TruncationStrategy.None,
        });

    public Encoding Encode(EncodeInput input, EncodeOptions options) => EncodeBatch([input], options)[0];

    /// <summary>Encodes several inputs, padded together where the options say so.</summary>
    public IReadOnlyList<Encoding> EncodeBatch(IReadOnlyList<EncodeInput> inputs, EncodeOptions options)
    {
        var processing = new BatchProcessing(this, options);
        return processing.Finish([.. inputs.Select(input => processing.Shorten(
            _pipeline.Encode(input.Text, input.Words, options.SplitSpecialTokens),
            input.HasPair ? _pipeline.Encode(input.Pair, input.PairWords, options.SplitSpecialTokens) : null))]);
    }

    /// <summary>The ids alone: the fast way.</summary>
    public int[] EncodeIds(string text, bool addSpecialTokens = false, bool splitSpecialTokens = false)
    {
        if (addSpecialTokens) return Encode(text, null, true, splitSpecialTokens).Ids;
        return _pipeline.EncodeIds(text, splitSpecialTokens);
    }

    /// <summary>The ids of many texts, on all cores; the result does not depend on how many there are.</summary>
    public int[][] EncodeIdsBatch(IReadOnlyList<string> texts, bool splitSpecialTokens = false)
    {
        var ids = new int[texts.Count][];
        if (texts.Count == 0) return ids;
        // One worker a core, each with a cache of its own to warm; whoever is done takes the next stretch, so that none waits for a slow one.
        int workers = Math.Min(Environment.ProcessorCount, (texts.Count + FewestTexts - 1) / FewestTexts);
        int stretch = Math.Clamp(texts.Count / (workers * 16), 1, 1024);
        int taken = 0;
        (int, int)? Next()
        {
            int end = Interlocked.Add(ref taken, stretch);
            return end - stretch < texts.Count ? (end - stretch, Math.Min(end, texts.Count)) : null;
        }

        if (workers == 1) _pipeline.EncodeIds(texts, splitSpecialTokens, Next, ids);
        else Parallel.For(0, workers, new ParallelOptions { MaxDegreeOfParallelism = workers }, _ => _pipeline.EncodeIds(texts, splitSpecialTokens, Next, ids));
        return ids;
    }

    public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens = false)
    {
        var tokens = new List<string>(ids.Length);
        foreach (int id in ids)
        {
            if (IdToToken(id) is not { } token || skipSpecialTokens && _added.IsSpecial(token)) continue;
            tokens.Add(token);
        }

        if (tokens.Count == 0) return "";
        return _parts.Decoder is null ? string.Join(' ', tokens) : string.Concat(_parts.Decoder.Apply(tokens));
    }

    /// <summary>Decodes and takes the spaces out before punctuation, as clean_up_tokenization_spaces does.</summary>
    public string DecodeCleanly(ReadOnlySpan<int> ids, bool skipSpecialTokens = false) =>
        WordPieceDecoder.CleanupSpaces(Decode(ids, skipSpecialTokens));

    /// <summary>Decodes ids as they come.</summary>
    public StreamingDecoder Stream(bool skipSpecialTokens) => new(this, skipSpecialTokens);

    public int? TokenToId(string token) => _added.Find(token) ?? _parts.Model.Vocabulary.Find(token);

    public string? IdToToken(int id) => _added.Token(id)?.Content ?? _parts.Model.Vocabulary.Token(id);

    /// <summary>Whether skipping special tokens leaves this id out.</summary>
    public bool IsSpecial(int id) => _added.IsSpecial(id);

    /// <summary>Adds tokens that are searched in every text from now on; returns how many were new.</summary>
    public int AddTokens(IEnumerable<AddedToken> tokens, bool special)
    {
        int before = Count;
        _added.Add(tokens.Select(token => special ? token with { Special = true } : token), _parts.Model.Vocabulary, _parts.Normalizer);
        return Count - before;
    }

    /// <summary>How many special tokens are put around one text or a pair.</summary>
    public int SpecialTokensToAdd(bool pair = false) => _parts.PostProcessor?.AddedTokens(pair) ?? 0;

    /// <summary>Writes tokenizer.json, tokenizer_config.json and special_tokens_map.json.</summary>
    public void Save(string folder) => TokenizerWriter.Save(this, folder);

    private int? IdOf(string? token) => token is null ? null : TokenToId(token);
}
