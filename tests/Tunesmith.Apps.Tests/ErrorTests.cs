namespace Tunesmith.Tests;

/// <summary>Each message of the program's own page, provoked on the command line.</summary>
public sealed class ErrorTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("errors-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("command: got 'tran'; expected one of chat, check", "tran")]
    [InlineData("Did you mean 'train'? `./tunesmith help` says what each does.", "tran")]
    [InlineData("got the option '--jsno'; expected --json, --root. Did you mean '--json'? See `./tunesmith help verify`", "verify", "x", "--jsno")]
    [InlineData("verify: got --root without a value; expected --root DIR. Give one.", "verify", "x", "--root")]
    [InlineData("verify: got a value for --json; expected none. Leave the value out.", "verify", "x", "--json=1")]
    [InlineData("train: got no recipe; expected one. See `./tunesmith help train`.", "train")]
    [InlineData("train: got a.yaml b.yaml; expected one recipe. Put words with blanks in quotes", "train", "a.yaml", "b.yaml")]
    [InlineData("got a folder without config.json and adapter_config.json; expected a model", "predict", "{empty}", "--text", "x")]
    [InlineData("got no model_name_or_path; expected the folder of the base model. Add model_name_or_path=DIR.", "predict", "{recipe}", "--text", "x")]
    [InlineData("/no/such: got no such file or folder; expected a recipe, a model folder or a run's output_dir. Check the path.", "predict", "/no/such", "--text", "x")]
    [InlineData("tokenize: got no text; expected one a line on standard input, --text, or a file with --input.", "tokenize", "{llama}")]
    [InlineData("list: got 'stage'; expected one of adapters, families", "list", "stage")]
    [InlineData("Did you mean 'stages'? Without a kind everything is listed.", "list", "stage")]
    [InlineData("tokenize: got --count none; expected a whole number from 1. Give one.", "tokenize", "{recipe}", "--count", "none", "do_train=true", "train_file=x", "model_name_or_path={llama}", "output_dir={empty}")]
    [InlineData("predict: got --format xml; expected jsonl or csv. Name one of them.", "predict", "{llama}", "--text", "x", "--format", "xml")]
    [InlineData("predict: got --format csv together with --json; expected jsonl or csv.", "predict", "{llama}", "--text", "x", "--format", "csv", "--json")]
    [InlineData("--input: got /no/such, which is no file; expected a file with texts. Check the path.", "predict", "{llama}", "--input", "/no/such")]
    [InlineData("--input: got /no/such, which is no file; expected a file with texts. Check the path.", "tokenize", "{llama}", "--input", "/no/such")]
    [InlineData("tokenize: got no text; expected one a line", "tokenize", "{llama}", "--text", "")]
    [InlineData("a BertModel; expected a model that continues text. Name another folder, or use another command.", "score", "{bert}", "--text", "x")]
    [InlineData("got no export_dir; expected the folder to write. Add export_dir=DIR.", "export", "{llama}")]
    [InlineData("which is not empty; expected a new or an empty folder. Name another one: export never overwrites a model.", "export", "{llama}", "export_dir={bert}")]
    public void Wrong_use_is_one_message_that_says_what_to_do(string message, params string[] arguments)
    {
        var recipe = Path.Combine(_folder, "recipe.yaml");
        File.WriteAllText(recipe, "template: default\n");
        var run = CliRun.Of([.. arguments.Select(argument => argument.Replace("{empty}", Directory.CreateDirectory(Path.Combine(_folder, "empty")).FullName).Replace("{recipe}", recipe)
            .Replace("{llama}", Path.Combine(Repo.Root, "models", "stories260k")).Replace("{bert}", Path.Combine(Repo.Root, "models", "all-minilm-l6-v2")))]);
        Assert.Equal((2, ""), (run.Code, run.Out));
        var line = run.Error.Split('\n').Last(each => each.Length > 0);
        Assert.StartsWith("error: ", line);
        Assert.Contains(message, line);
    }
}
