using Tunesmith.Runs.Recipes;

namespace Tunesmith.Training;

/// <summary>What a run is given from outside.</summary>
/// <param name="Recipe">The recipe with its command-line overrides.</param>
/// <param name="Observer">Who watches.</param>
/// <param name="Time">The clock.</param>
/// <param name="Environment">Facts about the machine, kept as environment.json.</param>
public sealed record RunRequest(Recipe Recipe, IRunObserver Observer, TimeProvider Time, Func<IReadOnlyDictionary<string, object?>> Environment)
{
    /// <summary>Told the recipe once every key is bound and checked, before anything heavy.</summary>
    public Action<Recipe>? OnResolved { get; init; }

    /// <summary>Given what the trainer is about to get; what it gives back is used. Those who only look attach themselves here.</summary>
    public Func<TrainerInput, TrainerInput>? Watch { get; init; }

    /// <summary>Compares written answers with what they should have been, for do_predict; null measures nothing.</summary>
    public Func<IReadOnlyList<(string Prediction, string Reference)>, IReadOnlyDictionary<string, double>>? CompareTexts { get; init; }
}

/// <summary>How a whole run ended.</summary>
public enum RunEnding
{
    /// <summary>It did what the recipe says.</summary>
    Done,

    /// <summary>It had been done before: nothing was touched.</summary>
    WasDone,

    /// <summary>It was stopped from outside, with a checkpoint.</summary>
    Interrupted,
}

/// <summary>What a run left.</summary>
/// <param name="Folder">The output folder.</param>
/// <param name="Before">Metrics of the evaluation examples before training, where they were measured.</param>
/// <param name="After">The same after training, or what was measured of written answers.</param>
public sealed record RunOutcome(RunEnding Ending, string Folder, IReadOnlyDictionary<string, double>? Before, IReadOnlyDictionary<string, double>? After)
{
    /// <summary>Whether it trained a model.</summary>
    public bool Trained { get; init; } = true;
}
