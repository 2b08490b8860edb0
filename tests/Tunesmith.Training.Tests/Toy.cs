using Tunesmith.Data;
using Tunesmith.Models;
using Tunesmith.Models.Adapters;
using Tunesmith.Models.Checkpoints;
using Tunesmith.Torch;
using Tunesmith.Training;
using Tunesmith.Training.Stages;

namespace Tunesmith.Tests;

/// <summary>Toy models, toy examples and short runs.</summary>
internal static class Toy
{
    public static string Family(string name) => Path.Combine(Repo.Fixtures, "families", name);

    public static Model Llama() => ModelLoader.Load(Family("llama"), new LoadOptions { Kind = ModelKind.CausalLm }).Model;

    public static Model Bert(int labels = 3) => ModelLoader.Load(Family("bert"), new LoadOptions
    {
        Kind = ModelKind.SequenceClassification,
        Generator = new Generator(1),
        Labels = [.. Enumerable.Range(0, labels).Select(label => $"label{label}")],
        ProblemType = "single_label_classification",
    }).Model;

    /// <summary>Rows of 4 to 11 tokens; the first three are the prompt.</summary>
    public static IReadOnlyList<TokenizedExample> Answers(int count) =>
        [.. Enumerable.Range(0, count).Select(row =>
        {
            int[] ids = [.. Enumerable.Range(0, 4 + row * 5 % 8).Select(at => 3 + (row * 11 + at * 7) % 60)];
            return new TokenizedExample { InputIds = ids, Labels = [.. ids.Select((id, at) => at < 3 ? TokenizedExample.Masked : id)] };
        })];

    public static IReadOnlyList<TokenizedExample> Classes(int count, int labels = 3) =>
        [.. Enumerable.Range(0, count).Select(row => new TokenizedExample
        {
            InputIds = [.. Enumerable.Range(0, 4 + row % 5).Select(at => 3 + (row % labels * 17 + at * 3) % 60)],
            Labels = [],
            Targets = [row % labels],
        })];

    public static TrainingOptions Options => new()
    {
        LearningRate = 2e-3,
        PerDeviceTrainBatchSize = 2,
        PerDeviceEvalBatchSize = 2,
        GradientAccumulationSteps = 2,
        NumTrainEpochs = 2,
        LrSchedulerType = "cosine",
        WarmupSteps = 2,
        LoggingSteps = 1,
        SaveStrategy = "no",
    };

    public static float[] Weights(Model model)
    {
        using var scope = Scope.Open();
        return [.. model.NamedParameters().Where(entry => entry.Parameter.Trainable).SelectMany(entry => entry.Parameter.Value.ToFloats())];
    }

    /// <summary>Trains a model that is made for this run and gives its trained weights and steps.</summary>
    public static ToyRun Run(TrainingOptions options, IReadOnlyList<TokenizedExample> train, Func<TrainerInput, TrainerInput>? change = null, Func<Model>? make = null, bool lora = false,
        CancellationToken cancel = default, Action<StepEvent, CancellationToken>? onStep = null, Action<int>? onEvaluating = null)
    {
        using var scope = Scope.Open();
        using Model model = (make ?? Llama)();
        using Adapter? adapter = lora ? Adapter.Attach(model, new AdapterOptions { LoraRank = 2, LoraDropout = 0.1 }, new Generator(7)) : null;
        var steps = new List<StepEvent>();
        var messages = new List<string>();
        var input = new TrainerInput
        {
            Model = model,
            Stage = Stages.Create(options, padId: 0),
            Options = options,
            Train = train,
            Observer = new Recorder(step => { steps.Add(step); onStep?.Invoke(step, cancel); }, messages, onEvaluating),
        };
        using var trainer = new Trainer(change is null ? input : change(input));
        TrainingResult result = trainer.Run(cancel);
        return new ToyRun(Weights(model), steps, result, messages);
    }

    private sealed class Recorder(Action<StepEvent> onStep, List<string> messages, Action<int>? onEvaluating) : IRunObserver
    {
        public void OnEvaluating(int batch, int batches) => onEvaluating?.Invoke(batch);

        public void OnStep(StepEvent step) => onStep(step);

        public void OnWarning(string text) => messages.Add(text);
    }
}

internal sealed record ToyRun(float[] Weights, IReadOnlyList<StepEvent> Steps, TrainingResult Result, IReadOnlyList<string> Messages);

/// <summary>A folder that is gone when the test is over.</summary>
internal sealed class TempFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("tunesmith-training-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
