using System.Text.Json;
using Tunesmith.Models;
using Tunesmith.Models.Checkpoints;
using Tunesmith.Text.Tokenizers;
using Tunesmith.Torch;
using Tunesmith.Torch.Nn;
using Tunesmith.Training.Losses;

namespace Tunesmith.Proof.Kinds;

/// <summary>Real models: ids, embeddings layer by layer, and one classification step of all-MiniLM-L6-v2.</summary>
public static class ModelProof
{
    private const string Kind = "models";

    /// <param name="folder">One case.</param>
    public static IEnumerable<CaseResult> Verify(string folder) => [Run(folder)];

    private static CaseResult Run(string folder)
    {
        JsonElement golden = GoldenFile.Json(Path.Combine(folder, "golden.json"));
        string name = golden.Need("case", "golden.json").GetString()!;
        string path = golden.Maybe("model")?.GetString() ?? "";
        if (path.Length == 0 || !File.Exists(Path.Combine(GoldenPaths.Resolve(folder, path), CheckpointFiles.SingleName)))
        {
            return ModelCase.NotImplemented(Kind, folder, "reading GGUF");
        }

        using var scope = Scope.Open();
        string model = GoldenPaths.Resolve(folder, path);
        return golden.Maybe("labels") is not null ? ClassifierStep(folder, model) : golden.Maybe("pairs") is not null ? Embeddings(folder, model) : ModelCase.NotImplemented(Kind, folder, name);
    }

    private static CaseResult ClassifierStep(string folder, string path)
    {
        string[] labels = Labels(folder);
        using var test = new ModelCase(path, folder, new LoadOptions { Kind = ModelKind.SequenceClassification, Labels = labels, Generator = new Generator(0) });
        foreach ((string name, Parameter parameter) in test.Model.NamedParameters().ToList())
        {
            if (test.Has("input." + name))
            {
                parameter.Replace(test.Read("input." + name));
            }
        }

        var input = new ModelInput { InputIds = test.Read("input.input_ids"), AttentionMask = test.Read("input.attention_mask") };
        Tensor logits = ((SequenceClassifier)test.Model).Logits(input); // [B, labels]
        test.Same("output.logits", logits, test.Tolerance("logits", 1e-4));
        Tensor loss = HeadLosses.CrossEntropy(logits, test.Read("input.labels"));
        test.Compare.Value("loss", loss.Item(), test.Read("output.loss").Item(), test.Tolerance("loss", 1e-5));
        loss.Backward();
        test.Gradients(test.Tolerance("grad", 1e-4), test.Tolerance("grad_norm_relative", 1e-3), test.Golden.Maybe("grad_norms"), KeyBiases(test.Model));
        return test.Result(Kind);
    }

    /// <summary>As many as the given head has rows.</summary>
    private static string[] Labels(string folder)
    {
        using SafeTensorsFile values = SafeTensorsFile.Open(Path.Combine(folder, "golden.safetensors"));
        return [.. Enumerable.Range(0, (int)values.Info("input.classifier.weight").Shape[0]).Select(label => label.ToString(System.Globalization.CultureInfo.InvariantCulture))];
    }

    /// <summary>A constant added to all keys changes no softmax: these gradients are rounding noise.</summary>
    private static HashSet<string> KeyBiases(Model model) =>
        model.NamedParameters().Select(pair => pair.Name).Where(name => name.EndsWith(".key.bias", StringComparison.Ordinal)).ToHashSet(StringComparer.Ordinal);

    private static CaseResult Embeddings(string folder, string path)
    {
        using var guard = Autograd.NoGrad();
        using var test = new ModelCase(path, folder, ModelKind.Encoder);
        Ids(test, path);
        var rows = new Dictionary<string, List<float>>();
        foreach (JsonElement row in test.Golden.Need("ids", "golden.json").EnumerateArray())
        {
            using var scope = Scope.Open();
            One(test.Model, row, rows);
        }

        foreach (string name in (string[])["cls", "mean", "pooler", "sentence_embedding", "layer_norms"])
        {
            Tensor expected = test.Read("output." + name);
            test.Compare.Floats("output." + name, rows[name].ToArray(), expected.ToFloats(), test.Tolerance(name, 1e-4), name == "layer_norms" ? 1e-5 : 0, expected.Shape);
        }

        return test.Result(Kind);
    }

    private static void Ids(ModelCase test, string path)
    {
        Tokenizer tokenizer = Tokenizer.Load(path);
        string[] texts = test.Golden.Need("texts", "golden.json").Texts();
        JsonElement[] expected = [.. test.Golden.Need("ids", "golden.json").EnumerateArray()];
        JsonElement[] pairs = [.. test.Golden.Need("pairs", "golden.json").EnumerateArray()];
        for (int i = 0; i < expected.Length; i++)
        {
            Encoding encoding = i < texts.Length ? tokenizer.Encode(texts[i]) : tokenizer.Encode(pairs[i - texts.Length][0].GetString()!, pairs[i - texts.Length][1].GetString());
            test.Compare.Exact($"ids {i}", encoding.Ids, expected[i].Need("input_ids", "ids").Integers());
            test.Compare.Exact($"token types {i}", encoding.TypeIds, expected[i].Need("token_type_ids", "ids").Integers());
        }
    }

    private static void One(Model model, JsonElement row, Dictionary<string, List<float>> rows)
    {
        long[] ids = [.. row.Need("input_ids", "ids").Integers().Select(id => (long)id)];
        long[] types = [.. row.Need("token_type_ids", "ids").Integers().Select(id => (long)id)];
        var states = new List<Tensor>();
        Tensor idRow = Tensor.From(ids, 1, ids.Length);
        IReadOnlyDictionary<string, Tensor> outputs = model.Outputs(new ModelInput { InputIds = idRow, TokenTypeIds = Tensor.From(types, 1, types.Length), HiddenStates = states });
        Tensor hidden = outputs["last_hidden_state"]; // [1, T, C]
        Tensor mean = SentenceLosses.Pool(hidden, Tensor.Ones([1, ids.Length], DType.Int64), "mean");
        Append("cls", hidden.Select(1, 0));
        Append("mean", mean);
        Append("pooler", outputs["pooler_output"]);
        Append("sentence_embedding", SentenceLosses.Normalize(mean));
        foreach (Tensor state in states)
        {
            Append("layer_norms", (state * state).Sum([-1], keep: false).Sqrt().Mean());
        }

        void Append(string name, Tensor value)
        {
            if (!rows.TryGetValue(name, out List<float>? list))
            {
                rows[name] = list = [];
            }

            list.AddRange(value.ToFloats());
        }
    }
}
