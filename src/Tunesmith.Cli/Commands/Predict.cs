using System.Globalization;
using System.Text.Json;
using Tunesmith.Models;
using Tunesmith.Models.Generation;
using Tunesmith.Text.Conversations;
using Tunesmith.Torch;

namespace Tunesmith.Cli.Commands;

/// <summary><c>predict</c>: texts in, labels with probabilities or generated text out.</summary>
internal static class Predict
{
    private const int BatchRows = 32;

    public static Command Command { get; } = new()
    {
        Name = "predict",
        Usage = "MODEL|RECIPE [--text TEXT | --input FILE] [--format jsonl|csv] [key=value ...]",
        Summary = "labels texts with probabilities, or answers them",
        Help = """
            A classifier gives each text its label and every label's probability; a model that
            continues text answers each as one user message, through the template it was
            trained with. Texts come from --text, from a file with one a line, or from standard
            input, one a line. A pair of texts is written with a tab between them.
            """,
        Flags =
        [
            new("--text", "TEXT", "one text"),
            new("--input", "FILE", "a file with one text a line"),
            new("--format", "jsonl|csv", "how to print the results; jsonl unless given"),
            new("--json", null, "the same as --format jsonl"),
        ],
        Run = Run,
    };

    private static int Run(Invocation run)
    {
        var path = run.Arguments.Single("predict", "model or recipe");
        var format = run.Arguments.Value("--format") ?? "jsonl";
        if (format is not ("jsonl" or "csv")) throw Errors.UnknownFormat(format);
        using var scope = Scope.Open();
        using var opened = OpenedModel.Open(path, run.Arguments.Overrides);
        var texts = InputTexts.Lines(run, "predict");
        if (opened.Model is SequenceClassifier classifier) Classify(run, opened, classifier, texts, format == "csv");
        else Answer(run, opened, texts, format == "csv");
        return App.Done;
    }

    private static void Classify(Invocation run, OpenedModel opened, SequenceClassifier model, IEnumerable<string> texts, bool csv)
    {
        var labels = model.Id2Label;
        var regression = model.ProblemType == "regression" || (model.ProblemType is null && model.NumLabels == 1);
        var several = model.ProblemType == "multi_label_classification";
        if (csv) run.Out.WriteLine(regression ? "text,value" : "text,label," + string.Join(",", labels.Select(l => Csv("p(" + l + ")"))));
        foreach (var batch in texts.Chunk(BatchRows))
        {
            run.Cancel.ThrowIfCancellationRequested();
            using var scope = Scope.Open();
            using var noGrad = Autograd.NoGrad();
            var logits = model.Logits(Batch(opened, batch)).To(DType.Float32); // [B, labels]
            var values = (regression ? logits : several ? logits.Sigmoid() : logits.Softmax(-1)).ToFloats();
            for (var row = 0; row < batch.Length; row++)
            {
                var scores = values.AsSpan(row * model.NumLabels, model.NumLabels);
                Write(run.Out, batch[row], scores, labels, regression, several, csv);
            }
            run.Out.Flush();
        }
    }

    private static void Write(TextWriter output, string text, ReadOnlySpan<float> scores, IReadOnlyList<string> labels, bool regression, bool several, bool csv)
    {
        static string Number(float value) => value.ToString("0.######", CultureInfo.InvariantCulture);
        if (regression)
        {
            output.WriteLine(csv ? $"{Csv(text)},{Number(scores[0])}" : JsonSerializer.Serialize(new { text, value = scores[0] }, InputTexts.Json));
            return;
        }
        var best = 0;
        for (var i = 1; i < scores.Length; i++) best = scores[i] > scores[best] ? i : best;
        var all = scores.ToArray();
        var chosen = several ? labels.Where((_, i) => all[i] > 0.5f).ToArray() : [labels[best]];
        if (csv)
        {
            output.WriteLine($"{Csv(text)},{Csv(string.Join('|', chosen))},{string.Join(",", all.Select(Number))}");
            return;
        }
        var probabilities = labels.Select((label, i) => KeyValuePair.Create(label, MathF.Round(all[i], 6))).ToDictionary();
        output.WriteLine(several
            ? JsonSerializer.Serialize(new { text, labels = chosen, probabilities }, InputTexts.Json)
            : JsonSerializer.Serialize(new { text, label = chosen[0], probability = MathF.Round(all[best], 6), probabilities }, InputTexts.Json));
    }

    private static ModelInput Batch(OpenedModel opened, string[] texts)
    {
        var cutoff = Math.Min(opened.Data.CutoffLen, (int)Math.Min(opened.Model.Config.MaxLength, int.MaxValue));
        var rows = Array.ConvertAll(texts, text =>
        {
            var parts = text.Split('\t', 2);
            return opened.Tokenizer.Encode(parts[0], parts.Length > 1 ? parts[1] : null, addSpecialTokens: true, maxLength: cutoff);
        });
        var width = rows.Max(r => r.Count);
        var ids = new long[rows.Length * width];
        var mask = new long[ids.Length];
        var types = new long[ids.Length];
        Array.Fill(ids, opened.Model.Config.PadTokenId ?? opened.Tokenizer.PadId ?? 0);
        for (var row = 0; row < rows.Length; row++)
        {
            int[] pieces = rows[row].Ids, kinds = rows[row].TypeIds;
            for (var i = 0; i < pieces.Length; i++)
            {
                var at = row * width + i;
                (ids[at], mask[at], types[at]) = (pieces[i], 1, kinds[i]);
            }
        }
        return new ModelInput
        {
            InputIds = Tensor.From(ids, rows.Length, width),
            AttentionMask = Tensor.From(mask, rows.Length, width),
            TokenTypeIds = Tensor.From(types, rows.Length, width),
        };
    }

    private static void Answer(Invocation run, OpenedModel opened, IEnumerable<string> texts, bool csv)
    {
        var session = new ChatSession(opened, "predict", (ulong)(opened.Recipe.Peek("seed") is { } seed ? long.Parse(seed, CultureInfo.InvariantCulture) : 42));
        if (csv) run.Out.WriteLine("text,answer");
        foreach (var text in texts)
        {
            run.Cancel.ThrowIfCancellationRequested();
            var answer = session.Answer([new Message(Roles.User, text)], null, run.Cancel);
            run.Out.WriteLine(csv ? $"{Csv(text)},{Csv(answer)}" : JsonSerializer.Serialize(new { text, answer }, InputTexts.Json));
            run.Out.Flush();
        }
    }

    private static string Csv(string text) => text.AsSpan().IndexOfAny(",\"\r\n") < 0 ? text : $"\"{text.Replace("\"", "\"\"")}\"";
}
