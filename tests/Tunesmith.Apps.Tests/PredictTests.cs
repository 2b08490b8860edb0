using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tunesmith.Tests;

/// <summary><c>predict</c> and <c>chat</c> from the command line to what they print.</summary>
public sealed class PredictTests : IDisposable
{
    private static readonly string Stories = Path.Combine(Repo.Root, "models", "stories260k");

    private readonly string _folder = Directory.CreateTempSubdirectory("tunesmith-predict-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static string Done(CliRun run)
    {
        Assert.True(run.Code == 0, run.Error);
        return run.Out;
    }

    // The small BERT with three outputs, and words for it.
    private string Bert(string problem)
    {
        var made = Path.Combine(Repo.Fixtures, "families", "bert");
        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(made, "config.json")))!;
        config["problem_type"] = problem;
        File.WriteAllText(Path.Combine(_folder, "config.json"), config.ToJsonString());
        File.Copy(Path.Combine(made, "model.safetensors"), Path.Combine(_folder, "model.safetensors"));
        File.WriteAllText(Path.Combine(_folder, "tokenizer.json"), """
            {"version": "1.0", "added_tokens": [], "normalizer": null, "pre_tokenizer": {"type": "Whitespace"}, "post_processor": null, "decoder": null,
             "model": {"type": "WordLevel", "vocab": {"[UNK]": 0, "one": 1, "two": 2}, "unk_token": "[UNK]"}}
            """);
        return _folder;
    }

    [Fact]
    public void All_values_of_a_regression_come_out_by_their_labels()
    {
        var model = Bert("regression");
        var values = JsonDocument.Parse(Done(CliRun.Of("predict", model, "--text", "one two"))).RootElement.GetProperty("values");
        Assert.Equal(["LABEL_0", "LABEL_1", "LABEL_2"], values.EnumerateObject().Select(value => value.Name));
        Assert.Equal(3, values.EnumerateObject().Select(value => value.Value.GetDouble()).Distinct().Count());

        var lines = Done(CliRun.Of("predict", model, "--text", "one two", "--format", "csv")).Split('\n');
        Assert.Equal("text,value(LABEL_0),value(LABEL_1),value(LABEL_2)", lines[0]);
        Assert.Equal(values.EnumerateObject().Select(value => value.Value.GetDouble()), lines[1].Split(',')[1..].Select(cell => double.Parse(cell, System.Globalization.CultureInfo.InvariantCulture)), (a, b) => Math.Abs(a - b) < 1e-5);
    }

    [Fact]
    public void A_table_that_predict_wrote_is_an_input_of_predict()
    {
        var model = Bert("single_label_classification");
        var table = Path.Combine(_folder, "out.csv");
        File.WriteAllText(table, Done(CliRun.Of("one\ntwo\n", ["predict", model, "--format", "csv"])));
        var again = Done(CliRun.Of("predict", model, "--input", table, "--format", "csv")).Split('\n');
        var names = again[0].Split(',');
        Assert.Equal(names.Length, names.Distinct().Count());
        Assert.Contains("given_p(LABEL_1)", names);
        var cells = again[1].Split(',');
        Assert.Equal(cells[Array.IndexOf(names, "given_p(LABEL_1)")], cells[Array.IndexOf(names, "p(LABEL_1)")]);
    }

    [Theory]
    [InlineData("chat", "--prompt")]
    [InlineData("predict", "--text")]
    public void A_seed_may_be_written_as_in_any_recipe(string command, string flag)
    {
        string With(params string[] keys) => Done(CliRun.Of([command, Stories, "template=empty", flag, "Once", "max_new_tokens=16", "temperature=1.5", .. keys]));
        var plain = With("seed=1000");
        Assert.Equal([plain, plain], [With("seed=1_000"), With("seed=1e3")]);
        Assert.NotEqual(plain, With("seed=7"));
        Assert.Equal(With(), With("seed=42"));
    }
}
