using Tunesmith.Text.Conversations;

namespace Tunesmith.Text.Templates;

/// <summary>What every template needs of a conversation: pairs of one message from the person's side and one from the model's.</summary>
internal static class TurnOrder
{
    public static void Check(IReadOnlyList<Message> messages)
    {
        if (messages.Count == 0 || messages.Count % 2 != 0) throw TemplateErrors.OddMessages(messages.Count);
    }
}
