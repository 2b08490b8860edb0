using System.Text.Json;
using Tunesmith.Models;
using Tunesmith.Models.Adapters;
using Tunesmith.Models.Checkpoints;
using Tunesmith.Torch;
using Tunesmith.Torch.Nn;

namespace Tunesmith.Proof.Kinds;

/// <summary>Adapters: outputs of the base, with the adapter, and merged; norms and sums of every weight that merging changes.</summary>
public static class AdapterProof
{
    private const string Kind = "adapters";

    /// <param name="folder">One case.</param>
    public static IEnumerable<CaseResult> Verify(string folder) => [Run(folder)];

    private static CaseResult Run(string folder)
    {
        JsonElement golden = GoldenFile.Json(Path.Combine(folder, "golden.json"));
        string @base = GoldenPaths.Resolve(folder, golden.Need("base", "golden.json").GetString()!);
        if (ModelCase.UnknownFamily(@base) is string family)
        {
            return ModelCase.NotImplemented(Kind, folder, $"family {family}");
        }

        using var scope = Scope.Open();
        if (golden.Maybe("adapters") is JsonElement adapters)
        {
            return SeveralAdapters(folder, @base, golden, adapters);
        }

        string type = golden.Maybe("peft_type")?.GetString() ?? "";
        return type == "LORA" ? One(folder, @base) : ModelCase.NotImplemented(Kind, folder, $"peft_type {type}");
    }

    private static CaseResult One(string folder, string @base)
    {
        using var guard = Autograd.NoGrad();
        using var test = new ModelCase(@base, folder, kind: null);
        double tolerance = test.Tolerance("logits", 1e-4);
        test.Same("output.base_logits", Logits(test, test.Model), tolerance);
        using (Adapter adapter = Adapter.Load(test.Model, folder))
        {
            test.Same("output.logits", Logits(test, test.Model), tolerance);
            SaveAgain(test, adapter, folder);
            if (test.Golden.Maybe("mergeable")?.GetBoolean() != false)
            {
                Merged(test, adapter);
            }
        }

        string converted = Path.Combine(folder, "converted");
        if (Directory.Exists(converted))
        {
            using Model fresh = ModelLoader.Load(@base).Model;
            using Adapter adapter = Adapter.Load(fresh, converted);
            test.Compare.Floats("converted", Logits(test, fresh).ToFloats(), test.Read("output.logits").ToFloats(), tolerance);
        }

        return test.Result(Kind);
    }

    private static void Merged(ModelCase test, Adapter adapter)
    {
        adapter.Merge();
        test.Same("output.merged_logits", Logits(test, test.Model), test.Tolerance("merged_logits", 1e-4));
        Dictionary<string, Parameter> parameters = test.Model.NamedParameters().ToDictionary(pair => pair.Name, pair => pair.Parameter);
        double relative = test.Tolerance("merged_norm_relative", 1e-5);
        foreach (JsonProperty entry in test.Golden.Maybe("merged_weight_norms")?.EnumerateObject().ToArray() ?? [])
        {
            using var scope = Scope.Open();
            if (!parameters.TryGetValue(entry.Name, out Parameter? parameter))
            {
                test.Compare.That("merged " + entry.Name, false, "the model has no such parameter");
                continue;
            }

            double[] values = parameter.Value.ToDoubles();
            test.Compare.Value("norm of merged " + entry.Name, Math.Sqrt(values.Sum(value => value * value)), entry.Value.GetDouble(), 0, relative);
            if (test.Golden.Maybe("merged_weight_sums")?.Maybe(entry.Name) is JsonElement sum)
            {
                test.Compare.Value("sum of merged " + entry.Name, values.Sum(), sum.GetDouble(), 1e-4, relative);
            }
        }
    }

    /// <summary>What is saved again has the same tensors under the same names.</summary>
    private static void SaveAgain(ModelCase test, Adapter adapter, string folder)
    {
        string copy = Directory.CreateTempSubdirectory("tunesmith-adapter-").FullName;
        try
        {
            adapter.Save(copy);
            using SafeTensorsFile expected = SafeTensorsFile.Open(Path.Combine(folder, "adapter_model.safetensors"));
            using SafeTensorsFile actual = SafeTensorsFile.Open(Path.Combine(copy, "adapter_model.safetensors"));
            string[] missing = [.. expected.Names.Except(actual.Names).Where(IsKept)];
            string[] extra = [.. actual.Names.Except(expected.Names)];
            test.Compare.That("saved names", missing.Length + extra.Length == 0, $"missing [{string.Join(", ", missing)}], unexpected [{string.Join(", ", extra)}]");
            foreach (string name in expected.Names.Intersect(actual.Names))
            {
                test.Compare.Floats("saved " + name, actual.Read(name).ToFloats(), expected.Read(name).ToFloats(), 0);
            }
        }
        finally
        {
            Directory.Delete(copy, recursive: true);
        }
    }

    /// <summary>With bias: all peft stores a saved module's bias three times; once is enough.</summary>
    private static bool IsKept(string name) => !name.Contains(".original_module.", StringComparison.Ordinal) && !name.Contains(".modules_to_save.", StringComparison.Ordinal);

    private static CaseResult SeveralAdapters(string folder, string @base, JsonElement golden, JsonElement adapters)
    {
        using var guard = Autograd.NoGrad();
        using var test = new ModelCase(@base, folder, kind: null);
        double tolerance = test.Tolerance("logits", 1e-4);
        test.Same("output.base_logits", Logits(test, test.Model), tolerance);
        IEnumerable<string> stored = adapters.Texts().Concat(golden.Need("combinations", "golden.json").EnumerateArray().Select(entry => entry.Need("adapter", "combinations").GetString()!));
        foreach (string name in stored)
        {
            using Model model = ModelLoader.Load(@base).Model;
            using Adapter adapter = Adapter.Load(model, Path.Combine(folder, name));
            test.Same("output." + name, Logits(test, model), tolerance);
        }

        foreach (JsonElement combination in golden.Need("combinations", "golden.json").EnumerateArray())
        {
            Combination(test, folder, @base, adapters.Texts(), combination, tolerance);
        }

        return test.Result(Kind);
    }

    private static void Combination(ModelCase test, string folder, string @base, string[] adapters, JsonElement entry, double tolerance)
    {
        string name = entry.Need("adapter", "combinations").GetString()!;
        using Model model = ModelLoader.Load(@base).Model;
        var request = new AdapterCombination(
            entry.Need("combination_type", "combinations").GetString()!,
            entry.Need("weights", "combinations").Numbers(),
            entry.Maybe("density")?.GetDouble(),
            entry.Maybe("svd_rank")?.GetInt32(),
            entry.Maybe("majority_sign_method")?.GetString() ?? "total");
        if (request.Type.EndsWith("svd", StringComparison.Ordinal))
        {
            tolerance = test.Tolerance("svd", tolerance);
        }

        using Adapter adapter = request.Load(model, [.. adapters.Select(one => Path.Combine(folder, one))]);
        test.Compare.Floats("combined " + name, Logits(test, model).ToFloats(), test.Read("output." + name).ToFloats(), tolerance);
    }

    private static Tensor Logits(ModelCase test, Model model) => model.Outputs(new ModelInput
    {
        InputIds = test.Read("input.input_ids"),
        AttentionMask = test.Find("input.attention_mask"),
        TokenTypeIds = test.Find("input.token_type_ids"),
    })["logits"];
}
