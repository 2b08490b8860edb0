using System.Text.Json;
using Tunesmith.Runs;
using Tunesmith.Text.Conversations;
using Tunesmith.Text.Tokenizers;

namespace Tunesmith.Text.Templates;

/// <summary>The named templates. They are data: one line each, sorted, in <c>templates.jsonl</c> beside this file.</summary>
public static class Templates
{
    private static readonly Lazy<SortedDictionary<string, Template>> Plate = new(Load);

    /// <summary>All names, sorted.</summary>
    public static IReadOnlyCollection<string> Names => Plate.Value.Keys;

    /// <exception cref="UsageException">No template has this name; the message has the nearest ones.</exception>
    public static Template Get(string name) =>
        Plate.Value.TryGetValue(name, out var template) ? template : throw TemplateErrors.NoTemplate(name, Names);

    public static bool Exists(string name) => Plate.Value.ContainsKey(name);

    /// <summary>The value of `template` that asks for the checkpoint's own chat template as it is.</summary>
    public const string OwnName = "jinja";

    /// <summary>
    /// The template of a recipe that names none, by LLaMA-Factory's rule: slots read off the checkpoint's chat template, <c>empty</c> where there is none. A chat template
    /// that no slots can be read off renders itself.
    /// </summary>
    /// <param name="say">Told where the outcome is not what a person may expect.</param>
    public static Template OfCheckpoint(Tokenizer tokenizer, Action<string>? say = null)
    {
        if (tokenizer.ChatTemplate is null) return Get("empty");
        var own = FromTokenizer(tokenizer);
        Template parsed;
        try
        {
            parsed = ParseFromTokenizer(tokenizer);
        }
        catch (UsageException problem)
        {
            say?.Invoke(TemplateErrors.RendersItself(problem.Message));
            return own;
        }
        if (say is not null && Probe(parsed, tokenizer) != Probe(own, tokenizer)) say(TemplateErrors.SlotsDiffer());
        return parsed;
    }

    /// <summary>
    /// The template of a checkpoint itself: its chat template renders, for training and for use, and what is trained on is found by rendering.
    /// A tokenizer without a chat template gets <c>empty</c>, as in LLaMA-Factory.
    /// </summary>
    public static Template FromTokenizer(Tokenizer tokenizer)
    {
        if (tokenizer.ChatTemplate is null) return Get("empty");
        return new Template { Name = "checkpoint", Own = new OwnTemplate(ChatTemplate.Parse(tokenizer.ChatTemplate), Variables(tokenizer), TimeProvider.System) };
    }

    /// <summary>Slots read off a checkpoint's chat template, as LLaMA-Factory does when a recipe names no template.</summary>
    public static Template ParseFromTokenizer(Tokenizer tokenizer)
    {
        string prefix = tokenizer.Decode(tokenizer.EncodeIds("", addSpecialTokens: true));
        return ParsedTemplate.Read(ChatTemplate.Parse(tokenizer.ChatTemplate ?? throw TemplateErrors.NoChatTemplate()), prefix, Variables(tokenizer));
    }

    /// <summary>The special tokens under the names that chat templates know; a token that is not there is not defined.</summary>
    public static IReadOnlyDictionary<string, object?> Variables(Tokenizer tokenizer)
    {
        (string Name, string? Token)[] known =
            [("bos_token", tokenizer.BosToken), ("eos_token", tokenizer.EosToken), ("pad_token", tokenizer.PadToken), ("unk_token", tokenizer.UnkToken)];
        return known.Where(k => k.Token is not null).ToDictionary(k => k.Name, k => (object?)k.Token);
    }

    // A conversation of two turns as one text; null where the template cannot write it.
    private static string? Probe(Template template, Tokenizer tokenizer)
    {
        Message[] turns = [new(Roles.User, "Q1"), new(Roles.Assistant, "A1"), new(Roles.User, "Q2"), new(Roles.Assistant, "A2")];
        try
        {
            var slots = template.RenderMultiTurn(turns).SelectMany(turn => turn.Prompt.Concat(turn.Answer));
            return string.Concat(slots.Select(slot => slot.Kind switch { SlotKind.Bos => tokenizer.BosToken, SlotKind.Eos => tokenizer.EosToken, _ => slot.Text }));
        }
        catch (UsageException)
        {
            return null;
        }
    }

    private static SortedDictionary<string, Template> Load()
    {
        var plate = new SortedDictionary<string, Template>(StringComparer.Ordinal);
        using var stream = typeof(Templates).Assembly.GetManifestResourceStream("templates.jsonl")!;
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { Length: > 0 } line)
        {
            using var json = JsonDocument.Parse(line);
            var template = Read(json.RootElement);
            plate.Add(template.Name, template);
        }
        return plate;
    }

    private static Template Read(JsonElement json)
    {
        var plain = new Template { Name = json.GetProperty("name").GetString()! };
        bool efficient = Flag(json, "efficient_eos");
        IReadOnlyList<Slot> answer = efficient ? [Slot.Of("{{content}}")] : plain.Assistant;
        var assistant = Slots(json, "assistant", answer);
        var user = Slots(json, "user", plain.User);
        var thought = json.TryGetProperty("thought_words", out var words) ? words : default;
        string tools = Text(json, "tools", plain.ToolFormat);
        return plain with
        {
            Kind = Text(json, "kind", "plain") switch
            {
                "llama2" => TemplateKind.Llama2,
                "reasoning" => TemplateKind.Reasoning,
                "glm47" => TemplateKind.ClosingReasoning,
                _ => TemplateKind.Plain,
            },
            Prefix = Slots(json, "prefix", plain.Prefix),
            System = Slots(json, "system", plain.System),
            User = user,
            Assistant = assistant,
            Function = Slots(json, "function", assistant),
            Observation = Slots(json, "observation", user),
            ToolFormat = tools,
            RawTools = json.TryGetProperty("raw_tools", out var raw) ? raw.GetString() : null,
            FunctionFormat = Text(json, "function_tools", json.TryGetProperty("function", out _) ? tools : "default"),
            DefaultSystem = Text(json, "default_system", ""),
            StopWords = json.TryGetProperty("stop_words", out var stops) ? [.. stops.EnumerateArray().Select(s => s.GetString()!)] : [],
            ThoughtStart = thought.ValueKind == JsonValueKind.Array ? thought[0].GetString()! : plain.ThoughtStart,
            ThoughtEnd = thought.ValueKind == JsonValueKind.Array ? thought[1].GetString()! : plain.ThoughtEnd,
            EfficientEos = efficient,
            ReplaceEos = Flag(json, "replace_eos"),
            ReplaceJinjaTemplate = Flag(json, "replace_jinja_template"),
            PreserveThinking = Flag(json, "preserve_thinking"),
        };
    }

    private static bool Flag(JsonElement json, string name) => json.TryGetProperty(name, out var value) && value.GetBoolean();

    private static string Text(JsonElement json, string name, string otherwise) => json.TryGetProperty(name, out var value) ? value.GetString()! : otherwise;

    private static IReadOnlyList<Slot> Slots(JsonElement json, string name, IReadOnlyList<Slot> otherwise) =>
        json.TryGetProperty(name, out var slots) ? [.. slots.EnumerateArray().Select(ReadSlot)] : otherwise;

    private static Slot ReadSlot(JsonElement slot)
    {
        if (slot.ValueKind == JsonValueKind.String) return Slot.Of(slot.GetString()!);
        if (slot.TryGetProperty("token", out var token)) return new Slot(SlotKind.Token, token.GetString()!);
        return new Slot(slot.GetProperty("s").GetString() == "bos" ? SlotKind.Bos : SlotKind.Eos, "");
    }
}
