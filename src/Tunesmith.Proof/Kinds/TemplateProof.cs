using System.Text.Json;
using Tunesmith.Runs;
using Tunesmith.Text.Conversations;
using Tunesmith.Text.Templates;

namespace Tunesmith.Proof.Kinds;

/// <summary>Compares the named templates with recorded renderings, ids and labels (<c>golden/templates</c>).</summary>
public static class TemplateProof
{
    internal const string Kind = "templates";

    /// <summary>The day on which the reference rendered: some tool descriptions name it.</summary>
    private static readonly TimeProvider Clock = new StoppedClock(new DateTimeOffset(2026, 2, 3, 4, 5, 6, TimeSpan.Zero));

    /// <summary>Checks every file of the folder; a template that is not implemented is one failed case with its name.</summary>
    public static IEnumerable<CaseResult> Verify(string folder)
    {
        var conversations = RecordedConversation.Read(folder);
        var tokenizers = new RecordedTokenizers(folder);
        foreach (var group in ChatTemplateProof.Rows(folder, "templates.jsonl.gz").GroupBy(r => r.GetProperty("name").GetString()!))
        {
            if (!Templates.Exists(group.Key))
            {
                yield return new CaseResult(Kind, group.Key, false, "template not implemented");
                continue;
            }
            foreach (var row in group) yield return Guarded($"{group.Key}/{CaseName(row)}", () => row.GetProperty("k").GetString() == "template" ? Settings(row) ?? AfterFix(tokenizers, row) : Render(tokenizers, row, conversations));
        }
        foreach (var result in WrittenTemplateProof.Verify(folder, tokenizers)) yield return result;
        foreach (var result in ToolProof.Verify(folder, Clock)) yield return result;
        foreach (var result in new ProcessingProof(folder, conversations, tokenizers).Verify()) yield return result;
    }

    /// <summary>A failure inside one case is that case's failure.</summary>
    internal static CaseResult Guarded(string name, Func<string?> check)
    {
        try
        {
            string? problem = check();
            return new CaseResult(Kind, name, problem is null, problem ?? "equal");
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return new CaseResult(Kind, name, false, ProofRunner.Describe(e));
        }
    }

    /// <summary>A template as a recorded case asks for it.</summary>
    internal static Template Configured(string name, JsonElement row)
    {
        var template = Templates.Get(name) with { Clock = Clock };
        if (row.TryGetProperty("enable_thinking", out var thinking))
            template = template with { EnableThinking = thinking.ValueKind == JsonValueKind.Null ? null : thinking.GetBoolean() };
        if (row.TryGetProperty("preserve_thinking", out var preserve)) template = template with { PreserveThinking = preserve.GetBoolean() };
        return template;
    }

    private static string CaseName(JsonElement row)
    {
        string name = row.TryGetProperty("case", out var chat) ? chat.GetString()! : "settings";
        if (row.TryGetProperty("enable_thinking", out var thinking)) name += $" thinking={thinking.GetRawText()}";
        if (row.TryGetProperty("preserve_thinking", out var preserve) && preserve.GetBoolean()) name += " preserved";
        return name;
    }

    private static string? Settings(JsonElement row)
    {
        var template = Templates.Get(row.GetProperty("name").GetString()!);
        string kind = template.Kind switch
        {
            TemplateKind.Llama2 => "Llama2Template",
            TemplateKind.Reasoning => "ReasoningTemplate",
            TemplateKind.ClosingReasoning => "Glm47ReasoningTemplate",
            _ => "Template",
        };
        (string Name, object? Got, object? Expected)[] settings =
        [
            ("class", kind, row.GetProperty("class").GetString()),
            ("default_system", template.DefaultSystem, row.GetProperty("default_system").GetString()),
            ("stop_words", string.Join(' ', template.StopWords), string.Join(' ', row.GetProperty("stop_words").EnumerateArray().Select(s => s.GetString()))),
            ("thought_words", template.ThoughtStart + template.ThoughtEnd, string.Concat(row.GetProperty("thought_words").EnumerateArray().Select(s => s.GetString()))),
            ("efficient_eos", template.EfficientEos, row.GetProperty("efficient_eos").GetBoolean()),
            ("replace_eos", template.ReplaceEos, row.GetProperty("replace_eos").GetBoolean()),
            ("replace_jinja_template", template.ReplaceJinjaTemplate, row.GetProperty("replace_jinja_template").GetBoolean()),
            ("preserve_thinking", template.PreserveThinking, row.GetProperty("preserve_thinking").GetBoolean()),
        ];
        foreach (var (name, got, expected) in settings)
            if (!Equals(got, expected)) return $"{name}: got {got}; expected {expected}";
        return null;
    }

    private static string? AfterFix(RecordedTokenizers tokenizers, JsonElement row)
    {
        var template = Templates.Get(row.GetProperty("name").GetString()!);
        foreach (var (name, file) in (ReadOnlySpan<(string, string)>)[("neutral", "neutral"), ("bare", "neutral-bare"), ("nothing", "neutral-bare")])
        {
            var expected = row.GetProperty("after_fix").GetProperty(name);
            var tokenizer = tokenizers.Fresh(file);
            if (name == "nothing") (tokenizer.BosToken, tokenizer.EosToken) = (null, null);
            var added = template.FixTokenizer(tokenizer);
            string got = $"eos {tokenizer.EosToken} {tokenizer.EosId} pad {tokenizer.PadToken} {tokenizer.PadId} bos {tokenizer.BosToken} new {string.Join(' ', added)} stops {string.Join(' ', template.StopTokenIds(tokenizer))}";
            string wanted = $"eos {expected.GetProperty("eos")} {expected.GetProperty("eos_id")} pad {expected.GetProperty("pad")} {expected.GetProperty("pad_id")} bos {expected.GetProperty("bos")} "
                + $"new {string.Join(' ', expected.GetProperty("new_tokens").EnumerateArray())} stops {string.Join(' ', expected.GetProperty("stop_ids").EnumerateArray())}";
            if (got != wanted) return $"after fixing the {name} tokenizer: got {got}; expected {wanted}";
        }
        return null;
    }

    private static string? Ids(RecordedTokenizers tokenizers, Template template, Conversation conversation, JsonElement row)
    {
        if (!row.TryGetProperty("ids", out var expected) || expected.ValueKind != JsonValueKind.Array) return null;
        var tokenizer = tokenizers.FixedFor(template);
        var turns = template.EncodeMultiTurn(tokenizer, conversation.Messages, conversation.System, conversation.Tools);
        string got = JsonSerializer.Serialize(turns.Select(t => new[] { t.Prompt, t.Answer })), wanted = JsonSerializer.Serialize(expected);
        return got == wanted ? null : $"ids: {FirstDifference(got, wanted)}";
    }

    private static string? Render(RecordedTokenizers tokenizers, JsonElement row, IReadOnlyDictionary<string, RecordedConversation> conversations)
    {
        var template = Configured(row.GetProperty("name").GetString()!, row);
        var conversation = conversations[row.GetProperty("case").GetString()!].For(template);
        var messages = conversation.Messages;
        return Same("one", row, () => [template.RenderOneTurn(messages, conversation.System, conversation.Tools)])
            ?? Same("multi", row, () => template.RenderMultiTurn(messages, conversation.System, conversation.Tools))
            ?? Same("multi_discard", row, () => template.RenderMultiTurn(messages, conversation.System, conversation.Tools, discardThoughts: true))
            ?? Ids(tokenizers, template, conversation, row);
    }

    private static string? Same(string what, JsonElement row, Func<IReadOnlyList<RenderedTurn>> render)
    {
        if (!row.TryGetProperty(what, out var expected)) return null;
        bool refused = expected.ValueKind == JsonValueKind.Object;
        IReadOnlyList<RenderedTurn> turns;
        try
        {
            turns = render();
        }
        catch (UsageException e)
        {
            return refused ? null : $"{what}: {e.Message}";
        }
        if (refused) return $"{what}: rendered where the reference refuses";
        string got = JsonSerializer.Serialize(turns.Select(t => new[] { Written(t.Prompt), Written(t.Answer) }));
        string wanted = JsonSerializer.Serialize(what == "one" ? [expected] : expected.EnumerateArray().ToArray());
        return got == wanted ? null : $"{what}: {FirstDifference(got, wanted)}";
    }

    /// <summary>Segments in the form of the recorded file.</summary>
    private static object[] Written(IReadOnlyList<Slot> segments) => [.. segments.Select(s => (object)(s.Kind switch
    {
        SlotKind.Bos => new Dictionary<string, string> { ["s"] = "bos" },
        SlotKind.Eos => new Dictionary<string, string> { ["s"] = "eos" },
        SlotKind.Token => new Dictionary<string, string> { ["token"] = s.Text },
        _ => s.Text,
    }))];

    internal static string FirstDifference(string got, string expected)
    {
        int at = 0;
        while (at < Math.Min(got.Length, expected.Length) && got[at] == expected[at]) at++;
        string Around(string text) => text[Math.Max(0, at - 20)..Math.Min(text.Length, at + 40)];
        return $"differs at character {at}: got …{Around(got)}…; expected …{Around(expected)}…";
    }

    private sealed class StoppedClock(DateTimeOffset now) : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

        public override DateTimeOffset GetUtcNow() => now;
    }
}
