using System.Text.Json;
using Tunesmith.Runs;
using Tunesmith.Text.Templates;
using Tunesmith.Text.Tokenizers;

namespace Tunesmith.Proof.Kinds;

/// <summary>Compares the Jinja and Ollama texts written for a template, and the slots read back from that Jinja (<c>golden/templates/jinja-ollama.jsonl.gz</c>).</summary>
internal static class WrittenTemplateProof
{
    public static IEnumerable<CaseResult> Verify(string folder, RecordedTokenizers tokenizers)
    {
        foreach (var row in ChatTemplateProof.Rows(folder, "jinja-ollama.jsonl.gz"))
        {
            string name = row.GetProperty("name").GetString()!;
            if (!Templates.Exists(name)) continue; // named once already, with its renderings
            yield return TemplateProof.Guarded($"{name}/written", () => Check(tokenizers, name, row));
        }
    }

    private static string? Check(RecordedTokenizers tokenizers, string name, JsonElement row)
    {
        var template = Templates.Get(name);
        var tokenizer = tokenizers.FixedFor(template);
        if (row.GetProperty("jinja").ValueKind != JsonValueKind.String) return Refusal("jinja", () => template.ToJinja(tokenizer));
        string jinja = template.ToJinja(tokenizer), expected = row.GetProperty("jinja").GetString()!;
        if (jinja != expected) return $"jinja: {TemplateProof.FirstDifference(jinja, expected)}";
        var stops = template.StopTokenIds(tokenizer).Select(id => tokenizer.IdToToken(id)!);
        string ollama = Sorted(WrittenTemplate.Ollama(template, tokenizer.BosToken, tokenizer.EosToken, stops));
        string modelfile = Sorted(row.GetProperty("ollama").GetString()!);
        return ollama != modelfile ? $"ollama: {TemplateProof.FirstDifference(ollama, modelfile)}" : Parsed(tokenizer, jinja, row.GetProperty("parsed"));
    }

    private static string? Parsed(Tokenizer tokenizer, string jinja, JsonElement expected)
    {
        tokenizer.ChatTemplate = jinja;
        if (expected.TryGetProperty("error", out _)) return Refusal("parsed", () => Templates.ParseFromTokenizer(tokenizer));
        var parsed = Templates.ParseFromTokenizer(tokenizer);
        (string Name, object Got)[] parts =
        [
            ("class", parsed.Kind == TemplateKind.Reasoning ? "ReasoningTemplate" : "Template"),
            ("user", parsed.User.Select(s => s.Text)),
            ("assistant", parsed.Assistant.Select(s => s.Text)),
            ("system", parsed.System.Select(s => s.Text)),
            ("prefix", parsed.Prefix.Select(s => s.Text)),
            ("default_system", parsed.DefaultSystem),
        ];
        foreach (var (part, got) in parts)
        {
            string written = JsonSerializer.Serialize(got), wanted = JsonSerializer.Serialize(expected.GetProperty(part));
            if (written != wanted) return $"parsed {part}: {TemplateProof.FirstDifference(written, wanted)}";
        }
        return null;
    }

    private static string? Refusal(string what, Action action)
    {
        try
        {
            action();
        }
        catch (UsageException)
        {
            return null;
        }
        return $"{what}: made where the reference refuses";
    }

    /// <summary>The reference writes its stop lines in the order of a Python set, which means nothing.</summary>
    private static string Sorted(string modelfile)
    {
        string[] lines = modelfile.Split('\n');
        return string.Join('\n', lines.Where(l => !l.StartsWith("PARAMETER stop", StringComparison.Ordinal)).Concat(lines.Where(l => l.StartsWith("PARAMETER stop", StringComparison.Ordinal)).Order(StringComparer.Ordinal)));
    }
}
