using System.Text.Json;
using Tunesmith.Runs;
using Tunesmith.Text.Templates;
using Tunesmith.Text.Templates.Jinja;

namespace Tunesmith.Proof.Kinds;

/// <summary>Compares Jinja chat templates with recorded renderings (<c>golden/chat-templates</c>).</summary>
public static class ChatTemplateProof
{
    private const string Kind = "chat-templates";

    /// <summary>The moment at which the reference rendered: what <c>strftime_now</c> reads.</summary>
    private static readonly TimeProvider Clock = new StoppedClock(new DateTimeOffset(2026, 2, 3, 4, 5, 6, TimeSpan.Zero));

    /// <summary>Checks every file of the folder that is known; a file that is absent is not checked.</summary>
    public static IEnumerable<CaseResult> Verify(string folder)
    {
        foreach (var row in Rows(folder, "features.jsonl")) yield return ProofRunner.Guarded(Kind, $"features/{row.Maybe("name")}", () => Feature(row));
        if (File.Exists(Path.Combine(folder, "chats.json")))
        {
            JsonElement chats = GoldenFile.Json(Path.Combine(folder, "chats.json"));
            foreach (var result in Rendered(folder, chats)) yield return result;
            foreach (var result in Generated(folder, chats)) yield return result;
            foreach (var row in Rows(folder, "masks.jsonl")) yield return ProofRunner.Guarded(Kind, $"masks/{row.Maybe("name")}/{row.Maybe("case")}", () => Mask(folder, chats, row));
        }
    }

    /// <summary>The lines of a JSON Lines file, which may be gzipped; none where the file is absent.</summary>
    internal static IEnumerable<JsonElement> Rows(string folder, string file)
    {
        string path = Path.Combine(folder, file);
        return GoldenFile.Exists(path) ? GoldenFile.JsonLines(path) : [];
    }

    private static CaseResult Feature(JsonElement row)
    {
        string name = row.GetProperty("name").GetString()!;
        var context = row.GetProperty("context").EnumerateObject().ToDictionary(p => p.Name, p => (object?)p.Value);
        return Compare("features/" + name, row.GetProperty("out"), () => JinjaTemplate.Parse(row.GetProperty("template").GetString()!).Render(context, Clock));
    }

    private static IEnumerable<CaseResult> Rendered(string folder, JsonElement chats)
    {
        foreach (var group in Rows(folder, "rendered.jsonl.gz").GroupBy(r => r.GetProperty("template").GetString()!))
        {
            string path = Path.Combine(folder, group.Key + ".jinja");
            string source = File.Exists(path) ? File.ReadAllText(path) : "";
            foreach (var row in group)
            {
                bool prompt = row.GetProperty("add_generation_prompt").GetBoolean();
                string chat = row.GetProperty("case").GetString()!;
                string name = $"{group.Key}/{chat}{(prompt ? "+prompt" : "")}{(row.GetProperty("kwargs").TryGetProperty("enable_thinking", out var think) ? $" thinking={think}" : "")}";
                var tools = row.GetProperty("tools");
                var options = new ChatOptions
                {
                    AddGenerationPrompt = prompt,
                    ContinueFinalMessage = row.GetProperty("continue_final_message").GetBoolean(),
                    Tools = tools.ValueKind == JsonValueKind.String ? chats.GetProperty("tools").GetProperty(tools.GetString()!) : null,
                    Variables = row.GetProperty("kwargs").EnumerateObject().ToDictionary(p => p.Name, p => (object?)p.Value),
                    Clock = Clock,
                };
                yield return Compare(name, row.GetProperty("out"), () => ChatTemplate.Parse(source).Render(Messages(chats, chat), options));
            }
        }
    }

    /// <summary>The templates that LLaMA-Factory writes into tokenizers, rendered with the plain chats.</summary>
    private static IEnumerable<CaseResult> Generated(string folder, JsonElement chats)
    {
        if (!GoldenFile.Exists(Path.Combine(folder, "llamafactory-jinja.jsonl"))) yield break;
        var sources = Rows(GoldenPaths.Beside(folder, "templates"), "jinja-ollama.jsonl.gz")
            .Where(r => r.GetProperty("jinja").ValueKind == JsonValueKind.String)
            .ToDictionary(r => r.GetProperty("name").GetString()!, r => r.GetProperty("jinja").GetString()!);
        foreach (var row in Rows(folder, "llamafactory-jinja.jsonl.gz"))
        {
            string template = row.GetProperty("template").GetString()!;
            string chat = row.GetProperty("case").GetString()!;
            string name = $"llamafactory-jinja/{template}/{chat}";
            if (!sources.TryGetValue(template, out string? source)) yield return new CaseResult(Kind, name, false, "no Jinja text in ../templates/jinja-ollama.jsonl.gz");
            else yield return Compare(name, row.GetProperty("out"), () => ChatTemplate.Parse(source).Render(Messages(chats, chat), new ChatOptions { Clock = Clock }));
        }
    }

    /// <summary>Which tokens lie in generation blocks: from the one that holds a block's first character to the one that holds its last.</summary>
    private static CaseResult Mask(string folder, JsonElement chats, JsonElement row)
    {
        string name = $"masks/{row.GetProperty("name").GetString()}/{row.GetProperty("case").GetString()}";
        var tokenizer = new RecordedTokenizers(GoldenPaths.Beside(folder, "templates")).Fresh("neutral");
        var rendered = ChatTemplate.Parse(row.GetProperty("template").GetString()!).Render(Messages(chats, row.GetProperty("case").GetString()!), new ChatOptions { Clock = Clock });
        var encoding = tokenizer.Encode(rendered.Text, addSpecialTokens: false);
        int[] mask = new int[encoding.Count];
        foreach (var (start, end) in rendered.Generated)
        {
            int first = Array.FindIndex(encoding.CodePointOffsets, o => o.Start <= start && start < o.End);
            int last = Array.FindIndex(encoding.CodePointOffsets, o => o.Start < end && end <= o.End);
            if (start < end && first >= 0 && last >= first) mask.AsSpan(first, last - first + 1).Fill(1);
        }
        string got = JsonSerializer.Serialize(new { input_ids = encoding.Ids, assistant_masks = mask });
        return Same(name, JsonSerializer.Serialize(row.GetProperty("out")), got);
    }

    private static JsonElement Messages(JsonElement chats, string name) =>
        chats.GetProperty("chats").EnumerateArray().First(c => c.GetProperty("name").GetString() == name).GetProperty("messages");

    private static CaseResult Compare(string name, JsonElement expected, Func<Rendered> render)
    {
        Rendered rendered;
        try
        {
            rendered = render();
        }
        catch (Exception e) when (e is not (JinjaException or UsageException or OperationCanceledException))
        {
            return new CaseResult(Kind, name, false, ProofRunner.Describe(e));
        }
        catch (Exception e) when (e is JinjaException or UsageException)
        {
            return Refused(name, expected, e as JinjaException ?? e.InnerException as JinjaException, e.Message);
        }
        if (expected.ValueKind == JsonValueKind.String) return Same(name, expected.GetString()!, rendered.Text);
        if (!expected.TryGetProperty("text", out var text)) return new CaseResult(Kind, name, false, $"rendered where the reference refuses: {expected.GetRawText()}");
        var result = Same(name, text.GetString()!, rendered.Text);
        if (!result.Passed) return result;
        string spans = string.Join(' ', rendered.Generated.Select(s => $"{s.Start}-{s.End}"));
        string wanted = string.Join(' ', expected.GetProperty("spans").EnumerateArray().Select(s => $"{s[0].GetInt32()}-{s[1].GetInt32()}"));
        return spans == wanted ? result with { Detail = "text and spans equal" } : new CaseResult(Kind, name, false, $"generated spans {spans}; expected {wanted}");
    }

    private static CaseResult Refused(string name, JsonElement expected, JinjaException? inner, string message)
    {
        if (expected.ValueKind != JsonValueKind.Object || !expected.TryGetProperty("error", out var error)) return new CaseResult(Kind, name, false, "refused: " + message);
        if (error.GetString() != "TemplateError") return new CaseResult(Kind, name, true, "refused like the reference");
        string words = expected.GetProperty("message").GetString()!;
        bool same = inner is { RaisedByTemplate: true } && inner.Message == words;
        return new CaseResult(Kind, name, same, same ? "refused with the template's words" : $"refused with '{message}'; expected '{words}'");
    }

    private static CaseResult Same(string name, string expected, string got)
    {
        if (got == expected) return new CaseResult(Kind, name, true, "text equal");
        int at = 0;
        while (at < Math.Min(got.Length, expected.Length) && got[at] == expected[at]) at++;
        static string Around(string text, int at) => JsonSerializer.Serialize(text[Math.Max(0, at - 20)..Math.Min(text.Length, at + 40)]);
        return new CaseResult(Kind, name, false, $"differs at character {at}: got {Around(got, at)}; expected {Around(expected, at)}");
    }

    private sealed class StoppedClock(DateTimeOffset now) : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

        public override DateTimeOffset GetUtcNow() => now;
    }
}
