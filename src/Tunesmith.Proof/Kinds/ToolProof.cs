using System.Text.Json;
using Tunesmith.Text.Templates;

namespace Tunesmith.Proof.Kinds;

/// <summary>Compares descriptions of tools and calls of them with recorded ones (<c>golden/templates/tools.jsonl.gz</c>).</summary>
internal static class ToolProof
{
    public static IEnumerable<CaseResult> Verify(string folder, TimeProvider clock)
    {
        var missing = new SortedSet<string>(StringComparer.Ordinal);
        int number = 0;
        foreach (var row in ChatTemplateProof.Rows(folder, "tools.jsonl.gz"))
        {
            number++;
            string kind = row.GetProperty("k").GetString()!, format = row.GetProperty("format").GetString()!;
            if (!ToolFormats.Names.Contains(format)) missing.Add($"tool format {format}");
            else yield return TemplateProof.Guarded($"tools/{format}/{kind}/{number}", () => Check(kind, format, row, clock));
        }
        foreach (string name in missing) yield return new CaseResult(TemplateProof.Kind, name, false, "not implemented");
    }

    private static string? Check(string kind, string format, JsonElement row, TimeProvider clock)
    {
        var expected = row.GetProperty("out");
        bool refused = expected.ValueKind == JsonValueKind.Object;
        string got;
        try
        {
            if (kind == "extract")
            {
                var calls = ToolFormats.Extract(format, row.GetProperty("in").GetString()!);
                if (refused) return "read where the reference refuses";
                string read = JsonSerializer.Serialize(calls?.Select(call => new[] { call.Name, call.Arguments })), wanted = JsonSerializer.Serialize(expected);
                return read == wanted ? null : TemplateProof.FirstDifference(read, wanted);
            }
            got = kind == "tools" ? ToolFormats.Describe(format, row.GetProperty("tools").GetRawText(), clock) : ToolFormats.Call(format, row.GetProperty("calls").GetRawText());
        }
        catch (Runs.UsageException e)
        {
            return refused ? null : e.Message;
        }
        if (refused) return "written where the reference refuses";
        return got == expected.GetString() ? null : TemplateProof.FirstDifference(got, expected.GetString()!);
    }
}
