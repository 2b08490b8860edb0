using Tunesmith.Runs;
using Tunesmith.Text.Tokenizers;
using Tunesmith.Text.Tokenizers.Patterns;
using Tunesmith.Text.Tokenizers.SentencePiece;

namespace Tunesmith.Text.Tests.Tokenizers;

/// <summary>Every message of the tokenizers, each by a file or a call that a person could have written.</summary>
public sealed class TokenizerErrorTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tokenizer").FullName;

    public void Dispose() => Directory.Delete(_folder, true);

    [Theory]
    [InlineData("""{"type":"WordLevel","vocab":5,"unk_token":"a"}""", "model.vocab: got ")]
    [InlineData("""{"type":"WordLevel","vocab":5,"unk_token":"a"}""", ". The file is damaged or of a design not known here.")]
    [InlineData("""{"type":"BPE","vocab":{"a":0},"merges":["a"]}""", "merge 1: got 'a'; expected two tokens separated by one space. The file is damaged: fetch it again.")]
    [InlineData("""{"type":"BPE","vocab":{"a":0},"merges":["a b"]}""", "merge 1: got the token 'b'; expected one of the vocabulary. Vocabulary and merges do not belong together: fetch both again.")]
    public void A_model_that_cannot_be_used(string model, string message) => Says(message, () => Tokenizer.Load(Json(model)));

    [Fact]
    public void A_file_that_cannot_be_read()
    {
        Says("nothing.json; expected tokenizer.json, vocab.txt, vocab.json with merges.txt, or a SentencePiece .model there.", () => Tokenizer.Load(Path.Combine(_folder, "nothing.json")));
        Says("could not be read (", () => Tokenizer.Load(Write("tokenizer.json.gz", [1, 2, 3, 4])));
        Says("). Check that it exists and may be read.", () => Tokenizer.Load(Write("tokenizer.json.gz", [1, 2, 3, 4])));
        Says("not valid JSON (line 1, byte 2). The file is cut off or damaged: fetch it again.", () => Tokenizer.Load(Write("tokenizer.json", "{"u8)));
        var path = Path.Combine(_folder, "tokenizer.json");
        using (var large = File.Create(path)) large.SetLength((512L << 20) + 1);
        Says("got 536,870,913 bytes; expected at most 536,870,912. A tokenizer file is never that large: check that this is the right file.", () => Tokenizer.Load(path));
    }

    [Fact]
    public void A_folder_that_cannot_be_made()
    {
        var tokenizer = Tokenizer.Load(Json("""{"type":"WordLevel","vocab":{"a":0},"unk_token":"a"}"""));
        Assert.Contains("cannot be written (", Assert.Throws<RunException>(() => tokenizer.Save(Path.Combine(Write("file", []), "folder"))).Message);
    }

    [Fact]
    public void A_pattern_that_is_none() =>
        Says("tokenizer pattern '(a': character 3: ", () => TextPattern.OfRegex("(a"));

    [Fact]
    public void A_pattern_says_where_it_stands() =>
        Says("; expected an Oniguruma regular expression. Correct the pattern in tokenizer.json.", () => TextPattern.OfRegex("(a"));

    [Fact]
    public void A_pattern_that_explodes() => Says("gave up after too many steps on one text; expected a pattern without nested repetition. Simplify the pattern in tokenizer.json.",
        () => Tokenizer.Load(Json("""{"type":"WordLevel","vocab":{"<unk>":0},"unk_token":"<unk>"}""", """{"type":"Split","pattern":{"Regex":"(a|a|aa)+$b"},"behavior":"Isolated","invert":false}""")).EncodeIds(new string('a', 60)));

    [Fact]
    public void A_piece_that_the_vocabulary_has_not() => Says(
        "tokenizer model WordLevel: the text holds a piece that is not in the vocabulary and the model has no unknown token; expected one. Set unk_token to a token of the vocabulary.",
        () => Tokenizer.Load(Json("""{"type":"WordLevel","vocab":{"a":0},"unk_token":"<unk>"}""")).EncodeIds("b"));

    [Fact]
    public void A_post_processor_that_uses_what_it_does_not_define() => Says(
        "post_processor: the template uses '<x>', which it does not define; expected it among its special_tokens. Correct tokenizer.json.",
        () => Tokenizer.Load(Json("""{"type":"WordLevel","vocab":{"a":0},"unk_token":"a"}""", post: """{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<x>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],"pair":[],"special_tokens":{}}""")).Encode("a"));

    [Fact]
    public void A_vocabulary_without_the_tokens_of_its_class() =>
        Says("got '[CLS]'; expected a token of the vocabulary. Add it with AddTokens first.", () => Tokenizer.Load(Write("vocab.txt", "a\nb\n[UNK]\n"u8)));

    [Fact]
    public void Lengths_that_cannot_be_met()
    {
        var tokenizer = Tokenizer.Load(Json("""{"type":"WordLevel","vocab":{"a":0},"unk_token":"a"}""", """{"type":"Whitespace"}"""));
        Encode("stride: got 3; expected less than max_length 2 without its 0 special tokens. Lower stride or raise max_length.", "a a a", null, new() { Truncation = TruncationStrategy.LongestFirst, MaxLength = 2, Stride = 3 });
        Encode("max_length: got 2; expected room for at least one token of the sequence that is cut. Raise max_length or use truncation longest_first.", "a a", "a a a", new() { Truncation = TruncationStrategy.OnlyFirst, MaxLength = 2 });
        Encode("truncation: got only_second; expected a pair of texts. Use longest_first or only_first.", "a a a", null, new() { Truncation = TruncationStrategy.OnlySecond, MaxLength = 2 });
        Encode("max_length: got 5 with pad_to_multiple_of 2; expected a multiple of it where both truncation and padding are asked for. Change one of the two.", "a", null,
            new() { Truncation = TruncationStrategy.LongestFirst, Padding = PaddingStrategy.MaxLength, MaxLength = 5, PadToMultipleOf = 2 });
        Encode("padding: the tokenizer has no pad token; expected one. Set PadToken (the end-of-text token will do for most models).", "a", null, new() { Padding = PaddingStrategy.MaxLength, MaxLength = 5 });
        void Encode(string message, string text, string? pair, EncodeOptions options) => Says(message, () => tokenizer.Encode(new EncodeInput(text, pair), options));
    }

    [Fact]
    public void A_SentencePiece_model_that_is_none()
    {
        Says("byte 0: it holds no pieces. The file is cut off, damaged or not a SentencePiece model: fetch it again.", () => Tokenizer.Load(Write("empty.model", [])));
        // Two pieces: <unk> of kind 2 and a.
        byte[] model = [0x0A, 14, 0x0A, 5, .. "<unk>"u8, 0x15, 0, 0, 0, 0, 0x18, 2, 0x0A, 8, 0x0A, 1, (byte)'a', 0x15, 0, 0, 0, 0];
        var processor = SentencePieceProcessor.Load(Write("two.model", model));
        Says("token id: got 2; expected 0 to 1. The ids were made with another tokenizer.", () => processor.Decode([2]));
    }

    private string Json(string model, string pre = "null", string post = "null") => Write("tokenizer.json", System.Text.Encoding.UTF8.GetBytes(
        $$"""{"version":"1.0","added_tokens":[],"normalizer":null,"pre_tokenizer":{{pre}},"post_processor":{{post}},"decoder":null,"model":{{model}}}"""));

    private string Write(string name, ReadOnlySpan<byte> bytes)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    private static void Says(string message, Func<object> act) => Assert.Contains(message, Assert.Throws<UsageException>(act).Message);
}
