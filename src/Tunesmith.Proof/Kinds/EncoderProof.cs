using System.Text.Json;
using Tunesmith.Models;
using Tunesmith.Torch;
using Tunesmith.Training.Losses;

namespace Tunesmith.Proof.Kinds;

/// <summary>Encoders and classification heads: outputs, the class's own loss and its gradients; sentence embeddings and their losses.</summary>
public static class EncoderProof
{
    private const string Kind = "encoders";

    /// <param name="folder">One case.</param>
    public static IEnumerable<CaseResult> Verify(string folder) => [Run(folder)];

    private static CaseResult Run(string folder)
    {
        if (ModelCase.UnknownFamily(folder) is string family)
        {
            return ModelCase.NotImplemented(Kind, folder, $"family {family}");
        }

        JsonElement golden = GoldenFile.Json(Path.Combine(folder, "golden.json"));
        string procedure = golden.Need("procedure", "golden.json").GetString() ?? "";
        if (procedure is not ("forward" or "sentence"))
        {
            return ModelCase.NotImplemented(Kind, folder, $"procedure {procedure}");
        }

        using var scope = Scope.Open();
        using var test = new ModelCase(folder, folder, kind: null) { RelativeToLargest = true };
        string wanted = golden.Need("class", "golden.json").GetString()!;
        test.Compare.That("class", test.Model.Architecture == wanted, $"config.json gives {test.Model.Architecture}, expected {wanted}");
        if (procedure == "sentence")
        {
            Sentences(test);
        }
        else
        {
            Forward(test);
        }

        return test.Result(Kind);
    }

    private static void Forward(ModelCase test)
    {
        Model model = test.Model;
        var states = new List<Tensor>();
        Tensor? mask = test.Find("input.attention_mask");
        var input = new ModelInput
        {
            InputIds = test.Read("input.input_ids"),
            AttentionMask = mask,
            TokenTypeIds = test.Find("input.token_type_ids"),
            PositionIds = test.Find("input.position_ids"),
            HiddenStates = states,
        };
        IReadOnlyDictionary<string, Tensor> outputs = model.Outputs(input);
        double tolerance = test.Tolerance("logits", 1e-4);
        foreach (var (name, value) in outputs)
        {
            if (test.Has("output." + name))
            {
                test.Same("output." + name, value, tolerance, IsPerToken(value, mask) ? mask : null);
            }
        }

        foreach (string name in test.Names.Where(name => name.StartsWith("output.", StringComparison.Ordinal) && !IsComputed(name["output.".Length..], outputs, states.Count)).ToList())
        {
            test.Compare.That(name, false, "not computed");
        }

        for (int i = 0; i < states.Count; i++)
        {
            // The hidden states of a left-padded decoder are undefined at padding; elsewhere all of them are recorded.
            if (test.Has($"output.hidden_states.{i}"))
            {
                test.Same($"output.hidden_states.{i}", states[i], tolerance, mask);
            }
        }

        bool objective = test.Golden.Maybe("objective") is not null;
        Tensor loss = objective ? Objective(outputs[test.Golden.Need("objective", "golden.json").GetString()!]) : HeadLosses.Of(model, outputs, name => test.Read("input." + name));
        string scalar = objective ? "objective" : "loss";
        double recorded = test.Golden.Need("scalars", "golden.json").Need(scalar, "scalars").GetDouble();
        test.Compare.Value(scalar, loss.Item(), recorded, tolerance * Math.Max(1, Math.Abs(recorded)));
        test.ClearGradients();
        loss.Backward();
        test.Gradients(test.Tolerance("grad", 1e-4), test.Tolerance("grad", 1e-4), test.Golden.Maybe("grad_norms"), WithoutEffect(test));
    }

    private static void Sentences(ModelCase test)
    {
        double tolerance = test.Tolerance("logits", 1e-4);
        (Tensor u, Tensor v) = (Embed(test, "a", tolerance), Embed(test, "b", tolerance));
        test.Same("output.cosine_matrix", SentenceLosses.CosineMatrix(u, v), tolerance);
        Tensor scores = test.Read("input.scores");
        Tensor binary = test.Read("input.binary");
        var losses = new Dictionary<string, Func<Tensor>>
        {
            ["MultipleNegativesRankingLoss"] = () => SentenceLosses.MultipleNegativesRanking(u, v),
            ["MultipleNegativesSymmetricRankingLoss"] = () => SentenceLosses.MultipleNegativesSymmetricRanking(u, v),
            ["CosineSimilarityLoss"] = () => SentenceLosses.CosineSimilarity(u, v, scores),
            ["CoSENTLoss"] = () => SentenceLosses.CoSent(u, v, scores),
            ["AnglELoss"] = () => SentenceLosses.Angle(u, v, scores),
            ["ContrastiveLoss"] = () => SentenceLosses.Contrastive(u, v, binary),
            ["OnlineContrastiveLoss"] = () => SentenceLosses.OnlineContrastive(u, v, binary),
        };
        string full = test.Golden.Maybe("grad_of")?.GetString() ?? "";
        foreach (var (name, compute) in losses)
        {
            if (!test.Has("output.loss." + name))
            {
                continue;
            }

            (u, v) = (Embed(test, "a", null), Embed(test, "b", null));
            Tensor loss = compute();
            double recorded = test.Read("output.loss." + name).Item();
            test.Compare.Value("loss." + name, loss.Item(), recorded, tolerance * Math.Max(1, Math.Abs(recorded)));
            test.ClearGradients();
            loss.Backward();
            JsonElement? norms = test.Golden.Maybe("grad_norms_per_loss")?.Maybe(name);
            if (name == full)
            {
                test.Gradients(test.Tolerance("grad", 1e-4), tolerance, norms ?? test.Golden.Maybe("grad_norms"), WithoutEffect(test));
            }
            else
            {
                test.Norms(tolerance, norms, WithoutEffect(test));
            }
        }
    }

    /// <summary>Runs one side; with a tolerance it also compares every pooling.</summary>
    private static Tensor Embed(ModelCase test, string side, double? tolerance)
    {
        Tensor mask = test.Read($"input.{side}.attention_mask");
        Tensor hidden = test.Model.Outputs(new ModelInput
        {
            InputIds = test.Read($"input.{side}.input_ids"),
            AttentionMask = mask,
            TokenTypeIds = test.Find($"input.{side}.token_type_ids"),
        })["last_hidden_state"];
        if (tolerance is double allowed)
        {
            test.Same($"output.{side}.token_embeddings", hidden, allowed, mask);
            foreach (string mode in (string[])["cls", "lasttoken", "max", "mean", "mean_sqrt_len_tokens", "weightedmean"])
            {
                Tensor pooled = SentenceLosses.Pool(hidden, mask, mode);
                test.Same($"output.{side}.{mode}", pooled, allowed);
                test.Same($"output.{side}.{mode}.normalized", SentenceLosses.Normalize(pooled), allowed);
            }
        }

        return SentenceLosses.Pool(hidden, mask, "mean");
    }

    /// <summary>Sum of x_i sin(1 + 0.37 i) / sqrt(n): the recorded gradients' loss where a class has none.</summary>
    private static Tensor Objective(Tensor x)
    {
        var weights = new float[x.Count];
        for (int i = 0; i < weights.Length; i++)
        {
            weights[i] = (float)(Math.Sin(1 + (0.37 * i)) / Math.Sqrt(weights.Length));
        }

        return (x.Reshape(-1) * Tensor.From(weights, weights.Length)).Sum();
    }

    /// <summary>Whether this proof compares what is recorded under a name; the loss stands among the scalars.</summary>
    private static bool IsComputed(string name, IReadOnlyDictionary<string, Tensor> outputs, int states) =>
        outputs.ContainsKey(name) || name is "loss" or "objective" || (name.StartsWith("hidden_states.", StringComparison.Ordinal) && int.TryParse(name["hidden_states.".Length..], out int index) && index < states);

    private static bool IsPerToken(Tensor value, Tensor? mask) => mask is not null && value.Rank >= 2 && mask.Rank == 2 && value.Size(0) == mask.Size(0) && value.Size(1) == mask.Size(1);

    private static HashSet<string> WithoutEffect(ModelCase test) => test.Golden.Maybe("tensors_without_effect")?.Texts().ToHashSet(StringComparer.Ordinal) ?? [];
}
