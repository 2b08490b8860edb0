using System.Text.Json;
using System.Text.Json.Nodes;
using Tunesmith.Text.Tokenizers;
using Tunesmith.Text.Tokenizers.Loading;

namespace Tunesmith.Proof.Kinds;

/// <summary>Compares tokenizers with recorded ids, tokens, offsets and decodings (<c>golden/tokenizers</c>): every list exactly.</summary>
public static class TokenizerProof
{
    internal const string Kind = "tokenizers";

    public static IEnumerable<CaseResult> Verify(string folder)
    {
        if (!GoldenFile.Exists(Path.Combine(folder, "texts.jsonl"))) yield break;
        var texts = new GoldenTexts(folder);
        foreach (string file in Files(folder, "results", ".jsonl.gz"))
        {
            foreach (var result in Results(folder, file, texts)) yield return result;
        }

        foreach (string file in Files(folder, "zoo", ".tokenizer.json.gz"))
        {
            foreach (var result in TokenizerZooProof.Verify(file, texts)) yield return result;
        }

        if (GoldenFile.Exists(Path.Combine(folder, "components.jsonl")))
        {
            foreach (var row in GoldenFile.JsonLines(Path.Combine(folder, "components.jsonl"))) yield return TokenizerZooProof.Component(row, texts);
        }

        foreach (string file in Files(folder, "spm", ".results.jsonl.gz"))
        {
            foreach (var result in TokenizerModelProof.Verify(folder, file, texts)) yield return result;
        }

        if (GoldenFile.Exists(Path.Combine(folder, "training.jsonl")))
        {
            foreach (var row in GoldenFile.JsonLines(Path.Combine(folder, "training.jsonl"))) yield return TokenizerTrainingProof.Verify(folder, row);
        }
    }

    internal static IEnumerable<string> Files(string folder, string below, string ending)
    {
        string path = Path.Combine(folder, below);
        return Directory.Exists(path) ? Directory.EnumerateFiles(path).Where(file => file.EndsWith(ending, StringComparison.Ordinal)).Order(StringComparer.Ordinal) : [];
    }

    private static IEnumerable<CaseResult> Results(string folder, string file, GoldenTexts texts)
    {
        string name = Path.GetFileName(file)[..^".jsonl.gz".Length];
        Tokenizer? tokenizer = null;
        int row = 0;
        foreach (var line in GoldenFile.JsonLines(file))
        {
            string kind = line.GetProperty("k").GetString()!;
            string id = line.TryGetProperty("id", out var text) ? text.GetString()! : $"{row}";
            string label = $"{name}/{kind}/{id}";
            row++;
            if (kind == "tokenizer")
            {
                string? broken = Attempt(() => tokenizer = Load(folder, line));
                yield return new CaseResult(Kind, label, broken is null && tokenizer is not null, broken ?? Heads(tokenizer!, line) ?? "loads; sizes and special ids equal");
                if (broken is null && Heads(tokenizer!, line) is { } wrong) yield return new CaseResult(Kind, label + "/heads", false, wrong);
                continue;
            }

            if (tokenizer is null)
            {
                yield return new CaseResult(Kind, label, false, "the tokenizer did not load");
                continue;
            }

            var check = new ExactCheck();
            string? error = Attempt(() =>
            {
                if (kind == "text") TokenizerRows.Text(tokenizer, line, texts.Of(line), check);
                else if (kind == "as_text") check.Ids("ids", line.GetProperty("ids"), tokenizer.EncodeIds(texts.Of(line), false, true));
                else if (kind == "clean") check.Text("skip", line.GetProperty("skip"), tokenizer.DecodeCleanly(tokenizer.EncodeIds(texts.Of(line), true), true));
                else TokenizerRows.Call(tokenizer, line, texts, check);
            });
            yield return check.Result(label, error);
        }
    }

    /// <summary>What went wrong, or null.</summary>
    internal static string? Attempt(Action action)
    {
        try
        {
            action();
            return null;
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            return ProofRunner.Describe(error);
        }
    }

    private static string? Heads(Tokenizer tokenizer, JsonElement row)
    {
        var check = new ExactCheck();
        check.Number("vocab_size", row.GetProperty("vocab_size"), tokenizer.VocabSize);
        check.Number("length", row.GetProperty("length"), tokenizer.Count);
        check.Number("bos", row.GetProperty("bos"), tokenizer.BosId);
        check.Number("eos", row.GetProperty("eos"), tokenizer.EosId);
        check.Number("unk", row.GetProperty("unk"), tokenizer.UnkId);
        check.Number("pad", row.GetProperty("pad"), tokenizer.PadId);
        check.Ids("special_to_add", row.GetProperty("special_to_add"), [tokenizer.SpecialTokensToAdd(), tokenizer.SpecialTokensToAdd(true)]);
        return check.First;
    }

    private static Tokenizer Load(string folder, JsonElement row)
    {
        var files = row.GetProperty("files").EnumerateObject().ToDictionary(file => file.Name, file => GoldenPaths.Resolve(folder, file.Value.GetString()!));
        var config = new TokenizerConfig();
        foreach (var special in row.GetProperty("special").EnumerateObject()) config.SetNamed(special.Name, special.Value.GetString());
        foreach (var option in row.GetProperty("options").EnumerateObject())
        {
            if (option.Name == "do_lower_case") config.DoLowerCase = option.Value.GetBoolean();
        }

        string loader = row.GetProperty("loader").GetString()!;
        if (loader == "qwen_parts")
        {
            byte[] json = Join(files);
            return new Tokenizer(TokenizerFile.Read(json, files["tokenizer-rest.json"]), config);
        }

        if (files.TryGetValue("tokenizer.json", out string? path)) return new Tokenizer(TokenizerFile.Read(TokenizerFile.ReadBytes(path), path), config);
        config.TokenizerClass = loader;
        if (files.TryGetValue("vocab.txt", out path)) return TokenizerLoader.FromVocabularyText(path, config);
        if (files.TryGetValue("vocab.json", out path)) return TokenizerLoader.FromVocabularyAndMerges(path, files["merges.txt"], config);
        return SentencePieceClasses.Load(files.Values.First(), config);
    }

    /// <summary>tokenizer.json put together from the vocabulary, the merges and the rest.</summary>
    private static byte[] Join(Dictionary<string, string> files)
    {
        var root = System.Text.Json.Nodes.JsonNode.Parse(TokenizerFile.ReadBytes(files["tokenizer-rest.json"]))!.AsObject();
        var model = root["model"]?.AsObject() ?? [];
        model["type"] ??= "BPE";
        model["vocab"] = System.Text.Json.Nodes.JsonNode.Parse(TokenizerFile.ReadBytes(files["vocab.json"]));
        model["merges"] = new JsonArray([.. TokenizerLoader.ReadMerges(files["merges.txt"]).Select(merge => (System.Text.Json.Nodes.JsonNode)new JsonArray(merge.Item1, merge.Item2))]);
        root["model"] ??= model;
        return System.Text.Encoding.UTF8.GetBytes(root.ToJsonString());
    }
}

/// <summary>The texts and word lists that the rows point at.</summary>
internal sealed class GoldenTexts
{
    private readonly Dictionary<string, string> _texts = new() { ["$empty"] = "" };

    public GoldenTexts(string folder)
    {
        foreach (var row in GoldenFile.JsonLines(Path.Combine(folder, "texts.jsonl"))) _texts[row.GetProperty("id").GetString()!] = row.GetProperty("text").GetString()!;
        Words = File.Exists(Path.Combine(folder, "words.json"))
            ? [.. GoldenFile.Json(Path.Combine(folder, "words.json")).EnumerateArray().Select(list => list.EnumerateArray().Select(word => word.GetString()!).ToArray())]
            : [];
    }

    public IReadOnlyList<string[]> Words { get; }

    public string this[string id] => _texts[id];

    /// <summary>The text of a row: its own, or the shared one that it names.</summary>
    public string Of(JsonElement row) => row.TryGetProperty("text", out var own) ? own.GetString()! : this[row.GetProperty("id").GetString()!];
}

/// <summary>Exact comparisons of one case; keeps the first difference.</summary>
internal sealed class ExactCheck
{
    public string? First { get; private set; }

    public void Fail(string what) => First ??= what;

    public void Ids(string name, JsonElement expected, ReadOnlySpan<int> actual)
    {
        int i = 0;
        foreach (var value in expected.EnumerateArray())
        {
            int wanted = value.ValueKind == JsonValueKind.Null ? -1 : value.GetInt32();
            if (i >= actual.Length || actual[i] != wanted)
            {
                Fail($"{name}[{i}]: got {(i < actual.Length ? actual[i] : "nothing")}, recorded {wanted}");
                return;
            }

            i++;
        }

        if (i != actual.Length) Fail($"{name}: got {actual.Length} values, recorded {i}");
    }

    public void Texts(string name, JsonElement expected, IReadOnlyList<string> actual)
    {
        int i = 0;
        foreach (var value in expected.EnumerateArray())
        {
            if (i >= actual.Count || actual[i] != value.GetString())
            {
                Fail($"{name}[{i}]: got {(i < actual.Count ? Show(actual[i]) : "nothing")}, recorded {Show(value.GetString()!)}");
                return;
            }

            i++;
        }

        if (i != actual.Count) Fail($"{name}: got {actual.Count} values, recorded {i}");
    }

    public void Text(string name, JsonElement expected, string actual)
    {
        if (expected.GetString() != actual) Fail($"{name}: got {Show(actual)}, recorded {Show(expected.GetString() ?? "null")}");
    }

    public void Number(string name, JsonElement expected, int? actual)
    {
        int? wanted = expected.ValueKind == JsonValueKind.Null ? null : expected.GetInt32();
        if (wanted != actual) Fail($"{name}: got {actual?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "none"}, recorded {wanted?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "none"}");
    }

    public void Offsets(string name, JsonElement expected, IEnumerable<TokenOffset> actual) =>
        Ids(name, expected, [.. actual.SelectMany(offset => (int[])[offset.Start, offset.End])]);

    public CaseResult Result(string label, string? error) =>
        new(TokenizerProof.Kind, label, error is null && First is null, error ?? First ?? "equal");

    public static string Show(string text) => JsonSerializer.Serialize(text.Length <= 60 ? text : text[..60]);
}
