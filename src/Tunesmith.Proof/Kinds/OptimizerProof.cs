using System.Text.Json;
using Tunesmith.Models.Checkpoints;
using Tunesmith.Torch;
using Tunesmith.Torch.Nn;
using Tunesmith.Training.Optimizers;

namespace Tunesmith.Proof.Kinds;

/// <summary>Optimizers stepped with given gradients, in float64 and float32.</summary>
public static class OptimizerProof
{
    private const string Kind = "optimizers";

    public static IEnumerable<CaseResult> Verify(string folder)
    {
        JsonElement golden = GoldenFile.Json(Path.Combine(folder, "golden.json"));
        string inputs = golden.Maybe("inputs") is { ValueKind: JsonValueKind.String } name ? name.GetString()! : "inputs.safetensors";
        foreach (JsonElement item in golden.Need("cases", "golden.json").EnumerateArray())
        {
            string id = item.Need("name", "case").GetString()!, kind = item.Need("kind", id).GetString()!;
            yield return ProofRunner.Guarded(Kind, id, () => Case(folder, inputs, item, id, kind));
        }
    }

    private static CaseResult Case(string folder, string inputs, JsonElement item, string id, string kind)
    {
        JsonElement settings = item.Need("params", id);
        if (Builder(kind, settings) is not { } build) return new CaseResult(Kind, id, false, $"optimizer {kind} is not implemented");
        if (settings.EnumerateObject().Where(entry => !Settings.Contains(entry.Name) && entry.Value.ValueKind is not (JsonValueKind.Null or JsonValueKind.False)).Select(entry => entry.Name).FirstOrDefault() is { } unknown)
            return new CaseResult(Kind, id, false, $"setting {unknown} of optimizer {kind} is not implemented");
        var compare = new Compare();
        Run(folder, inputs, item, DType.Float64, "f64.", Tolerance(item, "float64", 1e-9), build, compare);
        Run(folder, inputs, item, DType.Float32, "f32.", Tolerance(item, "float32", 2e-5), build, compare);
        return compare.Result(Kind, id);
    }

    /// <summary>What a case may set; how torch loops over parameters (foreach, fused) changes no more than rounding.</summary>
    private static readonly HashSet<string> Settings =
        ["lr", "betas", "eps", "weight_decay", "amsgrad", "momentum", "dampening", "nesterov", "foreach", "fused", "capturable"];

    private static double Tolerance(JsonElement item, string name, double otherwise) => item.Maybe("tolerance")?.Maybe(name)?.GetDouble() ?? otherwise;

    private static Func<IReadOnlyList<ParameterGroup>, Optimizer>? Builder(string kind, JsonElement settings)
    {
        double Number(string name, double otherwise) => settings.Maybe(name)?.Number() ?? otherwise;
        bool Truth(string name) => settings.Maybe(name)?.GetBoolean() ?? false;
        var betas = settings.Maybe("betas")?.Numbers() ?? [0.9, 0.999];
        var adam = new AdamSettings(betas[0], betas[1], Number("eps", 1e-8), Truth("amsgrad"));
        return kind switch
        {
            "adamw" => groups => new AdamW(groups, adam),
            "adam" => groups => new Adam(groups, adam),
            "sgd" => groups => new Sgd(groups, new SgdSettings(Number("momentum", 0), Number("dampening", 0), Truth("nesterov"))),
            _ => null,
        };
    }

    private static void Run(string folder, string inputs, JsonElement item, DType dtype, string prefix, double tolerance,
        Func<IReadOnlyList<ParameterGroup>, Optimizer> build, Compare compare)
    {
        string id = item.Need("name", "case").GetString()!, set = item.Need("set", id).GetString()!;
        using var scope = Scope.Open();
        using SafeTensorsFile given = SafeTensorsFile.Open(Path.Combine(folder, inputs));
        using SafeTensorsFile wanted = SafeTensorsFile.Open(Path.Combine(folder, id + ".safetensors"));
        JsonElement settings = item.Need("params", id);
        double rate = settings.Need("lr", id).GetDouble();
        double decay = settings.Maybe("weight_decay")?.GetDouble() ?? (item.Need("kind", id).GetString() == "adamw" ? 0.01 : 0);
        double[]? rates = item.Maybe("lr_sequence")?.Numbers();
        string start = $"{set}.param.";
        using var model = new LooseParameters(given.Names.Where(name => name.StartsWith(start, StringComparison.Ordinal))
            .Select(name => (name[start.Length..], given.Read(name).To(dtype))));
        var parameters = model.NamedParameters().Select(entry => (entry.Name, entry.Parameter)).ToList();
        using Optimizer optimizer = build([new ParameterGroup(parameters, rate, decay)]);
        int steps = item.Maybe("steps")?.GetInt32() ?? 20;
        int[] kept = item.Maybe("kept_steps")?.Integers() ?? [.. Enumerable.Range(0, steps)];
        for (int step = 0; step < steps; step++)
        {
            using var inner = Scope.Open();
            optimizer.Groups[0].Rate = rates is null ? rate : rates[step];
            foreach ((string name, Parameter parameter) in parameters)
            {
                parameter.Value.ClearGrad();
                Tensor gradient = given.Read($"{set}.grads.{name}").To(dtype).Select(0, step);
                (parameter.Value * gradient).Sum().Backward(); // d/dp Σ p·g = g, to the bit
            }
            optimizer.Step();
            int at = Array.IndexOf(kept, step);
            if (at < 0) continue;
            foreach ((string name, Parameter parameter) in parameters)
                compare.Values($"{prefix}{name} after step {step + 1}", parameter.Value.ToDoubles(), wanted.Read(prefix + name).Select(0, at).ToDoubles(), tolerance, 0, parameter.Value.Shape);
        }
    }

    /// <summary>Parameters without a network.</summary>
    private sealed class LooseParameters : Module
    {
        public LooseParameters(IEnumerable<(string Name, Tensor Value)> values)
        {
            foreach ((string name, Tensor value) in values) AddParameter(name, value).Trainable = true;
        }
    }
}
