using System.Text.Json.Nodes;
using Tunesmith.Models;
using Tunesmith.Models.Checkpoints;
using Tunesmith.Torch;

namespace Tunesmith.Tests.Families;

/// <summary>Heads and ties that no recorded case has, against hidden states whose values the recorded cases prove.</summary>
public sealed class HeadVariantTests : IDisposable
{
    private static readonly long[] Ids = [5, 17, 3, 90, 8, 41];
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("llama", "LlamaModel")]
    [InlineData("gpt2", "GPT2Model")]
    public void Without_a_head_the_hidden_states_come_out(string family, string architecture)
    {
        using var scope = Scope.Open();
        using CausalModel causal = Tensors.Causal(family);
        using Model model = Tensors.Load(family, ModelKind.Encoder);
        Assert.Equal(architecture, model.Architecture);
        Assert.All(model.NamedParameters(), pair => Assert.DoesNotContain(model.BasePrefix + ".", pair.Name));
        Tensors.AreClose(causal.Hidden(Input()), model.Outputs(Input())["last_hidden_state"], 0);
    }

    [Theory]
    [InlineData(null, null, 3L, 3)]
    [InlineData(5L, null, 3L, 5)]
    [InlineData(5L, 7L, 3L, 7)]
    public void A_classifier_looks_for_the_token_that_batches_are_filled_up_with(long? config, long? tokenizer, long? end, long expected)
    {
        using var scope = Scope.Open();
        using Model model = Tensors.Load("llama", ModelKind.SequenceClassification);
        var classifier = (SequenceClassifier)model;
        if (config is not null) classifier.PadWith(config, null);
        Tensor alone = classifier.Logits(new ModelInput { InputIds = Tensor.From([40L, 17, 90], 1, 3) });
        Assert.Equal(expected, classifier.PadWith(tokenizer, end));
        Assert.Equal(expected, model.Config.Raw["pad_token_id"]!.GetValue<long>());
        Tensor together = classifier.Logits(new ModelInput { InputIds = Tensor.From([40L, 17, 90, expected, expected, 40, 17, 90, 8, 41], 2, 5) });
        Tensors.AreClose(alone.Squeeze(0), together.Narrow(0, 0, 1).Squeeze(0));
    }

    [Theory]
    [InlineData("llama", "score")]
    [InlineData("gpt2", "classifier")]
    public void A_token_classifier_is_one_layer_over_the_hidden_states(string family, string head)
    {
        using var scope = Scope.Open();
        using CausalModel causal = Tensors.Causal(family);
        using Model model = Tensors.Load(family, ModelKind.TokenClassification);
        Tensor weight = Value(model, head + ".weight"), bias = Value(model, head + ".bias");
        Assert.Equal([2, 32], weight.Shape);
        bias.Detach().FillInPlace(0.25);
        Tensors.AreClose(Layer(causal.Hidden(Input()), weight, bias), model.Outputs(Input())["logits"]);
    }

    [Theory]
    [InlineData("llama")]
    [InlineData("gpt2")]
    public void A_span_head_scores_start_and_end_of_a_stored_checkpoint(string family)
    {
        using var scope = Scope.Open();
        using CausalModel causal = Tensors.Causal(family);
        Tensor hidden = causal.Hidden(Input());
        var tensors = causal.NamedParameters().Where(pair => !pair.Name.StartsWith("lm_head"))
            .Select(pair => (family == "llama" ? "transformer" + pair.Name["model".Length..] : pair.Name, pair.Parameter.Value)).ToList();
        Tensor weight = Tensor.Zeros([2, 32]), bias = Tensor.Zeros([2]);
        weight.NormalInPlace(0, 1, new Generator(3));
        bias.NormalInPlace(0, 1, new Generator(4));
        tensors.AddRange([("qa_outputs.weight", weight), ("qa_outputs.bias", bias)]);
        Write(family, tensors, config => config["architectures"] = new JsonArray(family == "llama" ? "LlamaForQuestionAnswering" : "GPT2ForQuestionAnswering"));
        using Model model = ModelLoader.Load(_folder.Path).Model;
        Assert.Equal(ModelKind.QuestionAnswering, model.Kind);
        IReadOnlyDictionary<string, Tensor> outputs = model.Outputs(Input());
        Tensor expected = Layer(hidden, weight, bias);
        Tensors.AreClose(expected.Select(-1, 0), outputs["start_logits"]);
        Tensors.AreClose(expected.Select(-1, 1), outputs["end_logits"]);
    }

    [Theory]
    [InlineData(1.0, true)]
    [InlineData(2.0, false)]
    public void A_stored_head_that_differs_from_the_embedding_is_not_tied_to_it(double times, bool tied)
    {
        using var scope = Scope.Open();
        using CausalModel plain = Tensors.Causal("gpt2");
        var tensors = plain.NamedParameters().Select(pair => (pair.Name, pair.Parameter.Value)).ToList();
        tensors.Add(("lm_head.weight", Value(plain, "transformer.wte.weight").Detach() * times));
        Write("gpt2", tensors, _ => { });
        using var model = (CausalModel)ModelLoader.Load(_folder.Path).Model;
        Assert.Equal(tied, model.OutputLayer is null);
        Tensors.AreClose(plain.Logits(Input()) * times, model.Logits(Input()), 1e-4);
    }

    [Fact]
    public void An_untied_masked_lm_scores_through_its_own_decoder()
    {
        using var scope = Scope.Open();
        using Model tied = Tensors.Load("bert", ModelKind.MaskedLm); // its head starts anew
        Value(tied, "cls.predictions.bias").Detach().FillInPlace(0);
        Tensor expected = tied.Outputs(Input())["logits"];
        var tensors = tied.NamedParameters().Select(pair => (pair.Name, pair.Parameter.Value)).ToList();
        tensors.Add(("cls.predictions.decoder.weight", Value(tied, "bert.embeddings.word_embeddings.weight").Detach() * 3.0));
        tensors.Add(("cls.predictions.decoder.bias", Tensor.Ones([128])));
        Write("bert", tensors, config =>
        {
            config["architectures"] = new JsonArray("BertForMaskedLM");
            config["tie_word_embeddings"] = false;
        });
        using Model model = ModelLoader.Load(_folder.Path).Model;
        Tensors.AreClose((expected * 3.0) + 1.0, model.Outputs(Input())["logits"], 1e-4);
    }

    [Theory]
    [InlineData("gelu_10", 12, 10)]
    [InlineData("laplace", 0.707107, 0.5)]
    [InlineData("leaky_relu", -3, -0.03)]
    [InlineData("linear", -3, -3)]
    [InlineData("mish", 1.5, 1.403378)] // 1.5 tanh(ln(1 + e^1.5))
    [InlineData("mish", -2, -0.252501)]
    [InlineData("relu2", 3, 9)]
    [InlineData("relu2", -3, 0)]
    [InlineData("relu6", 7, 6)]
    [InlineData("relu6", -1, 0)]
    [InlineData("gelu_python", 1, 0.841345)]
    [InlineData("gelu_accurate", 1, 0.841192)]
    public void Activations_have_the_values_of_their_formulas(string name, double x, double expected)
    {
        using var scope = Scope.Open();
        Assert.Equal(expected, Models.Blocks.Activation.Get(name)(Tensor.From([(float)x], 1)).Item(), 2e-5);
    }

    private static ModelInput Input() => new() { InputIds = Tensors.Ids(Ids) };

    private static Tensor Value(Model model, string name) => model.NamedParameters().Single(pair => pair.Name == name).Parameter.Value;

    /// <summary>In plain loops: [B, T, C] by [K, C] plus [K].</summary>
    private static Tensor Layer(Tensor hidden, Tensor weight, Tensor bias)
    {
        float[] x = hidden.ToFloats(), w = weight.ToFloats(), b = bias.ToFloats();
        int width = (int)weight.Size(1), rows = x.Length / width;
        var y = new float[rows * b.Length];
        for (int row = 0; row < rows; row++)
        {
            for (int k = 0; k < b.Length; k++)
            {
                double sum = b[k];
                for (int i = 0; i < width; i++)
                {
                    sum += (double)x[(row * width) + i] * w[(k * width) + i];
                }

                y[(row * b.Length) + k] = (float)sum;
            }
        }

        return Tensor.From(y, 1, rows, b.Length);
    }

    private void Write(string family, IReadOnlyList<(string, Tensor)> tensors, Action<JsonObject> change)
    {
        var config = (JsonObject)JsonNode.Parse(File.ReadAllText(Path.Combine(Tensors.Family(family), "config.json")))!;
        change(config);
        File.WriteAllText(_folder.File("config.json"), config.ToJsonString());
        SafeTensorsWriter.Write(_folder.File("model.safetensors"), tensors);
    }
}
