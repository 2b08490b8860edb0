using Tunesmith.Models;
using Tunesmith.Models.Families;
using Tunesmith.Torch;

namespace Tunesmith.Tests.Families;

/// <summary>LLaMA from its description, in plain loops and double precision; shares no code with the room.</summary>
internal sealed class NaiveLlama(Model model)
{
    private readonly Dictionary<string, double[]> _weights = model.NamedParameters().ToDictionary(pair => pair.Name, pair => pair.Parameter.Value.ToDoubles());
    private readonly LlamaConfig _config = (LlamaConfig)model.Config;

    /// <returns>Logits, row by row.</returns>
    public double[][] Run(long[] ids)
    {
        int c = _config.HiddenSize, heads = _config.NumAttentionHeads, kv = _config.NumKeyValueHeads ?? heads, d = _config.HeadDim ?? c / heads;
        double[][] x = [.. ids.Select(id => _weights["model.embed_tokens.weight"][(int)(id * c)..(int)((id + 1) * c)])];
        for (int layer = 0; layer < _config.NumHiddenLayers; layer++)
        {
            string p = $"model.layers.{layer}.";
            double[][] h = [.. x.Select(row => Norm(row, p + "input_layernorm.weight"))];
            double[][] q = [.. h.Select(row => Product(row, p + "self_attn.q_proj.weight"))];
            double[][] k = [.. h.Select(row => Product(row, p + "self_attn.k_proj.weight"))];
            double[][] v = [.. h.Select(row => Product(row, p + "self_attn.v_proj.weight"))];
            for (int t = 0; t < ids.Length; t++)
            {
                Turn(q[t], heads, d, t);
                Turn(k[t], kv, d, t);
            }

            for (int t = 0; t < ids.Length; t++)
            {
                double[] mixed = new double[heads * d];
                for (int head = 0; head < heads; head++)
                {
                    int shared = head / (heads / kv);
                    double[] scores = new double[t + 1];
                    for (int s = 0; s <= t; s++)
                    {
                        for (int i = 0; i < d; i++)
                        {
                            scores[s] += q[t][(head * d) + i] * k[s][(shared * d) + i];
                        }

                        scores[s] /= Math.Sqrt(d);
                    }

                    double max = scores.Max(), sum = scores.Sum(score => Math.Exp(score - max));
                    for (int s = 0; s <= t; s++)
                    {
                        for (int i = 0; i < d; i++)
                        {
                            mixed[(head * d) + i] += Math.Exp(scores[s] - max) / sum * v[s][(shared * d) + i];
                        }
                    }
                }

                x[t] = Plus(x[t], Product(mixed, p + "self_attn.o_proj.weight"));
            }

            for (int t = 0; t < ids.Length; t++)
            {
                double[] m = Norm(x[t], p + "post_attention_layernorm.weight");
                double[] gate = Product(m, p + "mlp.gate_proj.weight"), up = Product(m, p + "mlp.up_proj.weight");
                x[t] = Plus(x[t], Product([.. gate.Zip(up, (g, u) => g / (1 + Math.Exp(-g)) * u)], p + "mlp.down_proj.weight"));
            }
        }

        return [.. x.Select(row => Product(Norm(row, "model.norm.weight"), "lm_head.weight"))];
    }

    private void Turn(double[] row, int heads, int d, int position)
    {
        for (int head = 0; head < heads; head++)
        {
            for (int i = 0; i < d / 2; i++)
            {
                double angle = position * Math.Pow(10000, -2.0 * i / d);
                int a = (head * d) + i, b = a + (d / 2);
                (row[a], row[b]) = ((row[a] * Math.Cos(angle)) - (row[b] * Math.Sin(angle)), (row[b] * Math.Cos(angle)) + (row[a] * Math.Sin(angle)));
            }
        }
    }

    private double[] Norm(double[] x, string weight)
    {
        double root = Math.Sqrt((x.Sum(value => value * value) / x.Length) + _config.RmsNormEps);
        return [.. x.Zip(_weights[weight], (value, w) => value / root * w)];
    }

    private double[] Product(double[] x, string weight)
    {
        double[] w = _weights[weight];
        var y = new double[w.Length / x.Length];
        for (int o = 0; o < y.Length; o++)
        {
            for (int i = 0; i < x.Length; i++)
            {
                y[o] += w[(o * x.Length) + i] * x[i];
            }
        }

        return y;
    }

    private static double[] Plus(double[] a, double[] b) => [.. a.Zip(b, (left, right) => left + right)];
}

public class NaiveLlamaTests
{
    [Fact]
    public void Llama_computes_what_plain_loops_compute()
    {
        using var scope = Scope.Open();
        using CausalModel model = Tensors.Causal("llama");
        long[] ids = [3, 99, 14, 14, 7, 120];
        float[] expected = [.. new NaiveLlama(model).Run(ids).SelectMany(row => row).Select(value => (float)value)];
        Tensor logits = model.Logits(new ModelInput { InputIds = Tensors.Ids(ids) });
        Tensors.AreClose(Tensor.From(expected, 1, ids.Length, 128), logits, 5e-5);
    }
}
