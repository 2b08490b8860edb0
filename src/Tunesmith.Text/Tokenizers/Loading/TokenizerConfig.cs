using System.Text.Json;

namespace Tunesmith.Text.Tokenizers.Loading;

/// <summary>What tokenizer_config.json and special_tokens_map.json say beside the tokenizer itself.</summary>
internal sealed class TokenizerConfig
{
    public static readonly string[] Roles = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

    private readonly Dictionary<string, string?> _named = [];
    private readonly Dictionary<string, AddedToken> _flags = [];
    private readonly List<AddedToken> _listed = [];

    public string? TokenizerClass { get; set; }

    public string? ChatTemplate { get; set; }

    /// <summary>The reference's number for "as long as you like".</summary>
    public int ModelMaxLength { get; set; } = int.MaxValue;

    public string PaddingSide { get; set; } = "right";

    public string TruncationSide { get; set; } = "right";

    public bool? DoLowerCase { get; set; }

    public bool? StripAccents { get; set; }

    public bool? TokenizeChineseChars { get; set; }

    /// <summary>The file as it was read; what is not known here is written back unchanged.</summary>
    public JsonElement? Source { get; private set; }

    /// <summary>Special tokens beyond those that have a role, under the names of transformers 4 and 5.</summary>
    public IReadOnlyList<string> ExtraTokens { get; private set; } = [];

    /// <summary>Whether a setting of tokenizer_config.json is there and true.</summary>
    public bool Flag(string name) => Source is { } source && source.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;

    public string? Named(string role) => _named.GetValueOrDefault(role);

    public void SetNamed(string role, string? token) => _named[role] = token;

    /// <summary>Gives a role a token unless the files name one.</summary>
    public void SetDefault(string role, string token) => _named.TryAdd(role, token);

    public static TokenizerConfig Read(string folder)
    {
        var config = new TokenizerConfig();
        if (config.Open(folder, "special_tokens_map.json") is { } map) config.ReadNamed(map);
        if (config.Open(folder, "tokenizer_config.json") is { } main) config.ReadMain(main);
        if (config.Open(folder, "added_tokens.json") is { } added) config.ReadAdded(added);
        string template = Path.Combine(folder, "chat_template.jinja");
        if (File.Exists(template)) config.ChatTemplate = System.Text.Encoding.UTF8.GetString(TokenizerFile.ReadBytes(template));
        return config;
    }

    /// <summary>Special tokens that the tokenizer does not list become added, special, not normalised tokens.</summary>
    public void AddNamedTokens(Tokenizer tokenizer)
    {
        tokenizer.AddTokens(_listed.Where(token => tokenizer.Added.Find(token.Content) is null), special: false);
        foreach (string role in Roles)
        {
            if (Named(role) is not { } token) continue;
            if (tokenizer.Added.Find(token) is not null) continue;
            tokenizer.AddTokens([_flags.GetValueOrDefault(role) ?? new AddedToken(token, Normalized: false, Special: true)], special: true);
        }
    }

    private JsonNode? Open(string folder, string name)
    {
        string path = Path.Combine(folder, name);
        if (!File.Exists(path)) return null;
        byte[] json = TokenizerFile.ReadBytes(path);
        var root = TokenizerFile.Parse(json, path);
        TokenizerFile.CheckStrings(json, path);
        return root;
    }

    private void ReadMain(JsonNode node)
    {
        Source = node.Element;
        ReadNamed(node);
        TokenizerClass = node.TextOrNull("tokenizer_class");
        PaddingSide = node.TextOrNull("padding_side") ?? PaddingSide;
        TruncationSide = node.TextOrNull("truncation_side") ?? TruncationSide;
        DoLowerCase = node.BoolOrNull("do_lower_case");
        StripAccents = node.BoolOrNull("strip_accents");
        TokenizeChineseChars = node.BoolOrNull("tokenize_chinese_chars");
        if (node.Get("model_max_length") is { IsNull: false } length) ModelMaxLength = (int)Math.Clamp(length.AsDouble(), 1, int.MaxValue);
        var template = node.Get("chat_template");
        if (template.Element.ValueKind == JsonValueKind.String) ChatTemplate = template.AsText();
        else if (template.Element.ValueKind == JsonValueKind.Array) ReadTemplates(template);
        if (node.Get("added_tokens_decoder") is { IsNull: false } decoder)
        {
            _listed.AddRange(decoder.Properties().OrderBy(entry => int.TryParse(entry.Name, out int id) ? id : int.MaxValue).Select(entry => ReadToken(entry.Value)));
        }
    }

    private void ReadTemplates(JsonNode templates)
    {
        foreach (var entry in templates.Items())
        {
            if (entry.TextOrNull("name") == "default") ChatTemplate = entry.Text("template");
        }
    }

    private void ReadNamed(JsonNode node)
    {
        foreach (string name in (string[])["additional_special_tokens", "extra_special_tokens"])
        {
            if (node.Get(name) is not { IsNull: false } extra || extra.Element.ValueKind != JsonValueKind.Array) continue;
            ExtraTokens = [.. extra.Items().Select(token => token.Element.ValueKind == JsonValueKind.Object ? token.Text("content") : token.AsText())];
        }
        foreach (string role in Roles)
        {
            var value = node.Get(role);
            if (value.IsNull) continue;
            if (value.Element.ValueKind == JsonValueKind.Object)
            {
                _flags[role] = ReadToken(value) with { Special = true };
                _named[role] = value.Text("content");
            }
            else
            {
                _named[role] = value.AsText();
            }
        }
    }

    private void ReadAdded(JsonNode node)
    {
        foreach ((string token, _) in node.Properties().OrderBy(entry => entry.Value.AsInt()))
        {
            if (!_listed.Exists(known => known.Content == token)) _listed.Add(new AddedToken(token, Normalized: false));
        }
    }

    private static AddedToken ReadToken(JsonNode node) => new(
        node.Text("content"), node.Bool("single_word", false), node.Bool("lstrip", false), node.Bool("rstrip", false),
        node.Bool("normalized", false), node.Bool("special", false));
}
