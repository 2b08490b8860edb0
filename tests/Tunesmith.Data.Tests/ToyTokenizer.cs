using Tunesmith.Text.Tokenizers;

namespace Tunesmith.Data.Tests;

/// <summary>A tokenizer of a few dozen byte-level pieces: every byte is a token, so that lengths can be counted by hand.</summary>
internal static class ToyTokenizer
{
    public const string Bos = "<s>";
    public const string Eos = "</s>";

    public static Tokenizer Load(TempFolder folder)
    {
        // The printable stand-ins of bytes in byte-level tokenizers (GPT-2's table).
        var pieces = new List<string>();
        int next = 256;
        for (int b = 0; b < 256; b++)
        {
            bool own = b is (>= 33 and <= 126) or (>= 161 and <= 172) or >= 174;
            pieces.Add(((char)(own ? b : next++)).ToString());
        }
        string vocab = string.Join(", ", pieces.Select((piece, id) => $"{System.Text.Json.JsonSerializer.Serialize(piece)}: {id}"));
        string added = string.Join(", ", new[] { Bos, Eos }.Select((token, i) =>
            $"{{\"id\": {256 + i}, \"content\": \"{token}\", \"single_word\": false, \"lstrip\": false, \"rstrip\": false, \"normalized\": false, \"special\": true}}"));
        const string Post = """
            {"type": "TemplateProcessing",
             "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}}],
             "pair": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}, {"SpecialToken": {"id": "</s>", "type_id": 1}}],
             "special_tokens": {"<s>": {"id": "<s>", "ids": [256], "tokens": ["<s>"]}, "</s>": {"id": "</s>", "ids": [257], "tokens": ["</s>"]}}}
            """;
        folder.Write("tokenizer/tokenizer.json", $$"""
            {"version": "1.0", "truncation": null, "padding": null, "added_tokens": [{{added}}], "normalizer": null,
             "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true},
             "post_processor": {{Post}},
             "decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true},
             "model": {"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null, "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false, "ignore_merges": false, "vocab": { {{vocab}} }, "merges": []} }
            """);
        folder.Write("tokenizer/tokenizer_config.json", """{"bos_token": "<s>", "eos_token": "</s>", "pad_token": "</s>", "model_max_length": 64, "tokenizer_class": "PreTrainedTokenizerFast"}""");
        return Tokenizer.Load(Path.Combine(folder.Path, "tokenizer"));
    }
}
