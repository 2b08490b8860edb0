using Tunesmith.Runs;
using Tunesmith.Data.Readers;
using Tunesmith.Data;
using Tunesmith.Evaluation.Prediction;
using Tunesmith.Models;
using Tunesmith.Text.Conversations;
using Tunesmith.Text.Tokenizers;
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
            A classifier gives each text its label and every label's probability, a regression
            its value (several as values, by their labels); a model that continues text answers
            each as one user message, through the template it was trained with. Texts come from
            --text, from a file, or from standard input, one a line; empty lines are left out,
            and a tab parts two texts that belong together. Of a CSV, TSV, JSON or JSON Lines
            file the column is told by its name, or by text_column=NAME (and
            text_pair_column=NAME); its other columns come out again, as given_NAME where a
            result has that name.
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
        if (run.Arguments.Value("--text") is not null && run.Arguments.Value("--input") is not null) throw Errors.TwoInputs("predict");
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
        var cutoff = Math.Min(opened.Data.CutoffLen, (int)Math.Min(model.Config.MaxLength, int.MaxValue));
        var predictor = new ClassPredictor(model, (int)(model.Config.PadTokenId ?? 0), BatchRows);
        foreach (var batch in prompts.Chunk(BatchRows))
        {
            var answers = predictor.Predict(Array.ConvertAll(batch, prompt => Tokenize(opened.Tokenizer, prompt, cutoff)), run.Cancel);
            for (var row = 0; row < batch.Length; row++) writer.Write(batch[row], Fields(answers[row], predictor.Problem, model.Id2Label));
            run.Out.Flush();
        }
    }

    private static TokenizedExample Tokenize(Tokenizer tokenizer, PromptText prompt, int cutoff)
    {
        var encoding = tokenizer.Encode(prompt.Text, prompt.Pair, addSpecialTokens: true, maxLength: cutoff);
        return new() { InputIds = encoding.Ids, Labels = [], TokenTypeIds = encoding.TypeIds };
    }

    private static List<KeyValuePair<string, object>> Fields(ClassPrediction answer, string problem, IReadOnlyList<string> labels)
    {
        if (problem == LabelSet.Regression)
            return answer.Scores.Count == 1 ? [new("value", (float)answer.Scores[0])] : [new(PredictionWriter.Values, Each(labels, answer.Scores.Select(score => (float)score)))];
        var probabilities = Each(labels, answer.Scores.Select(Rounded));
        return problem == LabelSet.Multi
            ? [new("labels", answer.Labels.ToArray()), new("probabilities", probabilities)]
            : [new("label", answer.Labels[0]), new("probability", Rounded(answer.Score)), new("probabilities", probabilities)];
    }

    private static IReadOnlyDictionary<string, float> Each(IReadOnlyList<string> labels, IEnumerable<float> numbers) => labels.Zip(numbers, KeyValuePair.Create).ToDictionary();

    private static float Rounded(double probability) => MathF.Round((float)probability, 6);

    // A text that the model cannot take is told with its place; what was answered before it stands.
    private static string Answer(ChatSession session, string message, Place place, CancellationToken cancel)
    {
        try
        {
            return session.Answer([new Message(Roles.User, message)], null, cancel);
        }
        catch (UsageException problem)
        {
            throw Errors.AtPlace(place, problem);
        }
    }

    private static void Answer(Invocation run, OpenedModel opened, IEnumerable<PromptText> prompts, PredictionWriter writer)
    {
        var session = new ChatSession(opened, "predict");
        foreach (var prompt in prompts)
        {
            // Instructions with an input are one message, as in training.
            var message = prompt.Pair is null ? prompt.Text : prompt.Text + "\n" + prompt.Pair;
            var answer = Answer(session, message, prompt.Place, run.Cancel);
            run.Cancel.ThrowIfCancellationRequested();
            writer.Write(prompt, [new("answer", answer)]);
            run.Out.Flush();
        }
    }
}
