using System.Text;
using Tunesmith.Runs;
using Tunesmith.Tests;
using Tunesmith.Text.Tokenizers;
using Tunesmith.Text.Tokenizers.Models;
using Tunesmith.Text.Tokenizers.Patterns;
using Tunesmith.Text.Tokenizers.Unicode;

namespace Tunesmith.Text.Tests.Tokenizers;

public sealed class TokenizerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tokenizer").FullName;

    public void Dispose() => Directory.Delete(_folder, true);

    private static string Zoo(string name) => Path.Combine(Repo.Fixtures, "tokenizers", "zoo", name + ".tokenizer.json.gz");

    public static TheoryData<string> Names => ["added-wordpiece-bert", "added-bytelevel-single-digits", "added-spbpe-llama", "wordlevel-punct", "charbpe-fuse-unk", "unigram-bytefallback"];

    private static readonly string[] Samples = ["Hello, world!", " two  spaces <L> [MASK] x", "naïve café 日本語 😀 123", "", "\n\t ", "\ud800 lone", "a\u0301b İ ß ﬁ"];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_saved_tokenizer_reads_back_the_same(string name)
    {
        var before = Tokenizer.Load(Zoo(name));
        before.ChatTemplate = "{{ messages }}";
        before.Save(_folder);
        var after = Tokenizer.Load(_folder);
        Assert.Equal(before.Count, after.Count);
        Assert.Equal("{{ messages }}", after.ChatTemplate);
        foreach (string text in Samples) Assert.Equal(before.EncodeIds(text, true), after.EncodeIds(text, true));
        before.Save(_folder);
        var bytes = File.ReadAllBytes(Path.Combine(_folder, "tokenizer.json"));
        after.Save(_folder);
        Assert.Equal(bytes, File.ReadAllBytes(Path.Combine(_folder, "tokenizer.json")));
    }

    [Theory]
    [InlineData("vocab.txt", "MPNetTokenizer", "expected one of BertTokenizer, ConvBertTokenizer")]
    [InlineData("vocab.json", "CLIPTokenizer", "expected one of BartTokenizer, CodeGenTokenizer, GPT2Tokenizer")]
    [InlineData("spiece.model", "T5Tokenizer", "expected one of AlbertTokenizer, LlamaTokenizer, XLMRobertaTokenizer")]
    public void Bare_files_of_a_class_that_reads_them_otherwise_are_refused(string file, string name, string expected)
    {
        File.WriteAllText(Path.Combine(_folder, "tokenizer_config.json"), "{\"tokenizer_class\": \"" + name + "\"}");
        File.WriteAllText(Path.Combine(_folder, "vocab.txt"), "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n");
        File.WriteAllText(Path.Combine(_folder, "vocab.json"), "{\"a\": 0, \"<|endoftext|>\": 1}");
        File.WriteAllText(Path.Combine(_folder, "merges.txt"), "#version: 0.2\n");
        // A model of two pieces: (text, score, kind) each.
        File.WriteAllBytes(Path.Combine(_folder, "spiece.model"), [0x0A, 0x0C, 0x0A, 0x05, .. "<unk>"u8, 0x15, 0, 0, 0, 0, 0x0A, 0x08, 0x0A, 0x01, .. "a"u8, 0x15, 0, 0, 0, 0]);
        string message = Assert.Throws<UsageException>(() => Tokenizer.Load(Path.Combine(_folder, file))).Message;
        Assert.Contains($"got the tokenizer_class {name}; {expected}", message, StringComparison.Ordinal);
        Assert.Contains("tokenizer.json beside it", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("BertTokenizerFast")]
    [InlineData("ElectraTokenizer")]
    [InlineData("PreTrainedTokenizerFast")]
    public void Bare_files_of_a_known_class_are_read(string name)
    {
        File.WriteAllText(Path.Combine(_folder, "tokenizer_config.json"), "{\"tokenizer_class\": \"" + name + "\"}");
        File.WriteAllText(Path.Combine(_folder, "vocab.txt"), "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n");
        Assert.Equal([2, 5, 3], Tokenizer.Load(Path.Combine(_folder, "vocab.txt")).EncodeIds("a", true));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_fast_way_gives_the_ids_of_the_full_way(string name)
    {
        var tokenizer = Tokenizer.Load(Zoo(name));
        foreach (string text in Samples)
        {
            Assert.Equal(tokenizer.Encode(text, addSpecialTokens: false).Ids, tokenizer.EncodeIds(text));
            Assert.Equal(tokenizer.Encode(text, addSpecialTokens: false, splitSpecialTokens: true).Ids, tokenizer.EncodeIds(text, false, true));
        }
    }

    [Fact]
    public void Many_texts_at_once_are_encoded_as_one_by_one()
    {
        var tokenizer = Tokenizer.Load(Zoo("added-bytelevel-single-digits"));
        string[] texts = [.. Enumerable.Range(0, 500).Select(i => $"line {i} of {Samples[i % Samples.Length]}")];
        var batch = tokenizer.EncodeIdsBatch(texts);
        for (int i = 0; i < texts.Length; i++) Assert.Equal(tokenizer.EncodeIds(texts[i]), batch[i]);
    }

    [Fact]
    public void An_added_token_is_found_in_the_text_and_has_the_next_id()
    {
        var tokenizer = Tokenizer.Load(Zoo("charbpe-fuse-unk"));
        int count = tokenizer.Count;
        Assert.Equal(1, tokenizer.AddTokens([new AddedToken("<|new|>", Normalized: false)], special: true));
        Assert.Equal(0, tokenizer.AddTokens([new AddedToken("<|new|>", Normalized: false)], special: true));
        Assert.Equal(count, tokenizer.TokenToId("<|new|>"));
        Assert.Contains(count, tokenizer.EncodeIds("a<|new|>b"));
        Assert.DoesNotContain("<|new|>", tokenizer.Decode(tokenizer.EncodeIds("a<|new|>b"), skipSpecialTokens: true), StringComparison.Ordinal);
    }

    [Fact]
    public void An_added_token_is_found_among_the_blanks_that_the_one_before_swallows()
    {
        var tokenizer = Tokenizer.Load(Path.Combine(Repo.Root, "models", "stories260k"));
        tokenizer.AddTokens([new AddedToken("<|user|>", RStrip: true, Normalized: false), new AddedToken("\n", Normalized: false)], special: true);
        // As npm tokenizers has it, which goes on behind the second token and not behind all the blanks.
        Assert.Equal([512, 513, 270, 417], tokenizer.EncodeIds("<|user|>\nhi"));
        Assert.Equal([512, 513, 270, 417], tokenizer.Encode("<|user|>\nhi", addSpecialTokens: false).Ids);
        Assert.Equal([512, 270, 417], tokenizer.EncodeIds("<|user|> hi"));
    }

    [Fact]
    public void Offsets_count_utf16_and_code_points()
    {
        var encoding = Tokenizer.Load(Zoo("added-bytelevel-single-digits")).Encode("😀 z", addSpecialTokens: false);
        Assert.Equal(new TokenOffset(0, 2), encoding.Offsets[0]);
        Assert.Equal(new TokenOffset(0, 1), encoding.CodePointOffsets[0]);
        Assert.Equal(4, encoding.Offsets[^1].End);
        Assert.Equal(3, encoding.CodePointOffsets[^1].End);
    }

    [Fact]
    public void Text_streams_out_as_whole_characters()
    {
        var tokenizer = Tokenizer.Load(Zoo("added-bytelevel-single-digits"));
        int[] ids = tokenizer.EncodeIds("x 😀 é");
        var stream = tokenizer.Stream(true);
        var parts = ids.Select(id => stream.Push(id)).ToList();
        Assert.DoesNotContain(parts, part => part.Contains('\uFFFD'));
        Assert.Equal("x 😀 é", string.Concat(parts) + stream.Finish());
    }

    [Fact]
    public void A_folder_without_a_tokenizer_is_said()
    {
        var error = Assert.Throws<UsageException>(() => Tokenizer.Load(_folder));
        Assert.Contains("expected tokenizer.json", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_cut_off_file_is_one_clear_error_with_its_line()
    {
        var json = Unzipped("charbpe-fuse-unk");
        string path = Path.Combine(_folder, "tokenizer.json");
        for (int length = 0; length < json.Length; length += json.Length / 40)
        {
            File.WriteAllBytes(path, json[..length]);
            var error = Assert.Throws<UsageException>(() => Tokenizer.Load(path));
            Assert.Contains(path, error.Message, StringComparison.Ordinal);
            Assert.Contains("line", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Half_a_surrogate_pair_in_a_configuration_is_found_before_it_is_written_back()
    {
        File.WriteAllBytes(Path.Combine(_folder, "tokenizer.json"), Unzipped("added-wordpiece-bert"));
        File.WriteAllText(Path.Combine(_folder, "tokenizer_config.json"), "{\n\"anything\": [\"\\ud800\"]}");
        string message = Assert.Throws<UsageException>(() => Tokenizer.Load(_folder)).Message;
        Assert.Contains("tokenizer_config.json", message, StringComparison.Ordinal);
        Assert.Contains("line 2: a string holds half a surrogate pair", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pattern_that_explodes_is_given_up()
    {
        string json = """
            {"version":"1.0","added_tokens":[],"normalizer":null,"post_processor":null,"decoder":null,
             "pre_tokenizer":{"type":"Split","pattern":{"Regex":"(a|a|aa)+$b"},"behavior":"Isolated","invert":false},
             "model":{"type":"WordLevel","vocab":{"<unk>":0},"unk_token":"<unk>"}}
            """;
        string path = Path.Combine(_folder, "tokenizer.json");
        File.WriteAllText(path, json);
        var tokenizer = Tokenizer.Load(path);
        var error = Assert.Throws<UsageException>(() => tokenizer.EncodeIds(new string('a', 60)));
        Assert.Contains("gave up", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("(?<=ab?|c{2})d", "ad abd ccd cd bd", "1,5,9")]
    [InlineData("(?<!😀|z)x", "😀x zx yx", "8")]
    [InlineData("(?<=^(?:ab)+)c", "ababc", "4")]
    [InlineData("(?<=(?>a|bc){2})d", "bcad acd bcbcd", "3,13")]
    [InlineData("(?<=(?:a|bc)*+x)d", "xd bcxd", "1,6")]
    [InlineData("(?<=)d", "d", "0")]
    public void A_look_behind_tries_every_width_it_can_have(string pattern, string text, string starts)
    {
        var matches = new List<PatternMatch>();
        TextPattern.OfRegex(pattern).Find(text, matches);
        Assert.Equal(starts, string.Join(',', matches.Where(match => match.IsMatch).Select(match => match.Start)));
        // Long texts are no reason to give up: the width of what is looked for says where to begin.
        matches.Clear();
        TextPattern.OfRegex("(?<=x)b").Find(new string('b', 30_000), matches);
        Assert.DoesNotContain(matches, match => match.IsMatch);
    }

    [Fact]
    public void Long_runs_of_marks_and_of_dropped_characters_take_no_longer_a_character_than_short_ones()
    {
        const int Many = 300_000;
        var time = System.Diagnostics.Stopwatch.StartNew();
        void InTime() => Assert.True(time.Elapsed < TimeSpan.FromSeconds(10), $"took {time.Elapsed}");
        var steps = Normalization.Decompose("a" + string.Concat(Enumerable.Repeat("\u0301\u0316", Many / 2)), false);
        // The marks below stand before those above, each kind in its own order.
        Assert.Equal(['a', .. Enumerable.Repeat(0x316, Many / 2), .. Enumerable.Repeat(0x301, Many / 2)], steps.Select(step => step.Rune));
        InTime();
        time.Restart();
        var tokens = new TokenBuffer();
        var dropped = new List<(int Start, int End)>();
        for (int i = 0; i < Many; i += 2)
        {
            dropped.Add((i, i + 1));
            tokens.Add(1, i, i + 2);
        }

        DroppedCharacters.Shift(new string('x', Many), dropped, tokens, 0);
        Assert.Equal((Many / 2 - 1, Many / 2), (tokens.Starts[^1], tokens.Ends[^1]));
        InTime();
    }

    [Theory]
    [InlineData("(a", "without its )")]
    [InlineData("[a", "without its ]")]
    [InlineData(@"\p{Nonsense}", "not known")]
    [InlineData("a{2,1}", "wrong way round")]
    [InlineData("*", "nothing to repeat")]
    public void A_wrong_pattern_says_where_and_why(string pattern, string reason)
    {
        var error = Assert.Throws<UsageException>(() => Text.Tokenizers.Patterns.TextPattern.OfRegex(pattern));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    private static byte[] Unzipped(string name)
    {
        using var zip = new System.IO.Compression.GZipStream(File.OpenRead(Zoo(name)), System.IO.Compression.CompressionMode.Decompress);
        var whole = new MemoryStream();
        zip.CopyTo(whole);
        return whole.ToArray();
    }
}
