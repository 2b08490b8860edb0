namespace Tunesmith.Text.Conversations;

/// <summary>One message of a conversation.</summary>
/// <param name="Role">Who speaks: one of <see cref="Roles"/>.</param>
/// <param name="Content">The text.</param>
public sealed record Message(string Role, string Content);

/// <summary>The roles a message may have, by the names that data files use.</summary>
public static class Roles
{
    public const string User = "user";
    public const string Assistant = "assistant";
    public const string System = "system";

    /// <summary>What a tool answered.</summary>
    public const string Observation = "observation";

    /// <summary>A call of tools by the model, as JSON.</summary>
    public const string Function = "function";
}
