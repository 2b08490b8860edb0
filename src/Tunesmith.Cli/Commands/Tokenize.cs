using System.Text;
using System.Text.Json;
using Tunesmith.Data;
using Tunesmith.Models;
using Tunesmith.Runs.Recipes;
using Tunesmith.Text.Conversations;
using Tunesmith.Text.Tokenizers;
using Tunesmith.Training;

namespace Tunesmith.Cli.Commands;

/// <summary><c>tokenize</c>: ids, tokens and offsets of texts; of a recipe, what is trained on and what is masked.</summary>
internal static class Tokenize
{
    private const string Trained = "\u001b[32m", Masked = "\u001b[2m", Plain = "\u001b[0m";

    public static Command Command { get; } = new()
    {
        Name = "tokenize",
        Usage = "MODEL|RECIPE [--text TEXT | --input FILE] [--count N] [--json]",
        Summary = "shows ids, tokens and offsets; of a recipe, what is trained on and what is masked",
        Help = """
            With a model's folder: texts from --text, a file, or standard input, one a line;
            columns are id, start, end (characters), token. With a recipe and no text: its first
            examples as they are trained on, the trained part in green in a terminal and
            between >> and << in a pipe.
            """,
        Flags =
        [
            new("--text", "TEXT", "one text"),
            new("--input", "FILE", "a file with one text a line"),
            new("--count", "N", "how many examples of a recipe to show; 1 unless given"),
            new("--json", null, "one JSON object a text or example"),
        ],
        Run = Run,
    };

    private static int Run(Invocation run)
    {
        var path = run.Arguments.Single("tokenize", "model or recipe");
        var isRecipe = File.Exists(path) && Path.GetExtension(path) is ".yaml" or ".yml" or ".json" && Path.GetFileName(path) != "tokenizer.json";
        if (isRecipe && !run.Arguments.Has("--text") && !run.Arguments.Has("--input")) return Examples(run, path);
        var model = isRecipe ? RunOptions.Bind(Recipe.Load(path, run.Arguments.Overrides)).Model : new ModelOptions { ModelNameOrPath = path };
        if (!Directory.Exists(model.ModelNameOrPath) && !File.Exists(model.ModelNameOrPath)) throw Errors.NoSuchFolder(model.ModelNameOrPath!);
        var tokenizer = model.LoadTokenizer();
        foreach (var text in InputTexts.Lines(run, "tokenize")) Show(run, tokenizer, text);
        return App.Done;
    }

    private static void Show(Invocation run, Tokenizer tokenizer, string text)
    {
        var encoding = tokenizer.Encode(text);
        int[] ids = encoding.Ids;
        var tokens = encoding.Tokens;
        var offsets = encoding.CodePointOffsets;
        if (run.Json)
        {
            run.Out.WriteLine(JsonSerializer.Serialize(new { text, ids, tokens, offsets = offsets.Select(o => new[] { o.Start, o.End }) }, InputTexts.Json));
            return;
        }
        for (var i = 0; i < ids.Length; i++) run.Out.WriteLine($"{ids[i],7}  {offsets[i].Start,5} {offsets[i].End,5}  {tokens[i]}");
    }

    private static int Examples(Invocation run, string path)
    {
        var recipe = Recipe.Load(path, run.Arguments.Overrides);
        var options = RunOptions.Bind(recipe);
        var count = int.TryParse(run.Arguments.Value("--count") ?? "1", out var n) && n > 0 ? n : throw Errors.BadCount(run.Arguments.Value("--count")!);
        var (tokenizer, template) = TrainingRun.Text(options, text => run.Error.WriteLine($"warning: {text}"));
        var data = TrainingRun.Build(options, tokenizer, template);
        foreach (var line in data.Report.Lines()) run.Error.WriteLine(line);
        foreach (var example in data.Train.Take(count))
        {
            if (run.Json)
            {
                run.Out.WriteLine(JsonSerializer.Serialize(new { input_ids = example.InputIds, labels = example.Labels, targets = example.Targets, text = tokenizer.Decode(example.InputIds) }, InputTexts.Json));
                continue;
            }
            run.Out.WriteLine(Marked(tokenizer, example, run.Terminal.Color));
            if (example.Targets is { } targets) run.Out.WriteLine($"label: {(data.Labels is { ProblemType: LabelSet.Single } labels ? labels.Names[(int)targets[0]] : string.Join(" ", targets))}");
        }
        return App.Done;
    }

    // Runs of trained and of masked tokens, each decoded as a whole.
    private static string Marked(Tokenizer tokenizer, TokenizedExample example, bool color)
    {
        if (example.Labels.Length == 0) return tokenizer.Decode(example.InputIds);
        var text = new StringBuilder();
        for (var start = 0; start < example.InputIds.Length;)
        {
            var trained = example.Labels[start] != EncodedExample.Masked;
            var end = start + 1;
            while (end < example.InputIds.Length && (example.Labels[end] != EncodedExample.Masked) == trained) end++;
            var piece = tokenizer.Decode(example.InputIds.AsSpan(start, end - start));
            text.Append(color ? (trained ? Trained : Masked) + piece + Plain : trained ? ">>" + piece + "<<" : piece);
            start = end;
        }
        return text.ToString();
    }
}
