using System.Text.Json;
using Tunesmith.Torch;
using Tunesmith.Training.Losses;

namespace Tunesmith.Proof.Kinds;

/// <summary>Rows of <c>{id, function, params, inputs, outputs, gradients}</c>: computes the losses that training uses, and their gradients.</summary>
internal static class LossProof
{
    private const double Tolerance = 1e-6;

    /// <summary>A loss by the row's function: the logits, the labels that count, and how many there are in the row.</summary>
    private static readonly IReadOnlyDictionary<string, Func<JsonElement, Positions, Tensor>> Known = new Dictionary<string, Func<JsonElement, Positions, Tensor>>
    {
        ["causal LM cross-entropy (shifted)"] = (row, at) => Hit(at) / Items(row, at),
        ["dft (already shifted, flat)"] = (row, at) => TokenLosses.Dynamic(at.Logits, at.Labels) / Items(row, at),
        ["eaft (already shifted, flat)"] = (row, at) => TokenLosses.EntropyAdaptive(at.Logits, at.Labels, row.GetProperty("alpha").GetDouble()) / Items(row, at),
        ["masked LM / token classification cross-entropy (not shifted)"] = (row, at) => Hit(at) / Items(row, at),
        ["torch cross_entropy label_smoothing (not shifted)"] = (row, at) => TokenLosses.Smoothed(at.Logits, at.Labels, row.GetProperty("label_smoothing").GetDouble()) / (double)at.Count,
        ["transformers LabelSmoother"] = (row, at) => TokenLosses.Smoothed(at.Logits, at.Labels, row.GetProperty("epsilon").GetDouble()) / (double)at.Count,
    };

    public static IEnumerable<CaseResult> Verify(string folder) =>
        Directory.EnumerateFiles(folder, "*.jsonl").Order(StringComparer.Ordinal).SelectMany(file => GoldenFile.JsonLines(file).Select(Guarded));

    private static CaseResult Guarded(JsonElement row)
    {
        var name = row.Maybe("id")?.GetString() ?? "row without id";
        return ProofRunner.Guarded("losses", name, () => Row(name, row));
    }

    private static CaseResult Row(string name, JsonElement row)
    {
        var function = row.Need("function", name).GetString()!;
        if (!Known.TryGetValue(function, out var compute)) return new CaseResult("losses", name, false, $"the loss '{function}' is not implemented");
        var parameters = row.Need("params", name);
        var inputs = row.Need("inputs", name);
        using var scope = Scope.Open();
        var given = inputs.Need("logits", name);
        Tensor logits = Tensor.From(given.Numbers(), given.Shape());
        logits.RequiresGrad = true;
        bool shifted = function.EndsWith("(shifted)", StringComparison.Ordinal) || (parameters.Maybe("shift_labels")?.GetBoolean() ?? false);
        Tensor loss = compute(parameters, Positions.Of(logits, inputs.Need("labels", name), shifted));
        loss.Backward();
        var compare = new Compare();
        compare.Value("loss", loss.Item(), row.Need("outputs", name).Need("loss", name).Number("loss"), Tolerance, Tolerance);
        if (row.Maybe("gradients")?.Maybe("logits") is { } gradient)
            compare.Values("grad.logits", logits.Grad!.ToDoubles(), gradient.Numbers(), Tolerance, Tolerance, gradient.Shape());
        return compare.Result("losses", name);
    }

    private static Tensor Hit(Positions at) => -at.Logits.LogSoftmax(-1).Gather(-1, at.Labels.Unsqueeze(-1)).Sum();

    private static double Items(JsonElement parameters, Positions at) => parameters.Maybe("num_items_in_batch")?.GetDouble() ?? at.Count;

    /// <summary>The positions that have a label.</summary>
    /// <param name="Logits">[N, V].</param>
    /// <param name="Labels">int64 [N].</param>
    private sealed record Positions(Tensor Logits, Tensor Labels, int Count)
    {
        /// <param name="shifted">Whether position t is judged by label t + 1.</param>
        public static Positions Of(Tensor logits, JsonElement labels, bool shifted)
        {
            double[] all = labels.Numbers();
            long[] shape = labels.Shape();
            int length = (int)shape[^1];
            List<long> rows = [], wanted = [];
            for (var i = 0; i < all.Length; i++)
            {
                if (all[i] == HeadLosses.Ignored || (shifted && i % length == 0)) continue;
                rows.Add(shifted ? i - 1 : i);
                wanted.Add((long)all[i]);
            }
            Tensor flat = logits.Reshape(-1, logits.Size(-1)); // [B * T, V]
            return new Positions(flat.IndexSelect(0, Tensor.From(rows.ToArray(), rows.Count)), Tensor.From(wanted.ToArray(), wanted.Count), rows.Count);
        }
    }
}
