using Tunesmith.Data.Readers;
using Tunesmith.Text.Conversations;

namespace Tunesmith.Data;

/// <summary>
/// One row of a conversation data set in the one form that every format is brought into. Prompt: messages of alternating roles,
/// ending with the one to be answered. Response: one message; two for preferences; none where there is no answer.
/// </summary>
public sealed record AlignedExample
{
    public required IReadOnlyList<Message> Prompt { get; init; }

    public required IReadOnlyList<Message> Response { get; init; }

    /// <summary>The system text; null where the row's own column holds a null.</summary>
    public string? System { get; init; } = "";

    /// <summary>The tools as JSON text; null where the row's own column holds a null.</summary>
    public string? Tools { get; init; } = "";

    /// <summary>Where it stands, for messages.</summary>
    public required Place Place { get; init; }

    /// <summary>What its format found wrong with its turns; such an example has been emptied or will be left out.</summary>
    public TurnFault Faults { get; init; }
}

/// <summary>What can be wrong with the turns of a conversation.</summary>
[Flags]
public enum TurnFault
{
    None = 0,
    /// <summary>A role stands at a place where it does not belong.</summary>
    Role = 1,
    /// <summary>The number of messages does not fit: an answer is missing, or one too many.</summary>
    Count = 2,
    /// <summary>The example was emptied for it.</summary>
    Emptied = 4,
}
