using Tunesmith.Runs;

namespace Tunesmith.Text.Tokenizers;

/// <summary>All wording of the tokenizers' errors.</summary>
internal static class TokenizerErrors
{
    public static UsageException NoTokenizer(string path) => new(
        $"tokenizer: got {path}; expected tokenizer.json, vocab.txt, vocab.json with merges.txt, or a SentencePiece .model there. Check the path, or copy the tokenizer's files beside the weights.");

    public static UsageException UnknownClass(string path, string name, IEnumerable<string> known) => new(
        $"tokenizer {path}: got the tokenizer_class {name}; expected one of {string.Join(", ", known.Order(StringComparer.Ordinal).Select(family => family + "Tokenizer"))}. Such a file means something else to {name}: copy the model's tokenizer.json beside it.");

    public static UsageException UnreadableFile(string path, string reason, Exception? inner = null) => new(
        $"tokenizer file {path}: could not be read ({reason}). Check that it exists and may be read.", inner);

    public static UsageException FileTooLarge(string path, long bytes, long most) => new(
        $"tokenizer file {path}: got {bytes:N0} bytes; expected at most {most:N0}. A tokenizer file is never that large: check that this is the right file.");

    public static UsageException BrokenJson(string path, string reason, Exception? inner = null) => new(
        $"tokenizer file {path}: not valid JSON ({reason}). The file is cut off or damaged: fetch it again.", inner);

    public static UsageException BadValue(string file, string where, string got, string expected) => new(
        $"tokenizer file {file}, {where}: got {Shorten(got)}; expected {expected}. The file is damaged or of a design not known here.");

    public static UsageException BadPattern(string pattern, int position, string reason) => new(
        $"tokenizer pattern {Shorten(pattern)}: character {position + 1}: {reason}; expected an Oniguruma regular expression. Correct the pattern in tokenizer.json.");

    public static UsageException PatternTooSlow(string pattern) => new(
        $"tokenizer pattern {Shorten(pattern)}: gave up after too many steps on one text; expected a pattern without nested repetition. Simplify the pattern in tokenizer.json.");

    public static UsageException MissingUnknown(string model) => new(
        $"tokenizer model {model}: the text holds a piece that is not in the vocabulary and the model has no unknown token; expected one. Set unk_token to a token of the vocabulary.");

    public static UsageException MergeOutOfVocabulary(string file, int number, string token) => new(
        $"tokenizer file {file}, merge {number}: got the token {Shorten(token)}; expected one of the vocabulary. Vocabulary and merges do not belong together: fetch both again.");

    public static UsageException BadMerge(string file, int number, string line) => new(
        $"tokenizer file {file}, merge {number}: got {Shorten(line)}; expected two tokens separated by one space. The file is damaged: fetch it again.");

    public static UsageException BadModelFile(string path, long position, string reason) => new(
        $"SentencePiece model {path}: byte {position}: {reason}. The file is cut off, damaged or not a SentencePiece model: fetch it again.");

    public static UsageException UnknownSpecialToken(string role, string token) => new(
        $"{role}: got {Shorten(token)}; expected a token of the vocabulary. Add it with AddTokens first.");

    public static UsageException StrideTooLarge(int stride, int maxLength, int special) => new(
        $"stride: got {stride}; expected less than max_length {maxLength} without its {special} special tokens. Lower stride or raise max_length.");

    public static UsageException NothingLeftToCut(int maxLength) => new(
        $"max_length: got {maxLength}; expected room for at least one token of the sequence that is cut. Raise max_length or use truncation longest_first.");

    public static UsageException LengthNotMultiple(int maxLength, int multiple) => new(
        $"max_length: got {maxLength} with pad_to_multiple_of {multiple}; expected a multiple of it where both truncation and padding are asked for. Change one of the two.");

    public static UsageException NoSecondSequence() => new(
        "truncation: got only_second; expected a pair of texts. Use longest_first or only_first.");

    public static UsageException NoPadToken() => new(
        "padding: the tokenizer has no pad token; expected one. Set PadToken (the end-of-text token will do for most models).");

    public static UsageException PostProcessorNeeds(string token) => new(
        $"post_processor: the template uses {Shorten(token)}, which it does not define; expected it among its special_tokens. Correct tokenizer.json.");

    public static UsageException UnknownId(int id, int count) => new(
        $"token id: got {id}; expected 0 to {count - 1}. The ids were made with another tokenizer.");

    private static string Shorten(string text) => text.Length <= 80 ? $"'{text}'" : $"'{text[..77]}...'";
}
