namespace Tunesmith.Text.Conversations;

/// <summary>A conversation: messages that alternate between the person's side and the model's, with what stands above them.</summary>
public sealed record Conversation
{
    /// <summary>The messages, without the system prompt.</summary>
    public required IReadOnlyList<Message> Messages { get; init; }

    /// <summary>The system prompt; null or empty lets the template's own stand.</summary>
    public string? System { get; init; }

    /// <summary>The tools that are offered, as a JSON list; null or empty for none.</summary>
    public string? Tools { get; init; }
}
