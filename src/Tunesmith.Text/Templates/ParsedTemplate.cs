using System.Text;
using Tunesmith.Text.Conversations;

namespace Tunesmith.Text.Templates;

/// <summary>
/// A slot template read off a chat template by rendering probes, as LLaMA-Factory does when a recipe names no template
/// (data/template.py, parse_template).
/// </summary>
internal static class ParsedTemplate
{
    private const string Mark = "{{content}}";

    public static Template Read(ChatTemplate chat, string prefix, IReadOnlyDictionary<string, object?> variables)
    {
        // What the tokenizer writes before a text is a slot of its own only where the chat template writes it too.
        bool written = true;
        string Render(bool prompt, params ReadOnlySpan<Message> messages)
        {
            string text = chat.Render(messages.ToArray(), new ChatOptions { AddGenerationPrompt = prompt, Variables = variables }).Text;
            written = text.StartsWith(prefix, StringComparison.Ordinal);
            return written ? text[prefix.Length..] : text;
        }
        string system = Render(false, new Message(Roles.System, Mark));
        string userWithEmptySystem = Render(true, new Message(Roles.System, ""), new Message(Roles.User, Mark));
        string user = Render(true, new Message(Roles.User, Mark));
        bool begins = written;
        string assistant = After(Render(false, new Message(Roles.User, Mark), new Message(Roles.Assistant, Mark)), user.Length);
        bool reasons = assistant.Contains("<think>", StringComparison.Ordinal);
        assistant = assistant.Replace("<think>", "").Replace("</think>", "").TrimStart('\n');
        string defaultSystem = "";
        if (user.Length > userWithEmptySystem.Length)
        {
            defaultSystem = Difference(userWithEmptySystem, user);
            int at = system.IndexOf(Mark, StringComparison.Ordinal);
            user = After(user, at < 0 ? system.Length : system.Length - Mark.Length + defaultSystem.Length);
        }
        foreach (string slot in (string[])[user, assistant, system])
            if (!slot.Contains(Mark, StringComparison.Ordinal)) throw TemplateErrors.NotParsed();
        return new Template
        {
            Name = "checkpoint",
            Kind = reasons ? TemplateKind.Reasoning : TemplateKind.Plain,
            User = [Slot.Of(user)],
            Assistant = [Slot.Of(assistant)],
            System = [Slot.Of(system)],
            Function = [Slot.Of(assistant)],
            Observation = [Slot.Of(user)],
            Prefix = begins && prefix.Length > 0 ? [Slot.Of(prefix)] : [],
            DefaultSystem = defaultSystem,
        };
    }

    /// <summary>The characters of the longer text that are left when the shorter is taken out of it from left to right.</summary>
    private static string Difference(string shorter, string longer)
    {
        var left = new StringBuilder();
        int i = 0, j = 0;
        for (; i < shorter.Length && j < longer.Length; j++)
        {
            if (shorter[i] == longer[j]) i++;
            else left.Append(longer[j]);
        }
        return left.ToString();
    }

    private static string After(string text, int start) => start >= text.Length ? "" : text[start..];
}
