using System.Diagnostics;
using System.Globalization;
using Tunesmith.Data;
using Tunesmith.Data.Random;
using Tunesmith.Models;
using Tunesmith.Models.Adapters;
using Tunesmith.Models.Checkpoints;
using Tunesmith.Models.Generation;
using Tunesmith.Torch;
using Tunesmith.Training;
using Tunesmith.Training.Stages;

namespace Tunesmith.Bench;

/// <summary>
/// Our side of the comparison with plain PyTorch: the cases of <c>bench/torch/steps.py</c>, run by the real training loop and the real generator, with random
/// weights of SmolLM2-135M's and MiniLM's shapes.
/// </summary>
internal static class Steps
{
    private const string Smol = """
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 576, "intermediate_size": 1536, "num_attention_heads": 9,
        "num_key_value_heads": 3, "vocab_size": 49152, "tie_word_embeddings": true, "rope_theta": 100000.0, "rms_norm_eps": 1e-5,
        "max_position_embeddings": 8192, "hidden_act": "silu", "initializer_range": 0.02
        """;

    private const string MiniLm = """
        "architectures": ["BertForSequenceClassification"], "model_type": "bert", "hidden_size": 384, "intermediate_size": 1536, "num_attention_heads": 12,
        "num_hidden_layers": 6, "vocab_size": 30522, "max_position_embeddings": 512, "type_vocab_size": 2, "hidden_act": "gelu", "layer_norm_eps": 1e-12,
        "hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1, "initializer_range": 0.02
        """;

    /// <summary>Runs one case under the protocol of <see cref="Contender"/>.</summary>
    public static void Run(string name, int batch, int length, int layers, TextReader input, TextWriter output)
    {
        using var scope = Scope.Open();
        var bert = name == "minilm";
        var bf16 = name.EndsWith("bf16", StringComparison.Ordinal);
        var generator = new Generator(1);
        using var model = Make(bert ? MiniLm : $"{Smol}, \"num_hidden_layers\": {layers}", bf16 && name.StartsWith("lora", StringComparison.Ordinal), generator);
        (batch, length) = (batch > 0 ? batch : bert ? 32 : 4, length > 0 ? length : name == "generate" ? 64 : bert ? 64 : 512);
        if (name == "generate")
        {
            Generate((CausalModel)model, length, generator, input, output);
            return;
        }
        if (name.StartsWith("lora", StringComparison.Ordinal))
            Adapter.Attach(model, new AdapterOptions { LoraRank = 8, LoraAlpha = 16, LoraTarget = ["all"] }, generator);
        model.Precision.Compute = bf16 ? DType.BFloat16 : null;
        var options = new TrainingOptions
        {
            Stage = bert ? "cls" : "sft", PerDeviceTrainBatchSize = batch, MaxSteps = 10_000, LearningRate = 1e-5, LrSchedulerType = "constant", WeightDecay = 0.01,
            SaveStrategy = "no", EvalStrategy = "no", LoggingStrategy = "no", Bf16 = bf16, DisableShuffling = true, DoTrain = true,
        };
        var trainer = new Trainer(new TrainerInput
        {
            Model = model, Stage = Stages.Create(options, padId: 0), Options = options, Train = Examples(batch, length, model.Config.VocabSize, bert),
            Observer = new Gate(input, output, bert ? batch : batch * length),
        });
        try
        {
            trainer.Run();
        }
        catch (OperationCanceledException)
        {
            // The other side closed our input: that is how it ends.
        }
    }

    private static Model Make(string config, bool storeBf16, Generator generator)
    {
        var folder = Directory.CreateTempSubdirectory("tunesmith-bench-");
        try
        {
            File.WriteAllText(Path.Combine(folder.FullName, "config.json"), "{" + config + "}");
            return ModelLoader.Load(folder.FullName, new LoadOptions { FromScratch = true, Generator = generator, DType = storeBf16 ? DType.BFloat16 : DType.Float32 }).Model;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static TokenizedExample[] Examples(int rows, int length, int vocabulary, bool classes)
    {
        var random = new TorchMt19937(1);
        return [.. Enumerable.Range(0, rows).Select(row =>
        {
            var ids = Enumerable.Range(0, length).Select(_ => (int)(random.Next32() % (uint)vocabulary)).ToArray();
            return new TokenizedExample { InputIds = ids, Labels = classes ? [] : ids, Targets = classes ? [row % 2] : null };
        })];
    }

    private static void Generate(CausalModel model, int length, Generator generator, TextReader input, TextWriter output)
    {
        const int NewTokens = 32;
        var random = new TorchMt19937(1);
        var prompt = Enumerable.Range(0, length).Select(_ => (int)(random.Next32() % (uint)model.Config.VocabSize)).ToArray();
        var greedy = new TokenGenerator(model, new GenerationOptions { DoSample = false, MaxNewTokens = NewTokens }, [], 0);
        greedy.Run([prompt], generator);
        output.WriteLine("ready");
        output.Flush();
        while (input.ReadLine() is { Length: > 0 })
        {
            var watch = Stopwatch.StartNew();
            greedy.Run([prompt], generator);
            Report(output, watch.Elapsed, NewTokens, 0);
        }
    }

    private static void Report(TextWriter output, TimeSpan elapsed, int work, double loss)
    {
        var line = File.ReadLines("/proc/self/status").First(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
        var peak = long.Parse(new string([.. line.Where(char.IsAsciiDigit)]), CultureInfo.InvariantCulture) / 1024;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{elapsed.TotalSeconds:F4} {work} {peak} {loss:F5}"));
        output.Flush();
    }

    /// <summary>Holds the loop after every update until the other side says go; the first update is the warm-up.</summary>
    private sealed class Gate(TextReader input, TextWriter output, int work) : IRunObserver
    {
        private Stopwatch? _watch;

        public void OnStep(StepEvent step)
        {
            if (_watch is { } watch) Report(output, watch.Elapsed, work, step.Loss);
            else
            {
                output.WriteLine("ready");
                output.Flush();
            }
            if (input.ReadLine() is not { Length: > 0 }) throw new OperationCanceledException();
            _watch = Stopwatch.StartNew();
        }
    }
}
