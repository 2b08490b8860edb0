using System.Text.Json;
using Tunesmith.Text.Tokenizers;
using Tunesmith.Text.Tokenizers.Loading;
using Tunesmith.Text.Tokenizers.Normalizers;
using Tunesmith.Text.Tokenizers.PreTokenizers;
using Tunesmith.Text.Tokenizers.Training;

namespace Tunesmith.Proof.Kinds;

/// <summary>Vocabularies and merges that the trainers learn.</summary>
internal static class TokenizerTrainingProof
{
    /// <summary>The text that every recorded training was fed with.</summary>
    private const string Corpus = "shared/data/tinyshakespeare/input.txt.gz";

    public static CaseResult Verify(string folder, JsonElement row)
    {
        var check = new ExactCheck();
        string? error = TokenizerProof.Attempt(() => Train(folder, row, check));
        return check.Result($"training/{row.GetProperty("name").GetString()}", error);
    }

    private static void Train(string folder, JsonElement row, ExactCheck check)
    {
        var span = row.GetProperty("span");
        string text = System.Text.Encoding.UTF8.GetString(TokenizerFile.ReadBytes(GoldenPaths.Resolve(folder, Corpus)));
        var lines = text[span[0].GetInt32()..Math.Min(text.Length, span[1].GetInt32())].Split('\n');
        string pre = row.GetProperty("pre_tokenizer").GetString()!;
        PreTokenizer cutter = pre switch
        {
            "bytelevel" => new ByteLevel(false, true, true),
            "metaspace" => new Metaspace(0x2581, PrependScheme.Always, true),
            "bert" => new BertPreTokenizer(),
            _ => new Whitespace(),
        };
        var words = WordCounter.Count(lines, pre == "bert" ? new BertNormalizer(true, true, null, true) : null, cutter);
        var given = row.GetProperty("settings");
        var settings = new TrainerSettings
        {
            VocabSize = given.GetProperty("vocab_size").GetInt32(),
            MinFrequency = given.TryGetProperty("min_frequency", out var least) ? least.GetInt64() : 0,
            SpecialTokens = [.. given.GetProperty("special_tokens").EnumerateArray().Select(token => token.GetString()!)],
            MaxTokenLength = given.TryGetProperty("max_token_length", out var most) && most.ValueKind == JsonValueKind.Number ? most.GetInt32() : null,
            InitialAlphabet = pre == "bytelevel" ? ByteAlphabet.CharOf.ToArray() : [],
        };
        if (row.GetProperty("model").GetString() == "wordlevel")
        {
            check.Texts("vocab", row.GetProperty("vocab"), WordLevelTrainer.Train(words, settings));
            return;
        }

        var (vocabulary, merges) = BpeTrainer.Train(words, settings);
        check.Texts("vocab", row.GetProperty("vocab"), vocabulary);
        int i = 0;
        foreach (var merge in row.GetProperty("merges").EnumerateArray())
        {
            string wanted = $"{merge[0].GetString()} {merge[1].GetString()}";
            string got = i < merges.Count ? $"{merges[i].Left} {merges[i].Right}" : "nothing";
            if (got != wanted) check.Fail($"merges[{i}]: got {got}, recorded {wanted}");
            i++;
        }

        if (i != merges.Count) check.Fail($"merges: got {merges.Count}, recorded {i}");
    }
}
