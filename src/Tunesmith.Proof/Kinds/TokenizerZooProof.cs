using System.Text.Json;
using Tunesmith.Text.Tokenizers;
using Tunesmith.Text.Tokenizers.Loading;

namespace Tunesmith.Proof.Kinds;

/// <summary>Small tokenizers of every design, and single components.</summary>
internal static class TokenizerZooProof
{
    public static IEnumerable<CaseResult> Verify(string file, GoldenTexts texts)
    {
        string name = Path.GetFileName(file)[..^".tokenizer.json.gz".Length];
        Tokenizer? tokenizer = null;
        string? broken = TokenizerProof.Attempt(() => tokenizer = new Tokenizer(TokenizerFile.Read(TokenizerFile.ReadBytes(file), file), new TokenizerConfig()));
        int row = 0;
        foreach (var line in GoldenFile.JsonLines(file.Replace(".tokenizer.json.gz", ".results.jsonl", StringComparison.Ordinal)))
        {
            string kind = line.GetProperty("k").GetString()!;
            string label = $"zoo/{name}/{kind}/{(line.TryGetProperty("id", out var id) ? id.GetString() : $"{row}")}";
            row++;
            var check = new ExactCheck();
            string? error = broken ?? TokenizerProof.Attempt(() => Row(tokenizer!, kind, line, texts, check));
            yield return check.Result(label, error);
        }
    }

    private static void Row(Tokenizer tokenizer, string kind, JsonElement line, GoldenTexts texts, ExactCheck check)
    {
        if (kind == "tokenizer")
        {
            check.Number("size", line.GetProperty("size"), tokenizer.Count);
            check.Number("size_without_added", line.GetProperty("size_without_added"), tokenizer.VocabSize);
            return;
        }

        if (kind == "text")
        {
            TokenizerRows.Text(tokenizer, line, texts.Of(line), check);
            return;
        }

        var input = kind == "words"
            ? new EncodeInput(null) { Words = texts.Words[line.GetProperty("words").GetInt32()] }
            : new EncodeInput(string.Join(' ', texts.Words[line.GetProperty("a").GetInt32()]), string.Join(' ', texts.Words[line.GetProperty("b").GetInt32()]));
        var encoding = tokenizer.Encode(input, new EncodeOptions());
        check.Ids("ids", line.GetProperty("ids"), encoding.Ids);
        check.Ids("types", line.GetProperty("types"), encoding.TypeIds);
        check.Ids("special", line.GetProperty("special"), encoding.SpecialTokensMask);
        check.Offsets("off", line.GetProperty("off"), encoding.CodePointOffsets);
        if (line.TryGetProperty("word_ids", out var words)) check.Ids("word_ids", words, encoding.WordIds);
        if (line.TryGetProperty("seq", out var sequences)) check.Ids("seq", sequences, encoding.SequenceIds);
    }

    public static CaseResult Component(JsonElement row, GoldenTexts texts)
    {
        string kind = row.GetProperty("k").GetString()!;
        var check = new ExactCheck();
        string? error = TokenizerProof.Attempt(() =>
        {
            var config = new Text.Tokenizers.Loading.JsonNode(row.GetProperty("config"), "components.jsonl", "config");
            if (kind == "normalizer") Normalizer(config, row.GetProperty("out"), texts, check);
            else if (kind == "pre_tokenizer") PreTokenizer(config, row.GetProperty("out"), texts, check);
            else Decoder(config, row, check);
        });
        return check.Result($"components/{kind}/{row.GetProperty("n").GetInt32()}", error);
    }

    private static void Normalizer(Text.Tokenizers.Loading.JsonNode config, JsonElement outputs, GoldenTexts texts, ExactCheck check)
    {
        var normalizer = ComponentReader.Normalizer(config)!;
        foreach (var entry in outputs.EnumerateObject())
        {
            string actual = normalizer.ApplyTo(texts[entry.Name]);
            string wanted = entry.Value.ValueKind == JsonValueKind.Null ? texts[entry.Name] : entry.Value.GetString()!;
            if (actual != wanted) check.Fail($"{entry.Name}: got {ExactCheck.Show(actual)}, recorded {ExactCheck.Show(wanted)}");
        }
    }

    private static void PreTokenizer(Text.Tokenizers.Loading.JsonNode config, JsonElement outputs, GoldenTexts texts, ExactCheck check)
    {
        var preTokenizer = ComponentReader.PreTokenizer(config)!;
        foreach (var entry in outputs.EnumerateObject())
        {
            string text = texts[entry.Name];
            var actual = new List<string>();
            foreach ((string piece, var offset) in PieceView.Split(preTokenizer, text))
            {
                actual.Add(piece);
                actual.Add($"{offset.Start}");
                actual.Add($"{offset.End}");
            }

            var wanted = entry.Value.EnumerateArray().Select(value => value.ToString()).ToList();
            for (int i = 0; i < Math.Max(wanted.Count, actual.Count); i++)
            {
                if (i < wanted.Count && i < actual.Count && wanted[i] == actual[i]) continue;
                check.Fail($"{entry.Name}[{i}]: got {(i < actual.Count ? ExactCheck.Show(actual[i]) : "nothing")}, recorded {(i < wanted.Count ? ExactCheck.Show(wanted[i]) : "nothing")}");
                break;
            }
        }
    }

    private static void Decoder(Text.Tokenizers.Loading.JsonNode config, JsonElement row, ExactCheck check)
    {
        var decoder = ComponentReader.Decoder(config)!;
        int i = 0;
        foreach (var (tokens, wanted) in row.GetProperty("in").EnumerateArray().Zip(row.GetProperty("out").EnumerateArray()))
        {
            List<string> input = [.. tokens.EnumerateArray().Select(token => token.GetString()!)];
            // Where the reference crashes, any clear answer is right.
            if (wanted.ValueKind == JsonValueKind.Object) continue;
            check.Text($"out[{i++}]", wanted, string.Concat(decoder.Apply(input)));
        }
    }
}
