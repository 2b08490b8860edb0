using Tunesmith.Data.Readers;

namespace Tunesmith.Data.Examples;

/// <summary>Why an example is left out.</summary>
internal enum Omission
{
    None,
    /// <summary>Its turns do not end with one answer to one prompt.</summary>
    Turns,
}

/// <summary>What is kept of a row: its tokens, or why there are none.</summary>
internal sealed record Prepared(TokenizedExample? Example, Place Place, Omission Omission = Omission.None, TurnFault Faults = TurnFault.None, bool Truncated = false, bool Empty = false, bool NothingToTrain = false)
{
    /// <summary>The labels of a classification row.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>The row again as a prompt to answer, where a part of the training data is held out for that.</summary>
    public Prepared? AsPrompt { get; init; }
}
