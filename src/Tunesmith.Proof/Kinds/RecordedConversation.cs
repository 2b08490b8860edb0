using System.Text.Json;
using Tunesmith.Text.Conversations;
using Tunesmith.Text.Templates;

namespace Tunesmith.Proof.Kinds;

/// <summary>One conversation of <c>conversations.json</c>; {T0} and {T1} in it stand for the words around a thought.</summary>
internal sealed class RecordedConversation(JsonElement json)
{
    public static IReadOnlyDictionary<string, RecordedConversation> Read(string folder)
    {
        string path = Path.Combine(folder, "conversations.json");
        if (!File.Exists(path)) return new Dictionary<string, RecordedConversation>();
        return JsonDocument.Parse(File.ReadAllBytes(path)).RootElement.EnumerateArray().ToDictionary(c => c.GetProperty("name").GetString()!, c => new RecordedConversation(c));
    }

    /// <summary>The conversation with the thought words of one template.</summary>
    public Conversation For(Template template) => new()
    {
        Messages = [.. json.GetProperty("messages").EnumerateArray().Select(m => new Message(
            m.GetProperty("role").GetString()!,
            m.GetProperty("content").GetString()!.Replace("{T0}", template.ThoughtStart).Replace("{T1}", template.ThoughtEnd)))],
        System = json.TryGetProperty("system", out var system) ? system.GetString() : null,
        Tools = json.TryGetProperty("tools", out var tools) ? tools.GetString() : null,
    };
}
