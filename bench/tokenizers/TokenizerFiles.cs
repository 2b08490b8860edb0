using System.IO.Compression;
using System.Text.Json.Nodes;
using Tunesmith.Text.Tokenizers;

namespace Tunesmith.TokenizerBench;

/// <summary>A tokenizer as a checkpoint has it, and the tokenizer.json that the peer reads.</summary>
internal sealed record TokenizerFile(string Name, string Ours, string Json);

/// <summary>
/// The tokenizer files of this repository and of the shared folder. Where there is no tokenizer.json (vocab.txt, merges.txt, SentencePiece), ours is read
/// from what there is and saved as one for the peer, so that what we write is compared too.
/// </summary>
internal sealed class TokenizerFiles : IDisposable
{
    private readonly string _work = Directory.CreateTempSubdirectory("tokenizers-").FullName;

    public TokenizerFiles(string repository, string shared)
    {
        var all = new List<TokenizerFile>();
        foreach (string model in (string[])["all-minilm-l6-v2", "stories260k"]) Add(all, model, Path.Combine(repository, "models", model, "tokenizer.json"));
        string golden = Path.Combine(shared, "golden", "tokenizers"), data = Path.Combine(shared, "data", "tokenizers");
        foreach (string path in Sorted(Path.Combine(golden, "zoo"), "*.tokenizer.json.gz")) Add(all, Path.GetFileName(path).Replace(".tokenizer.json.gz", "", StringComparison.Ordinal), path);
        foreach (string path in Sorted(Path.Combine(golden, "spm"), "*.model.gz")) Add(all, Path.GetFileName(path).Replace(".model.gz", "", StringComparison.Ordinal), path);
        foreach (string folder in (string[])[Path.Combine(golden, "models"), data])
        {
            string[] models = Directory.Exists(folder) ? [.. Directory.GetDirectories(folder).Order(StringComparer.Ordinal)] : [];
            foreach (string model in models)
            {
                string name = Path.GetFileName(model);
                if (name is "qwen") Add(all, name, Qwen(model));
                // A training corpus, test vectors, and two files in forms of their own (tiktoken, fairseq) that no tokenizer class reads.
                else if (name is not ("bpe-training" or "vectors" or "roberta") && !File.Exists(Path.Combine(model, "tokenizer.model.gz"))) Add(all, folder == data ? name : name + ".golden", First(model));
            }
        }

        All = all;
    }

    public IReadOnlyList<TokenizerFile> All { get; }

    public void Dispose() => Directory.Delete(_work, recursive: true);

    private void Add(List<TokenizerFile> all, string name, string? path)
    {
        if (path is null || !Path.Exists(path)) return;
        string folder = Path.Combine(_work, name);
        Directory.CreateDirectory(folder);
        string json = Path.Combine(folder, "tokenizer.json");
        if (Path.GetFileName(path).Contains("tokenizer.json", StringComparison.Ordinal)) File.WriteAllBytes(json, Bytes(path));
        else Tokenizer.Load(path).Save(folder);
        all.Add(new TokenizerFile(name, path, json));
    }

    private static string? First(string folder)
    {
        foreach (string name in (string[])["tokenizer.json", "tokenizer.json.gz", "tokenizer.model", "spiece.model", "vocab.txt", "vocab.txt.gz", "vocab.json.gz", "test_model.model"])
            if (File.Exists(Path.Combine(folder, name))) return Path.Combine(folder, name);
        return null;
    }

    // Its tokenizer.json lies there in three parts.
    private string Qwen(string folder)
    {
        var root = JsonNode.Parse(Bytes(Path.Combine(folder, "tokenizer-rest.json")))!;
        root["model"]!["vocab"] = JsonNode.Parse(Bytes(Path.Combine(folder, "vocab.json.gz")));
        var merges = System.Text.Encoding.UTF8.GetString(Bytes(Path.Combine(folder, "merges.txt.gz"))).Split('\n').Where(line => line.Length > 0 && !line.StartsWith("#version", StringComparison.Ordinal));
        root["model"]!["merges"] = new JsonArray([.. merges.Select(line => (JsonNode)line)]);
        string path = Path.Combine(_work, "qwen.tokenizer.json");
        File.WriteAllText(path, root.ToJsonString());
        return path;
    }

    private static byte[] Bytes(string path)
    {
        if (!path.EndsWith(".gz", StringComparison.Ordinal)) return File.ReadAllBytes(path);
        using var zip = new GZipStream(File.OpenRead(path), CompressionMode.Decompress);
        var whole = new MemoryStream();
        zip.CopyTo(whole);
        return whole.ToArray();
    }

    private static IEnumerable<string> Sorted(string folder, string pattern) =>
        Directory.Exists(folder) ? Directory.EnumerateFiles(folder, pattern).Order(StringComparer.Ordinal) : [];
}
