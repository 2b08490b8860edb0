using Tunesmith.Cli;
using Tunesmith.Data;

namespace Tunesmith.Tests;

public sealed class PredictionWriterTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("predict-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Written(string name, string content, bool csv)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, content);
        using var output = new StringWriter { NewLine = "\n" };
        var writer = new PredictionWriter(output, csv);
        IReadOnlyDictionary<string, float> each = new Dictionary<string, float> { ["ham"] = 0.25f, ["spam"] = 0.75f };
        foreach (var prompt in PromptFile.Read(path, new DataOptions()))
            writer.Write(prompt, [new("label", "spam"), new("probability", 0.75f), new("probabilities", each)]);
        return output.ToString();
    }

    [Fact]
    public void Other_fields_of_a_row_come_out_again_and_never_hide_a_result() => Assert.Equal(
        "{\"text\":\"Hi, \\\"you\\\"\",\"id\":7,\"given_label\":\"ham\",\"tags\":[\"a\",null],\"label\":\"spam\",\"probability\":0.75,\"probabilities\":{\"ham\":0.25,\"spam\":0.75}}\n",
        Written("a.jsonl", "{\"id\": 7, \"text\": \"Hi, \\\"you\\\"\", \"label\": \"ham\", \"tags\": [\"a\", null]}\n", csv: false));

    [Fact]
    public void A_table_has_a_column_for_every_probability_and_quotes_where_they_are_needed() => Assert.Equal(
        "text,id,note,label,probability,p(ham),p(spam)\n\"Hi, \"\"you\"\"\",7,,spam,0.75,0.25,0.75\n\"two\nlines\",8,x,spam,0.75,0.25,0.75\n",
        Written("a.csv", "id,text,note\n7,\"Hi, \"\"you\"\"\",\n8,\"two\nlines\",x\n", csv: true));

    [Fact]
    public void The_second_text_of_a_pair_is_a_column_of_its_own() => Assert.Equal(
        "{\"text\":\"a\",\"pair\":\"b\",\"label\":\"spam\",\"probability\":0.75,\"probabilities\":{\"ham\":0.25,\"spam\":0.75}}\n",
        Written("a.tsv", "sentence1\tsentence2\na\tb\n", csv: false));
}
