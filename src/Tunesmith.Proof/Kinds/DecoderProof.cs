using System.Text.Json;
using Tunesmith.Models;
using Tunesmith.Models.Generation;
using Tunesmith.Torch;
using Tunesmith.Torch.Fused;

namespace Tunesmith.Proof.Kinds;

/// <summary>Decoders: logits, hidden states, loss, gradients, padding on either side, packed documents, greedy continuation.</summary>
public static class DecoderProof
{
    private const string Kind = "decoders";

    /// <param name="folder">One case.</param>
    public static IEnumerable<CaseResult> Verify(string folder) => [Run(folder)];

    private static CaseResult Run(string folder)
    {
        if (ModelCase.UnknownFamily(folder) is string family)
        {
            return ModelCase.NotImplemented(Kind, folder, $"family {family}");
        }

        using var scope = Scope.Open();
        using var test = new ModelCase(folder, folder, ModelKind.CausalLm);
        var model = (CausalModel)test.Model;
        if (test.Golden.Need("role", "golden.json").GetString() == "packed")
        {
            Packed(test, model);
        }
        else
        {
            Rows(test, model);
        }

        return test.Result(Kind);
    }

    private static void Rows(ModelCase test, CausalModel model)
    {
        Tensor mask = test.Read("input.attention_mask");
        Tensor ids = test.Read("input.input_ids");
        var states = new List<Tensor>();
        var input = new ModelInput { InputIds = ids, AttentionMask = mask, HiddenStates = states };
        Tensor hidden = model.Hidden(input); // [B, T, C]
        Tensor logits = model.Head(hidden); // [B, T, V]
        test.Same("output.logits", logits, test.Tolerance("logits", 1e-4), mask);
        States(test, states, mask);
        Loss(test, model, hidden, test.Read("input.labels"));
        LogProbabilities(test, logits, ids);
        if (test.Has("input.left_padded_input_ids"))
        {
            LeftPadded(test, model);
        }

        if (test.Golden.Maybe("generation") is JsonElement generation)
        {
            Generation(test, model, generation);
        }
    }

    private static void Packed(ModelCase test, CausalModel model)
    {
        Tensor ids = test.Read("input.input_ids");
        var states = new List<Tensor>();
        var input = new ModelInput { InputIds = ids, PositionIds = test.Read("input.position_ids"), Allowed = test.Read("input.allowed"), HiddenStates = states };
        Tensor hidden = model.Hidden(input);
        double tolerance = test.Tolerance("logits", 1e-4);
        test.Same("output.logits", model.Head(hidden), tolerance);
        States(test, states, null);
        Loss(test, model, hidden, test.Read("input.labels"));
        long begin = 0;
        for (int i = 0; test.Has($"output.separate_logits.{i}"); i++)
        {
            long length = test.Read($"output.separate_logits.{i}").Size(1);
            Tensor alone = model.Logits(new ModelInput { InputIds = ids.Narrow(1, begin, length) });
            test.Same($"output.separate_logits.{i}", alone, tolerance);
            begin += length;
        }
    }

    private static void States(ModelCase test, List<Tensor> states, Tensor? mask)
    {
        for (int i = 0; test.Has($"output.hidden_states.{i}"); i++)
        {
            if (i < states.Count)
            {
                test.Same($"output.hidden_states.{i}", states[i], test.Tolerance("hidden_states", 1e-4), mask);
            }
            else
            {
                test.Compare.That($"output.hidden_states.{i}", false, $"the model has {states.Count} hidden states");
            }
        }
    }

    private static void Loss(ModelCase test, CausalModel model, Tensor hidden, Tensor labels)
    {
        long length = hidden.Size(1);
        Tensor before = hidden.Narrow(1, 0, length - 1).Reshape(-1, hidden.Size(2)); // [B (T - 1), C]
        Tensor next = labels.Narrow(1, 1, length - 1).Reshape(-1); // [B (T - 1)]
        long count = next.ToLongs().LongCount(label => label != -100);
        Tensor loss = LinearCrossEntropy.Run(before, model.HeadWeight, null, next).Sum / (double)count;
        test.Compare.Value("output.loss", loss.Item(), test.Golden.Need("loss", "golden.json").GetDouble(), test.Tolerance("loss", 1e-5));
        test.ClearGradients();
        loss.Backward();
        var none = test.Golden.Maybe("parameters_without_gradient")?.Texts().ToHashSet(StringComparer.Ordinal) ?? [];
        test.Gradients(test.Tolerance("grad", 1e-4), test.Tolerance("grad_norm_relative", 1e-4), test.Golden.Maybe("grad_norms"), none);
        if (test.Golden.Maybe("total_grad_norm") is JsonElement total)
        {
            double sum = model.NamedParameters().Sum(pair => Math.Pow(ModelCase.Norm(pair.Parameter), 2));
            test.Compare.Value("total_grad_norm", Math.Sqrt(sum), total.GetDouble(), 0, test.Tolerance("grad_norm_relative", 1e-4));
        }
    }

    private static void LogProbabilities(ModelCase test, Tensor logits, Tensor ids)
    {
        if (test.Golden.Maybe("label_logprobs") is not JsonElement rows)
        {
            return;
        }

        long columns = ids.Size(1);
        long vocabulary = logits.Size(2);
        float[] values = logits.LogSoftmax(-1).ToFloats();
        long[] tokens = test.Read("input.labels").ToLongs();
        var actual = new List<double>();
        var expected = new List<double>();
        int row = 0;
        foreach (JsonElement line in rows.EnumerateArray())
        {
            int t = 0;
            foreach (JsonElement entry in line.EnumerateArray())
            {
                if (entry.ValueKind == JsonValueKind.Number)
                {
                    expected.Add(entry.GetDouble());
                    actual.Add(values[((((row * columns) + t) - 1) * vocabulary) + tokens[(row * columns) + t]]);
                }

                t++;
            }

            row++;
        }

        test.Compare.Values("label_logprobs", [.. actual], [.. expected], test.Tolerance("label_logprobs", 1e-4));
    }

    private static void LeftPadded(ModelCase test, CausalModel model)
    {
        using var guard = Autograd.NoGrad();
        Tensor logits = model.Logits(new ModelInput
        {
            InputIds = test.Read("input.left_padded_input_ids"),
            AttentionMask = test.Read("input.left_padded_attention_mask"),
            PositionIds = test.Find("input.left_padded_position_ids"),
        });
        test.Same("output.left_padded_last_logits", logits.Select(1, logits.Size(1) - 1), test.Tolerance("logits", 1e-4));
    }

    private static void Generation(ModelCase test, CausalModel model, JsonElement generation)
    {
        int[] prompt = generation.Need("prompt", "generation").Integers();
        int[] expected = generation.Need("new_tokens", "generation").Integers();
        foreach (bool cached in (bool[])[true, false])
        {
            var options = new GenerationOptions { DoSample = false, MaxNewTokens = expected.Length, UseKvCache = cached };
            var made = new TokenGenerator(model, options, [], padId: 0).Run([prompt], new Generator(0));
            test.Compare.Exact(cached ? "generation with cache" : "generation without cache", [.. made[0].Ids], expected);
        }
    }
}
