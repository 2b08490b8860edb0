using Tunesmith.Runs;
using Tunesmith.Text.Templates;
using Tunesmith.Text.Tokenizers;

namespace Tunesmith.Data.Tests;

public sealed class DatasetBuilderTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly Tokenizer _tokenizer;

    public DatasetBuilderTests() => _tokenizer = ToyTokenizer.Load(_folder);

    public void Dispose() => _folder.Dispose();

    private DatasetSplits Build(string stage, DataOptions options, BuildSettings? settings = null, string template = "default") =>
        DatasetBuilder.Build(options, stage, _tokenizer, Templates.Get(template), 42, settings);

    private DataOptions File(string name, string content) => new() { TrainFile = [_folder.Write(name, content)] };

    [Fact]
    public void One_label_a_row_becomes_the_index_of_its_class()
    {
        var data = Build("cls", File("a.csv", "text,label\nhello,spam\nworld,ham\nagain,spam\n"));
        Assert.Equal(["ham", "spam"], data.Labels!.Names);
        Assert.Equal(LabelSet.Single, data.Labels.ProblemType);
        Assert.Equal([1f, 0f, 1f], data.Train.Select(e => e.Targets![0]));
        Assert.Equal([256, .. "hello"u8.ToArray().Select(b => (int)b), 257], data.Train[0].InputIds);
    }

    [Fact]
    public void Whole_numbers_are_sorted_by_value()
    {
        var data = Build("cls", File("a.jsonl", "{\"text\": \"a\", \"label\": 10}\n{\"text\": \"b\", \"label\": 2}\n{\"text\": \"c\", \"label\": 2.0}\n"));
        Assert.Equal(["2", "10"], data.Labels!.Names);
        Assert.Equal([1f, 0f, 0f], data.Train.Select(e => e.Targets![0]));
    }

    [Theory]
    [InlineData("a.jsonl", "{\"text\": \"x\", \"labels\": [\"b\", \"a\"]}\n{\"text\": \"y\", \"labels\": []}\n{\"text\": \"z\", \"labels\": [\"c\"]}\n", null)]
    [InlineData("a.csv", "text,labels\nx,b|a\ny,\nz,c\n", "|")]
    [InlineData("a.csv", "text,labels\nx,\"[\"\"b\"\", \"\"a\"\"]\"\ny,[]\nz,\"[\"\"c\"\"]\"\n", null)]
    public void Many_labels_a_row_become_a_one_for_each(string name, string content, string? separator)
    {
        var options = File(name, content) with { LabelSeparator = separator, ProblemType = name == "a.csv" ? LabelSet.Multi : null };
        var data = Build("cls", options);
        Assert.Equal(LabelSet.Multi, data.Labels!.ProblemType);
        Assert.Equal([[1f, 1f, 0f], [0f, 0f, 0f], [0f, 0f, 1f]], data.Train.Select(e => e.Targets!));
    }

    [Fact]
    public void Numbers_with_fractions_are_values()
    {
        var data = Build("cls", File("a.tsv", "sentence1\tsentence2\tlabel\na\tb\t2.5\nc\td\t5\n"));
        Assert.Equal(LabelSet.Regression, data.Labels!.ProblemType);
        Assert.Equal(1, data.Labels.NumLabels);
        Assert.Equal([2.5f, 5f], data.Train.Select(e => e.Targets![0]));
        Assert.Equal([0, 0, 0, 1, 1], data.Train[0].TokenTypeIds!);
    }

    [Fact]
    public void Long_texts_are_cut_to_the_shortest_of_all_limits_and_counted()
    {
        var options = File("a.csv", $"text,label\n{new string('x', 100)},a\ny,b\n");
        var data = Build("cls", options with { CutoffLen = 20 });
        Assert.Equal([20, 3], data.Train.Select(e => e.InputIds.Length));
        Assert.Equal(257, data.Train[0].InputIds[^1]);
        Assert.Equal(1, data.Report.Train!.Truncated);
        Assert.Equal(64, Build("cls", options).Train[0].InputIds.Length);
        Assert.Equal(10, Build("cls", options, new BuildSettings { MaxLength = 10 }).Train[0].InputIds.Length);
    }

    [Fact]
    public void Labels_of_a_checkpoint_keep_their_order_and_no_others_are_taken()
    {
        var options = File("a.csv", "text,label\nx,b\ny,a\n");
        Assert.Equal([0f, 1f], Build("cls", options, new BuildSettings { KnownLabels = ["b", "a"] }).Train.Select(e => e.Targets![0]));
        var error = Assert.Throws<UsageException>(() => Build("cls", options, new BuildSettings { KnownLabels = ["b", "c"] }));
        Assert.Contains("line 3: got the label a; expected one of b, c", error.Message, StringComparison.Ordinal);
        Assert.Equal(["a", "b"], Build("cls", options, new BuildSettings { KnownLabels = ["LABEL_0", "LABEL_1"] }).Labels!.Names);
    }

    [Theory]
    [InlineData("text,label\nx,a\ny,\n", "line 3: got null in label; expected a label")]
    [InlineData("text,label\n,a\ny,b\n", "line 2: got null in text; expected a text")]
    [InlineData("text,label\nx,a\ny,a\n", "label_column: got the one label a in all rows")]
    [InlineData("message,class\nx,a\ny,b\n", "got the columns message, class; expected one named label")]
    [InlineData("x,label\nx,a\ny,b\n", "got the columns x, label; expected one named text")]
    [InlineData("text,label\n", "got no row; expected at least one")]
    public void What_is_missing_is_named(string content, string message) =>
        Assert.Contains(message, Assert.Throws<UsageException>(() => Build("cls", File("a.csv", content))).Message, StringComparison.Ordinal);

    [Fact]
    public void Bad_rows_are_skipped_counted_and_reported_where_the_recipe_says_so()
    {
        var data = Build("cls", File("a.csv", "text,label\nx,a\ny,\nz,b,c\n,a\nw,b\nw,b\n") with { OnBadRow = "skip" });
        Assert.Equal(3, data.Train.Count);
        Assert.Equal(3, data.Report.SkippedRows);
        Assert.Equal(1, data.Report.Train!.Duplicates);
        Assert.Contains(data.Report.Lines(), l => l.StartsWith("3 bad rows left out", StringComparison.Ordinal));
        Assert.Contains(data.Report.Lines(), l => l == "classes: a 1, b 2");
    }

    [Fact]
    public void A_stratified_split_holds_out_every_class()
    {
        string rows = string.Concat(Enumerable.Range(0, 50).Select(i => $"text {i},{(i < 40 ? "a" : "b")}\n"));
        var data = Build("cls", File("a.csv", "text,label\n" + rows) with { ValSize = "10", ValStratified = true });
        Assert.Equal(8, data.Eval!.Count(e => e.Targets![0] == 0));
        Assert.Equal(2, data.Eval!.Count(e => e.Targets![0] == 1));
        Assert.Equal(40, data.Train.Count);
    }

    [Fact]
    public void A_file_without_a_header_gets_its_column_names_from_the_recipe()
    {
        var data = Build("cls", File("a.tsv", "ham\tone\nspam\t\"two\" three\n") with { ColumnNames = ["label", "text"] });
        Assert.Equal(["ham", "spam"], data.Labels!.Names);
        Assert.Equal("\"two\" three".Length + 2, data.Train[1].InputIds.Length);
    }

    [Theory]
    [InlineData("a.jsonl", "{\"instruction\": \"q\", \"output\": \"a\"}\n")]
    [InlineData("a.jsonl", "{\"messages\": [{\"role\": \"user\", \"content\": \"q\"}, {\"role\": \"assistant\", \"content\": \"a\"}]}\n")]
    [InlineData("a.json", "[{\"conversations\": [{\"from\": \"human\", \"value\": \"q\"}, {\"from\": \"gpt\", \"value\": \"a\"}]}]")]
    [InlineData("a.csv", "prompt,completion\nq,a\n")]
    [InlineData("a.tsv", "question\tanswer\nq\ta\n")]
    public void A_file_of_conversations_is_recognised_by_its_columns(string name, string content)
    {
        var example = Assert.Single(Build("sft", File(name, content)).Train);
        Assert.Equal("Human: q</s>\nAssistant:a</s>\n", _tokenizer.Decode(example.InputIds));
        Assert.Equal("a</s>\n", _tokenizer.Decode(Array.FindAll(example.Labels, l => l >= 0)));
    }

    [Fact]
    public void Examples_with_nothing_to_train_on_are_counted_and_all_of_them_are_an_error()
    {
        string longPrompt = new('x', 40);
        // Prompt and answer share the places: of 60 tokens against 5 the answer gets none in 8 places.
        var options = File("a.jsonl", $"{{\"instruction\": \"{longPrompt}\", \"output\": \"a\"}}\n{{\"instruction\": \"q\", \"output\": \"{longPrompt}\"}}\n");
        var data = Build("sft", options with { CutoffLen = 3 });
        Assert.Equal(2, data.Train.Count);
        Assert.Equal(1, data.Report.Train!.NothingToTrain);
        Assert.Equal(2, data.Report.Train.Truncated);
        var bad = options with { TrainFile = [_folder.Write("b.jsonl", $"{{\"instruction\": \"{longPrompt}\", \"output\": \"a\"}}\n")], CutoffLen = 3 };
        Assert.StartsWith("train: got no example that can be used", Assert.Throws<UsageException>(() => Build("sft", bad)).Message);
    }

    [Fact]
    public void Plain_text_is_packed_into_blocks_that_end_texts_with_the_end_token()
    {
        var data = Build("pt", File("a.txt", "abc\nde\nfgh\n") with { CutoffLen = 5 });
        Assert.Equal(2, data.Train.Count);
        Assert.Equal("abc</s>d", _tokenizer.Decode(data.Train[0].InputIds));
        Assert.Equal("e</s>fgh", _tokenizer.Decode(data.Train[1].InputIds));
        Assert.StartsWith("cutoff_len: got 50", Assert.Throws<UsageException>(() => Build("pt", File("b.txt", "abc\n") with { CutoffLen = 50 })).Message);
        Assert.Equal(["abc</s>", "de</s>", "fgh</s>"], Build("pt", File("a.txt", "abc\nde\nfgh\n") with { Packing = false }).Train.Select(e => _tokenizer.Decode(e.InputIds)));
    }

    [Fact]
    public void Strict_reading_stops_at_a_broken_conversation_that_is_otherwise_left_out()
    {
        var options = File("a.json", "[{\"conversations\": [{\"from\": \"human\", \"value\": \"q\"}, {\"from\": \"gpt\", \"value\": \"a\"}]},\n{\"conversations\": [{\"from\": \"gpt\", \"value\": \"a\"}, {\"from\": \"human\", \"value\": \"q\"}]}]");
        var data = Build("sft", options);
        Assert.Single(data.Train);
        Assert.Equal(1, data.Report.Train!.WithoutAnswer);
        Assert.Contains(data.Report.Lines(), l => l.Contains("1 without a usable answer left out", StringComparison.Ordinal));
        var error = Assert.Throws<UsageException>(() => Build("sft", options with { OnBadRow = "strict" }));
        Assert.Contains("line 2 (record 2): got a conversation with a role at the wrong place", error.Message, StringComparison.Ordinal);

        options = File("b.json", "[{\"instruction\": \"q\", \"output\": \"a\"}, {\"instruction\": \"q\"}]");
        Assert.Equal(1, Build("sft", options).Report.Train!.WithoutAnswer);
        error = Assert.Throws<UsageException>(() => Build("sft", options with { OnBadRow = "strict" }));
        Assert.Contains("line 1 (record 2): got a conversation with an answer missing", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Keys_that_exclude_each_other_are_refused()
    {
        var file = File("a.csv", "prompt,response\nq,a\nq,a\n");
        foreach (var (options, message) in new[]
        {
            (file with { Streaming = true }, "streaming: got true"),
            (file with { TokenizedPath = "x" }, "tokenized_path: got x"),
            (file with { ValSize = "0.1", EvalFile = ["b.csv"] }, "val_size: got a value beside eval_file"),
            (file with { ValSize = "1.0" }, "val_size: got 1.0"),
            (file with { ValSize = "2" }, "val_size: got 2; expected less than the 2 examples"),
            (file with { ValSize = "-1" }, "val_size: got -1"),
            (file with { MixStrategy = "interleave_once" }, "mix_strategy: got interleave_once"),
            (file with { Delimiter = "ab" }, "delimiter: got \"ab\""),
            (new DataOptions(), "dataset: got none"),
        })
            Assert.StartsWith(message, Assert.Throws<UsageException>(() => Build("sft", options)).Message);
        Assert.StartsWith("neat_packing: got a value in stage pt", Assert.Throws<UsageException>(() => Build("pt", file with { NeatPacking = true })).Message);
        Assert.StartsWith("stage: got ppo", Assert.Throws<UsageException>(() => Build("ppo", file)).Message);
    }

    [Fact]
    public void Texts_to_predict_are_read_from_every_kind_of_file()
    {
        foreach (string path in new[] { _folder.Write("p.txt", "one\ntwo\n"), _folder.Write("p.csv", "id,text\n1,one\n2,two\n"), _folder.Write("p.jsonl", "{\"text\": \"one\"}\n{\"text\": \"two\"}\n") })
            Assert.Equal(["one", "two"], PromptFile.Read(path, new DataOptions()).Select(p => p.Text));
    }

    [Fact]
    public void What_is_held_out_to_be_answered_is_a_prompt_with_its_answer_beside_it()
    {
        var options = File("a.jsonl", string.Concat(Enumerable.Range(0, 4).Select(row => $"{{\"instruction\": \"q{row}\", \"output\": \"a{row}\"}}\n"))) with { ValSize = "2" };
        var data = Build("sft", options, new BuildSettings { EvalAsPrompts = true }, "empty");
        Assert.Equal((2, 2), (data.Train.Count, data.Eval!.Count));
        Assert.All(data.Eval, example => Assert.Equal(("q", "a"), (_tokenizer.Decode(example.InputIds)[..1], _tokenizer.Decode(example.Labels)[..1])));
        Assert.All(data.Train, example => Assert.Contains(TokenizedExample.Masked, example.Labels));
    }

    [Fact]
    public void A_template_left_out_is_read_off_the_checkpoint_and_jinja_renders_it()
    {
        Assert.Equal("empty", ConversationTemplate.For(new DataOptions(), _tokenizer).Name);
        _tokenizer.ChatTemplate = "<s></s>{% for m in messages %}[{{ m.role }}]{{ m.content }}</s>{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}";
        var told = new List<string>();
        var read = ConversationTemplate.For(new DataOptions(), _tokenizer, told.Add);
        Assert.True(told.Count == 0, string.Join(" ", told));
        Assert.Null(read.Own);
        Assert.Equal("[user]{{content}}</s>[assistant]", read.User[0].Text);
        Assert.NotNull(ConversationTemplate.For(new DataOptions { Template = "jinja" }, _tokenizer).Own);
    }

    [Fact]
    public void A_chat_template_without_slots_renders_itself_and_one_that_slots_cannot_follow_is_told()
    {
        var told = new List<string>();
        _tokenizer.ChatTemplate = "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}{% for m in messages %}{{ m.content }}</s>{% endfor %}";
        Assert.NotNull(ConversationTemplate.For(new DataOptions(), _tokenizer, told.Add).Own);
        Assert.Contains("no system", Assert.Single(told));
        told.Clear();
        // The first question is written differently from later ones, which slots cannot say.
        _tokenizer.ChatTemplate = "<s></s>{% for m in messages %}{% if loop.first %}FIRST {% endif %}[{{ m.role }}]{{ m.content }}</s>{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}";
        Assert.Null(ConversationTemplate.For(new DataOptions(), _tokenizer, told.Add).Own);
        Assert.Contains("another text", Assert.Single(told));
    }

    [Fact]
    public void A_text_column_of_the_training_data_is_used_where_the_file_has_it()
    {
        var options = new DataOptions { TextColumn = "review" };
        string same = _folder.Write("s.csv", "text,review\nno,yes\n"), other = _folder.Write("o.csv", "message,id\nyes,7\n");
        Assert.Equal("yes", PromptFile.Read(same, options, elseByName: true).Single().Text);
        var prompt = PromptFile.Read(other, options, elseByName: true).Single();
        Assert.Equal(("yes", "id", "7"), (prompt.Text, prompt.Others.Single().Key, prompt.Others.Single().Value.Text));
        Assert.Contains("got a row without review", Assert.Throws<UsageException>(() => PromptFile.Read(other, options).ToList()).Message);
    }

    [Fact]
    public void The_size_of_the_data_is_that_of_its_files()
    {
        string a = _folder.Write("a.csv", "12345"), b = _folder.Write("b.csv", "123");
        Assert.Equal(8, DataPreview.FileBytes(new DataOptions { TrainFile = [a], EvalFile = [b, "/no/such"] }));
    }
}
