using System.Globalization;
using System.Text.Json;
using Tunesmith.Models.Generation;
using Tunesmith.Torch;

namespace Tunesmith.Cli.Commands;

/// <summary><c>score</c>: the log-probability of every token.</summary>
internal static class Score
{
    public static Command Command { get; } = new()
    {
        Name = "score",
        Usage = "MODEL|RECIPE [--text TEXT | --input FILE] [--json]",
        Summary = "prints the log-probability of every token of a text",
        Help = """
            Texts come from --text, from a file with one a line, or from standard input, one a
            line. Columns: id, token, natural logarithm of its probability given the tokens
            before it (the first token has none); last the sum and the perplexity.
            """,
        Flags =
        [
            new("--text", "TEXT", "one text"),
            new("--input", "FILE", "a file with one text a line"),
            new("--json", null, "one JSON object a text"),
        ],
        Run = Run,
    };

    private static int Run(Invocation run)
    {
        var path = run.Arguments.Single("score", "model or recipe");
        using var scope = Scope.Open();
        using var opened = OpenedModel.Open(path, run.Arguments.Overrides);
        var model = opened.Causal("score");
        foreach (var text in InputTexts.Lines(run, "score"))
        {
            run.Cancel.ThrowIfCancellationRequested();
            var ids = opened.Tokenizer.EncodeIds(text, addSpecialTokens: true);
            var scores = TokenScores.Of(model, ids);
            double sum = scores.Sum(s => (double)s);
            var perplexity = Math.Exp(-sum / Math.Max(1, scores.Length));
            if (run.Json)
            {
                run.Out.WriteLine(JsonSerializer.Serialize(new
                {
                    text,
                    tokens = ids.Select((id, i) => new { id, token = opened.Tokenizer.IdToToken(id), logprob = i == 0 ? (float?)null : scores[i - 1] }),
                    sum,
                    perplexity,
                }, InputTexts.Json));
                continue;
            }
            for (var i = 0; i < ids.Length; i++)
            {
                var score = i == 0 ? "" : scores[i - 1].ToString("F5", CultureInfo.InvariantCulture);
                run.Out.WriteLine($"{ids[i],7}  {score,10}  {opened.Tokenizer.IdToToken(ids[i])}");
            }
            run.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"sum {sum:F5}, perplexity {perplexity:F4}"));
        }
        return App.Done;
    }
}
