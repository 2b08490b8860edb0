using System.Globalization;
using Tunesmith.Data;
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
            trained with. Texts come from --text, from a file, or from standard input, one a
            line; empty lines are left out, and a tab parts two texts that belong together. Of
            a CSV, TSV, JSON or JSON Lines file the column is told by its name, or by
            text_column=NAME (and text_pair_column=NAME); its other columns come out again.
            """,
        Flags =
        [
            new("--text", "TEXT", "one text"),
            new("--input", "FILE", "a file with one text a line, or with columns"),
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
        if (format == "csv" && run.Json) throw Errors.UnknownFormat("csv together with --json");
        // What is not there is told before a model is read.
        if (run.Arguments.Value("--text") is null && run.Arguments.Value("--input") is { } file && !File.Exists(file) && !Directory.Exists(file)) throw Errors.NoSuchInput(file);
        using var scope = Scope.Open();
        using var opened = OpenedModel.Open(path, run.Arguments.Overrides);
        var prompts = InputTexts.Prompts(run, "predict", opened.Data);
        var writer = new PredictionWriter(run.Out, format == "csv");
        if (opened.Model is SequenceClassifier classifier) Classify(run, opened, classifier, prompts, writer);
        else Answer(run, opened, prompts, writer);
        return App.Done;
    }

    private static void Classify(Invocation run, OpenedModel opened, SequenceClassifier model, IEnumerable<PromptText> prompts, PredictionWriter writer)
    {
        var regression = model.ProblemType == "regression" || (model.ProblemType is null && model.NumLabels == 1);
        var several = model.ProblemType == "multi_label_classification";
        foreach (var batch in prompts.Chunk(BatchRows))
        {
            run.Cancel.ThrowIfCancellationRequested();
            using var scope = Scope.Open();
            using var noGrad = Autograd.NoGrad();
            var logits = model.Logits(Batch(opened, batch)).To(DType.Float32); // [B, labels]
            var values = (regression ? logits : several ? logits.Sigmoid() : logits.Softmax(-1)).ToFloats();
            for (var row = 0; row < batch.Length; row++)
            {
                var scores = values.AsSpan(row * model.NumLabels, model.NumLabels);
                writer.Write(batch[row], regression ? [new("value", scores[0])] : Labelled(scores, model.Id2Label, several));
            }
            run.Out.Flush();
        }
    }

    private static List<KeyValuePair<string, object>> Labelled(ReadOnlySpan<float> scores, IReadOnlyList<string> labels, bool several)
    {
        var best = 0;
        for (var i = 1; i < scores.Length; i++) best = scores[i] > scores[best] ? i : best;
        var all = scores.ToArray();
        IReadOnlyDictionary<string, float> probabilities = labels.Select((label, i) => KeyValuePair.Create(label, MathF.Round(all[i], 6))).ToDictionary();
        return several
            ? [new("labels", labels.Where((_, i) => all[i] > 0.5f).ToArray()), new("probabilities", probabilities)]
            : [new("label", labels[best]), new("probability", MathF.Round(all[best], 6)), new("probabilities", probabilities)];
    }

    private static ModelInput Batch(OpenedModel opened, PromptText[] prompts)
    {
        var cutoff = Math.Min(opened.Data.CutoffLen, (int)Math.Min(opened.Model.Config.MaxLength, int.MaxValue));
        var rows = Array.ConvertAll(prompts, prompt => opened.Tokenizer.Encode(prompt.Text, prompt.Pair, addSpecialTokens: true, maxLength: cutoff));
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

    private static void Answer(Invocation run, OpenedModel opened, IEnumerable<PromptText> prompts, PredictionWriter writer)
    {
        var session = new ChatSession(opened, "predict", (ulong)(opened.Recipe.Peek("seed") is { } seed ? long.Parse(seed, CultureInfo.InvariantCulture) : 42));
        foreach (var prompt in prompts)
        {
            // Instructions with an input are one message, as in training.
            var message = prompt.Pair is null ? prompt.Text : prompt.Text + "\n" + prompt.Pair;
            var answer = session.Answer([new Message(Roles.User, message)], null, run.Cancel);
            run.Cancel.ThrowIfCancellationRequested();
            writer.Write(prompt, [new("answer", answer)]);
            run.Out.Flush();
        }
    }
}
