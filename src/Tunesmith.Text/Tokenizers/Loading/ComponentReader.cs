using Tunesmith.Text.Tokenizers.Decoders;
using Tunesmith.Text.Tokenizers.Normalizers;
using Tunesmith.Text.Tokenizers.Patterns;
using Tunesmith.Text.Tokenizers.PostProcessors;
using Tunesmith.Text.Tokenizers.PreTokenizers;

namespace Tunesmith.Text.Tokenizers.Loading;

/// <summary>Reads normalizers, pre-tokenizers, post-processors and decoders as tokenizer.json writes them.</summary>
internal static class ComponentReader
{
    public static Normalizer? Normalizer(JsonNode node) => node.IsNull ? null : node.Type switch
    {
        "NFC" or "NFD" or "NFKC" or "NFKD" => new UnicodeForm(node.Type),
        "Nmt" => new Nmt(),
        "Lowercase" => new Lowercase(),
        "StripAccents" => new StripAccents(),
        "ByteLevel" => new ByteLevelNormalizer(),
        "Strip" => new Strip(node.Bool("strip_left", true), node.Bool("strip_right", true)),
        "BertNormalizer" => new BertNormalizer(node.Bool("clean_text", true), node.Bool("handle_chinese_chars", true), node.BoolOrNull("strip_accents"), node.Bool("lowercase", true)),
        "Prepend" => new Prepend(node.Text("prepend")),
        "Replace" => new Replace(Pattern(node), node.Text("content")),
        "Precompiled" => new Precompiled(Base64(node.Get("precompiled_charsmap")), node.File),
        "Sequence" => new NormalizerSequence([.. node.Get("normalizers").Items().Select(step => Normalizer(step) ?? throw step.Bad("a normalizer"))]),
        _ => throw node.Get("type").Bad("a normalizer that is known"),
    };

    public static PreTokenizer? PreTokenizer(JsonNode node) => node.IsNull ? null : node.Type switch
    {
        "BertPreTokenizer" => new BertPreTokenizer(),
        "Whitespace" => new Whitespace(),
        "WhitespaceSplit" => new WhitespaceSplit(),
        "UnicodeScripts" => new UnicodeScripts(),
        "ByteLevel" => new ByteLevel(node.Bool("add_prefix_space", true), node.Bool("trim_offsets", true), node.Bool("use_regex", true)),
        "CharDelimiterSplit" => new CharDelimiterSplit(node.Rune("delimiter")),
        "Digits" => new Digits(node.Bool("individual_digits", false)),
        "Metaspace" => new Metaspace(node.Rune("replacement"), Scheme(node), node.Bool("split", true)),
        "Punctuation" => new Punctuation(Behavior(node, SplitBehavior.Isolated)),
        "Split" => new PatternSplit(Pattern(node), Behavior(node, null), node.Bool("invert", false)),
        "FixedLength" => new FixedLength(Positive(node)),
        "Sequence" => new PreTokenizerSequence([.. node.Get("pretokenizers").Items().Select(step => PreTokenizer(step) ?? throw step.Bad("a pre-tokenizer"))]),
        _ => throw node.Get("type").Bad("a pre-tokenizer that is known"),
    };

    public static Decoder? Decoder(JsonNode node) => node.IsNull ? null : node.Type switch
    {
        "ByteLevel" => new ByteLevelDecoder(node.Bool("add_prefix_space", true), node.Bool("trim_offsets", true), node.Bool("use_regex", true)),
        "ByteFallback" => new ByteFallback(),
        "Fuse" => new Fuse(),
        "WordPiece" => new WordPieceDecoder(node.Text("prefix"), node.Bool("cleanup", true)),
        "Metaspace" => new MetaspaceDecoder(node.Rune("replacement"), Scheme(node), node.Bool("split", true)),
        "BPEDecoder" => new BpeDecoder(node.Text("suffix")),
        "CTC" => new Ctc(node.Text("pad_token"), node.Text("word_delimiter_token"), node.Bool("cleanup", true)),
        "Strip" => new StripDecoder(node.Rune("content"), node.Int("start"), node.Int("stop")),
        "Replace" => new ReplaceDecoder(Pattern(node), node.Text("content")),
        "Sequence" => new DecoderSequence([.. node.Get("decoders").Items().Select(step => Decoder(step) ?? throw step.Bad("a decoder"))]),
        _ => throw node.Get("type").Bad("a decoder that is known"),
    };

    public static PostProcessor? PostProcessor(JsonNode node) => node.IsNull ? null : node.Type switch
    {
        "ByteLevel" => new ByteLevelProcessor(node.Bool("add_prefix_space", true), node.Bool("trim_offsets", true), node.Bool("use_regex", true)),
        "BertProcessing" => new PairProcessor(TokenAndId(node.Get("sep")), TokenAndId(node.Get("cls")), false, false, false),
        "RobertaProcessing" => new PairProcessor(TokenAndId(node.Get("sep")), TokenAndId(node.Get("cls")), true, node.Bool("trim_offsets", true), node.Bool("add_prefix_space", true)),
        "TemplateProcessing" => Template(node),
        "Sequence" => new ProcessorSequence([.. node.Get("processors").Items().Select(step => PostProcessor(step) ?? throw step.Bad("a post-processor"))]),
        _ => throw node.Get("type").Bad("a post-processor that is known"),
    };

    private static TextPattern Pattern(JsonNode node)
    {
        var pattern = node.Get("pattern");
        if (pattern.TextOrNull("String") is { } text) return TextPattern.OfString(text);
        return pattern.TextOrNull("Regex") is { } regex ? TextPattern.OfRegex(regex) : throw pattern.Bad("String or Regex");
    }

    private static SplitBehavior Behavior(JsonNode node, SplitBehavior? otherwise)
    {
        var behavior = node.Get("behavior");
        if (behavior.IsNull && otherwise is { } usual) return usual;
        return Enum.TryParse<SplitBehavior>(behavior.AsText(), out var value) && char.IsAsciiLetterUpper(behavior.AsText()[0])
            ? value
            : throw behavior.Bad("Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous");
    }

    private static PrependScheme Scheme(JsonNode node)
    {
        var scheme = node.Get("prepend_scheme");
        var value = scheme.IsNull ? PrependScheme.Always : scheme.AsText() switch
        {
            "always" => PrependScheme.Always,
            "first" => PrependScheme.First,
            "never" => PrependScheme.Never,
            _ => throw scheme.Bad("always, first or never"),
        };
        // Files older than prepend_scheme say it this way.
        return node.Bool("add_prefix_space", true) ? value : PrependScheme.Never;
    }

    private static int Positive(JsonNode node)
    {
        var length = node.Get("length");
        int value = length.IsNull ? 5 : length.AsInt();
        return value > 0 ? value : throw length.Bad("at least 1");
    }

    private static byte[] Base64(JsonNode node)
    {
        try
        {
            return Convert.FromBase64String(node.AsText());
        }
        catch (FormatException)
        {
            throw TokenizerErrors.BadValue(node.File, node.Path, "a text that is not base64", "base64");
        }
    }

    private static (string, int) TokenAndId(JsonNode node)
    {
        var items = node.Items().ToList();
        return items.Count == 2 ? (items[0].AsText(), items[1].AsInt()) : throw node.Bad("a token and its id");
    }

    private static TemplateProcessing Template(JsonNode node)
    {
        var specials = new Dictionary<string, TemplateToken>();
        foreach ((string name, var token) in node.Get("special_tokens").Properties())
        {
            var ids = token.Get("ids").Items().Select(id => id.AsInt()).ToList();
            var tokens = token.Get("tokens").Items().Select(text => text.AsText()).ToList();
            if (ids.Count != tokens.Count) throw token.Bad("as many ids as tokens");
            specials[name] = new TemplateToken(token.Text("id"), [.. tokens.Zip(ids)]);
        }

        var single = Parts(node.Get("single"), specials);
        return new TemplateProcessing(single, Parts(node.Get("pair"), specials), specials);
    }

    private static List<TemplatePart> Parts(JsonNode node, Dictionary<string, TemplateToken> specials)
    {
        var parts = new List<TemplatePart>();
        foreach (var item in node.Items())
        {
            bool isText = !item.Get("Sequence").IsNull;
            var part = item.Get(isText ? "Sequence" : "SpecialToken");
            string name = part.Text("id");
            if (isText && name is not ("A" or "B")) throw part.Get("id").Bad("A or B");
            if (!isText && !specials.ContainsKey(name)) throw TokenizerErrors.PostProcessorNeeds(name);
            parts.Add(new TemplatePart(isText, name, part.Int("type_id")));
        }

        return parts;
    }
}
