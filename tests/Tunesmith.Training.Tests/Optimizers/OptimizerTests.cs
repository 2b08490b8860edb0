using Tunesmith.Torch;
using Tunesmith.Torch.Nn;
using Tunesmith.Training;
using Tunesmith.Training.Optimizers;

namespace Tunesmith.Tests.Optimizers;

/// <summary>Ten steps beside plain loops in double precision, written from the formulas.</summary>
public class OptimizerTests
{
    private const int Size = 7, Steps = 10;
    private static readonly double[] Start = [.. Enumerable.Range(0, Size).Select(i => Math.Sin(i + 1.0))];

    private static double Gradient(int step, int i) => Math.Cos(step * 1.7 + i * 0.9);

    [Fact]
    public void AdamW_follows_its_formula()
    {
        double[] p = [.. Start], m = new double[Size], v = new double[Size];
        for (int t = 1; t <= Steps; t++)
        {
            for (int i = 0; i < Size; i++)
            {
                double g = Gradient(t, i);
                p[i] *= 1 - 0.01 * 0.1;
                m[i] = 0.9 * m[i] + 0.1 * g;
                v[i] = 0.98 * v[i] + 0.02 * g * g;
                p[i] -= 0.01 * (m[i] / (1 - Math.Pow(0.9, t))) / (Math.Sqrt(v[i] / (1 - Math.Pow(0.98, t))) + 1e-6);
            }
        }
        Same(p, groups => new AdamW(groups, new AdamSettings(0.9, 0.98, 1e-6)));
    }

    [Fact]
    public void Adam_adds_its_decay_to_the_gradient()
    {
        double[] p = [.. Start], m = new double[Size], v = new double[Size];
        for (int t = 1; t <= Steps; t++)
        {
            for (int i = 0; i < Size; i++)
            {
                double g = Gradient(t, i) + 0.1 * p[i];
                m[i] = 0.9 * m[i] + 0.1 * g;
                v[i] = 0.999 * v[i] + 0.001 * g * g;
                p[i] -= 0.01 * (m[i] / (1 - Math.Pow(0.9, t))) / (Math.Sqrt(v[i] / (1 - Math.Pow(0.999, t))) + 1e-8);
            }
        }
        Same(p, groups => new Adam(groups, new AdamSettings()));
    }

    [Theory]
    [InlineData(0, 0, false)]
    [InlineData(0.9, 0, false)]
    [InlineData(0.9, 0, true)]
    [InlineData(0.8, 0.3, false)]
    public void Sgd_follows_its_formula(double momentum, double dampening, bool nesterov)
    {
        double[] p = [.. Start], buffer = new double[Size];
        for (int t = 1; t <= Steps; t++)
        {
            for (int i = 0; i < Size; i++)
            {
                double g = Gradient(t, i) + 0.1 * p[i];
                buffer[i] = t == 1 ? g : momentum * buffer[i] + (1 - dampening) * g;
                p[i] -= 0.01 * (momentum == 0 ? g : nesterov ? g + momentum * buffer[i] : buffer[i]);
            }
        }
        Same(p, groups => new Sgd(groups, new SgdSettings(momentum, dampening, nesterov)));
    }

    [Fact]
    public void Groups_follow_the_trainer_s_rule()
    {
        using var scope = Scope.Open();
        using var model = Toy.Bert();
        var groups = ParameterGroups.Of(model, new TrainingOptions { WeightDecay = 0.1 });
        Assert.Equal(2, groups.Count);
        Assert.All(groups[0].Parameters, entry => Assert.EndsWith(".weight", entry.Name));
        Assert.All(groups[0].Parameters, entry => Assert.DoesNotContain("LayerNorm", entry.Name));
        Assert.All(groups[1].Parameters, entry => Assert.True(entry.Name.EndsWith(".bias") || entry.Name.Contains("LayerNorm"), entry.Name));
        Assert.Equal(0, groups[1].WeightDecay);
    }

    [Fact]
    public void Gpt2_norms_are_spared_although_their_names_do_not_say_so()
    {
        using var scope = Scope.Open();
        using var model = Tunesmith.Models.ModelLoader.Load(Toy.Family("gpt2")).Model;
        var groups = ParameterGroups.Of(model, new TrainingOptions { WeightDecay = 0.1 });
        Assert.DoesNotContain(groups[0].Parameters, entry => entry.Name.Contains("ln_"));
        Assert.Contains(groups[1].Parameters, entry => entry.Name.EndsWith("ln_1.weight"));
    }

    [Fact]
    public void Lora_plus_gives_the_b_matrix_of_an_embedding_its_own_rate()
    {
        using var scope = Scope.Open();
        using var model = Toy.Llama();
        using var adapter = Tunesmith.Models.Adapters.Adapter.Attach(model, new Tunesmith.Models.Adapters.AdapterOptions { LoraTarget = ["q_proj", "embed_tokens"], LoraRank = 2 }, new Generator(1));
        var groups = ParameterGroups.Of(model, new TrainingOptions { LearningRate = 1e-3, LoraplusLrRatio = 16, LoraplusLrEmbedding = 5e-6 });
        double Rate(string end) => groups.Single(group => group.Parameters.Any(entry => entry.Name.EndsWith(end))).InitialRate;
        Assert.Equal(1e-3, Rate("layers.0.self_attn.q_proj.lora_A.weight"));
        Assert.Equal(16e-3, Rate("layers.0.self_attn.q_proj.lora_B.weight"), 1e-15);
        Assert.Equal(1e-3, Rate("embed_tokens.lora_embedding.A"));
        Assert.Equal(5e-6, Rate("embed_tokens.lora_embedding.B"));
    }

    private static void Same(double[] expected, Func<IReadOnlyList<ParameterGroup>, Optimizer> build)
    {
        using var scope = Scope.Open();
        using var model = new One(Tensor.From(Start, Size));
        var (name, parameter) = model.NamedParameters().Single();
        using Optimizer optimizer = build([new ParameterGroup([(name, parameter)], 0.01, 0.1)]);
        for (int t = 1; t <= Steps; t++)
        {
            using var step = Scope.Open();
            parameter.Value.ClearGrad();
            (parameter.Value * Tensor.From([.. Enumerable.Range(0, Size).Select(i => Gradient(t, i))], Size)).Sum().Backward();
            optimizer.Step();
        }
        double[] actual = parameter.Value.ToDoubles();
        for (int i = 0; i < Size; i++) Assert.Equal(expected[i], actual[i], 1e-12);
    }

    private sealed class One : Module
    {
        public One(Tensor value) => AddParameter("weight", value);
    }
}
