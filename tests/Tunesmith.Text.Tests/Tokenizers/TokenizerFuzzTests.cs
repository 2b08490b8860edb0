using System.IO.Compression;
using System.Text;
using Tunesmith.Runs;
using Tunesmith.Tests;
using Tunesmith.Text.Tokenizers;

namespace Tunesmith.Text.Tests.Tokenizers;

/// <summary>Damaged tokenizer files: a tokenizer that works, or one clear error.</summary>
public sealed class TokenizerFuzzTests : IDisposable
{
    private static readonly string[] s_names = ["added-wordpiece-bert", "added-bytelevel-single-digits", "added-spbpe-llama", "wordlevel-punct", "charbpe-fuse-unk", "unigram-bytefallback", "wordpiece-short-limit"];

    private static readonly string[] s_samples = ["Hello, world!", " two  spaces <L> [MASK] x", "naïve café 日本語 😀 123", "", "\n\t ", "\ud800 lone", "a\u0301b İ ß ﬁ", new string('a', 300)];

    // Parts that other files have: damage puts them where they do not belong.
    private static readonly string[] s_pieces =
    [
        "{", "}", "[", "]", ",", ":", "\"", "0", "a", "\\", "-", "\u0001", "é", "\\ud800", "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"(a|a|aa)+$b\"},\"behavior\":\"Isolated\",\"invert\":false}",
        "{\"type\":\"Sequence\",\"pretokenizers\":[]}", "{\"type\":\"Sequence\",\"normalizers\":[]}", "{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"AAAA\"}", "{\"type\":\"Replace\",\"pattern\":{\"String\":\"\"},\"content\":\"aa\"}",
        "{\"type\":\"Replace\",\"pattern\":{\"Regex\":\"a*\"},\"content\":\"aaaa\"}", "{\"type\":\"NFKD\"}", "{\"type\":\"Metaspace\",\"replacement\":\"ab\"}", "\"a a\"", "[\"a\", \"b\"]", "null", "true", "1e999",
    ];

    private readonly string _folder = Directory.CreateTempSubdirectory("tokenizer").FullName;

    public void Dispose() => Directory.Delete(_folder, true);

    [Fact]
    public void Damaged_tokenizer_files_give_a_tokenizer_or_a_clear_error() => Fuzzer("tokenizer.json").Run("tokenizer.json", Fuzz.Count(400), new Damage(1, [.. s_names.Select(Unzipped)], s_pieces, json: true));

    [Fact]
    public void Damaged_tokenizer_configs_give_a_tokenizer_or_a_clear_error()
    {
        File.WriteAllBytes(Path.Combine(_folder, "tokenizer.json"), Unzipped("added-wordpiece-bert"));
        byte[] config = System.Text.Encoding.UTF8.GetBytes("""
            {"tokenizer_class": "BertTokenizer", "do_lower_case": true, "model_max_length": 512, "unk_token": "[UNK]", "pad_token": {"content": "[PAD]", "lstrip": false, "special": true}, "padding_side": "left",
             "chat_template": "{{ messages }}", "added_tokens_decoder": {"0": {"content": "[PAD]", "lstrip": false, "normalized": false, "rstrip": false, "single_word": false, "special": true}}, "extra_special_tokens": ["<x>"]}
            """);
        Fuzzer("tokenizer_config.json").Run("tokenizer_config.json", Fuzz.Count(200), new Damage(2, [config], s_pieces, json: true));
    }

    [Fact]
    public void Damaged_vocabularies_give_a_tokenizer_or_a_clear_error() => Fuzzer("vocab.txt").Run("vocab.txt", Fuzz.Count(200),
        new Damage(3, ["[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n##a\nhello\nworld\n,\n!\n##b\n"u8.ToArray()], ["\n", "##", "[UNK]", "\r\n", "\0", "é"]));

    [Fact]
    public void A_damaged_sentencepiece_model_gives_a_tokenizer_or_a_clear_error() => Fuzzer("tokenizer.model").Run("tokenizer.model", Fuzz.Count(300), new Damage(4, [Model()], ["\u0001", "\n", "\u000a\u007f", "\u001a", "\u00ff"]));

    private Fuzz Fuzzer(string name) => new()
    {
        IsOurs = error => error is UsageException,
        Read = file =>
        {
            File.WriteAllBytes(Path.Combine(_folder, name), file);
            var tokenizer = Tokenizer.Load(_folder);
            foreach (string text in s_samples)
            {
                int[] ids = tokenizer.EncodeIds(text, file.Length % 2 == 0);
                tokenizer.Decode(ids);
                Assert.Equal(ids, tokenizer.Encode(text, addSpecialTokens: file.Length % 2 == 0).Ids);
            }
        },
    };

    // ModelProto: pieces (field 1: text, score, kind), trainer (field 2), normalizer (field 3); unigram with an unknown, two controls and a few words.
    private static byte[] Model()
    {
        var model = new MemoryStream();
        foreach (var (text, score, kind) in ((string, float, byte)[])[("<unk>", 0, 2), ("<s>", 0, 3), ("</s>", 0, 3), ("\u2581", -2, 1), ("a", -3, 1), ("b", -3, 1), ("\u2581hello", -4, 1), ("l", -5, 1), ("o", -5, 1), ("é", -6, 1)])
        {
            byte[] utf8 = System.Text.Encoding.UTF8.GetBytes(text);
            byte[] piece = [0x0a, (byte)utf8.Length, .. utf8, 0x15, .. BitConverter.GetBytes(score), 0x18, kind];
            model.Write([0x0a, (byte)piece.Length, .. piece]);
        }
        model.Write([0x12, 2, 0x18, 1, 0x1a, 6, 0x18, 1, 0x20, 1, 0x28, 1]);
        return model.ToArray();
    }

    private static byte[] Unzipped(string name)
    {
        using var zip = new GZipStream(File.OpenRead(Path.Combine(Repo.Fixtures, "tokenizers", "zoo", name + ".tokenizer.json.gz")), CompressionMode.Decompress);
        var whole = new MemoryStream();
        zip.CopyTo(whole);
        return whole.ToArray();
    }
}
