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

    [Fact]
    public void Its_own_output_can_be_read_again()
    {
        var once = Written("a.txt", "one\ntwo\n", csv: true);
        Assert.Equal("text,label,probability,p(ham),p(spam)\none,spam,0.75,0.25,0.75\ntwo,spam,0.75,0.25,0.75\n", once);
        var twice = Written("a.csv", once, csv: true);
        Assert.Equal("text,given_label,given_probability,given_p(ham),given_p(spam),label,probability,p(ham),p(spam)", twice.Split('\n')[0]);
        var thrice = Written("b.csv", twice, csv: true).Split('\n');
        Assert.Equal(13, thrice[0].Split(',').Distinct().Count());
        Assert.Equal("one,spam,0.75,0.25,0.75,spam,0.75,0.25,0.75,spam,0.75,0.25,0.75", thrice[1]);
    }

    [Theory]
    [InlineData("label", "given_label", "given_given_label", "given_label")]
    [InlineData("given_label", "label", "given_label", "given_given_label")]
    public void No_two_columns_come_out_under_one_name(string first, string second, string firstOut, string secondOut)
    {
        Assert.Equal($"text,{firstOut},{secondOut},label,probability,p(ham),p(spam)\nhi,1,2,spam,0.75,0.25,0.75\n", Written("a.csv", $"text,{first},{second}\nhi,1,2\n", csv: true));
        Assert.StartsWith($$"""{"text":"hi","{{firstOut}}":"1","{{secondOut}}":"2","label":"spam",""", Written("b.csv", $"text,{first},{second}\nhi,1,2\n", csv: false));
    }

    [Fact]
    public void A_column_that_only_later_rows_have_does_not_take_the_name_of_another() => Assert.Equal(
        "text,given_label,label,probability,p(ham),p(spam)\na,1,spam,0.75,0.25,0.75\nb,2,spam,0.75,0.25,0.75\n",
        Written("a.jsonl", "{\"text\": \"a\", \"label\": 1}\n{\"text\": \"b\", \"label\": 2, \"given_label\": 3}\n", csv: true));
}
