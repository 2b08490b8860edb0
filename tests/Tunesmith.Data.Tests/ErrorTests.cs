using Tunesmith.Runs;
using Tunesmith.Text.Templates;

namespace Tunesmith.Data.Tests;

/// <summary>Messages of this room that no other test provokes, each by data or keys that a person could have written.</summary>
public sealed class ErrorTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("text,label\nx,a\ny,b,c\n", "line 3: got 3 cells; expected 2 (text, label); a cell that holds the delimiter needs quotes around it. Correct the row, or set on_bad_row: skip to leave such rows out.")]
    [InlineData("text,label\nx,1.5\ny,high\n", "line 3: got the label high; expected a finite number, because problem_type is regression. Correct the row, or set problem_type.", "regression")]
    [InlineData("text,label\nx,1.5\ny,1e39\n", "line 3: got the label 1e39; expected a finite number, because problem_type is regression.", "regression")]
    [InlineData("text,label\nx,1.5\ny,1e39\n", "line 3: got the label 1e39; expected a finite number, because problem_type is regression.")]
    [InlineData("text,label\nx,\"[\"\"a\"\"]\"\na,\"[\"\"\\ud800\"\"]\"\n", "line 3: got half of a surrogate pair", "multi_label_classification")]
    public void A_bad_row_of_a_table_says_how_to_go_on(string content, string message, string? problem = null) =>
        Fails(message, "cls", File("a.csv", content) with { ProblemType = problem });

    [Fact]
    public void Half_a_surrogate_pair_in_a_list_of_labels_is_a_row_that_can_be_skipped()
    {
        var file = File("a.csv", "text,label\nx,\"[\"\"a\"\"]\"\na,\"[\"\"\\ud800\"\"]\"\ny,\"[\"\"b\"\"]\"\n");
        var data = DatasetBuilder.Build(file with { ProblemType = LabelSet.Multi, OnBadRow = "skip" }, "cls", ToyTokenizer.Load(_folder), Templates.Get("default"), 42);
        Assert.Equal((2, 1), (data.Train.Count, data.Report.SkippedRows));
    }

    [Fact]
    public void A_cutoff_without_room_for_the_special_tokens_is_refused()
    {
        const string Words = "the special tokens that the tokenizer writes around each text, and room for the text. Raise cutoff_len.";
        Fails("cutoff_len: got 1; expected at least 2, " + Words, "cls", File("a.csv", "text,label\nx,a\ny,b\n") with { CutoffLen = 1 });
        Fails("cutoff_len: got 2; expected at least 3, " + Words, "cls", File("b.csv", "sentence1,sentence2,label\nx,y,a\ny,z,b\n") with { CutoffLen = 2, OnBadRow = "skip" });
    }

    [Fact]
    public void A_row_without_the_column_says_what_it_has() => Fails(
        "line 2: got a row without text (it has label); expected a text there. Correct the row, name another column, or set on_bad_row: skip.",
        "cls", File("a.jsonl", "{\"text\": \"x\", \"label\": \"a\"}\n{\"label\": \"b\"}\n"));

    [Fact]
    public void A_label_that_the_checkpoint_has_not_is_named() => Fails(
        "got the label a; expected one of b, c. Correct the row, or train anew with all labels.",
        "cls", File("a.csv", "text,label\nx,b\ny,a\n"), new BuildSettings { KnownLabels = ["b", "c"] });

    [Fact]
    public void A_file_that_the_system_does_not_give_is_named()
    {
        // Readable by its permissions, but not at its first byte.
        System.IO.File.CreateSymbolicLink(Path.Combine(_folder.Path, "a.csv"), "/proc/self/mem");
        Fails("expected a readable file. Check the path and its permissions.", "cls", new DataOptions { TrainFile = [Path.Combine(_folder.Path, "a.csv")] });
    }

    [Theory]
    [InlineData("{}", "a: got an entry without file_name (it has ); expected a file or folder below dataset_dir. Add file_name.")]
    [InlineData("{\"file_name\": \"a.json\", \"formatting\": \"xml\"}", "formatting: got xml; expected one of alpaca, sharegpt, openai. Correct the entry.")]
    [InlineData("{\"hf_hub_url\": \"x/y\"}", "got x/y, which lies on a hub; expected a local file. Download the data set and name it with file_name.")]
    [InlineData("{\"file_name\": \"a.json\", \"columns\": {\"images\": \"pictures\"}}", "columns.images: got pictures; expected a data set of texts. Tunesmith trains on text only: remove the column")]
    [InlineData("{\"file_name\": \"a.json\", \"formatting\": \"sharegpt\", \"columns\": {\"system\": \"s\"}}", "a: got no messages column; expected one, because its columns are listed. Add \"messages\" to columns.")]
    [InlineData("{\"file_name\": \"a.json\", \"split\": \"test\"}", "a: split: got test; expected train, or a part of it such as train[:100] or train[10%:20%]. A local file has no other split")]
    [InlineData("{\"file_name\": \"a.json\", \"split\": \"train[1:1]\"}", "a: split: got train[1:1], which holds no row; expected at least one. Widen it.")]
    [InlineData("{\"file_name\": \"a.json\", \"ranking\": true}", "a: got preference pairs in stage sft; expected a data set without ranking: true. Use another data set or stage.")]
    [InlineData("{\"file_name\": \"a.json\", \"columns\": {\"prompt\": \"question\", \"response\": \"output\"}}", "a: got no column question (it has instruction, output); expected it in at least one row. Name an existing column.")]
    [InlineData("{\"file_name\": \"a.json\", \"split\": \"train[:٣]\"}", "a: split: got train[:٣]; expected train, or a part of it")]
    [InlineData("{\"file_name\": \"a.json\", \"formating\": \"sharegpt\"}", "a: got the key formating, which nothing reads; expected formatting. Rename the key, or remove it.")]
    [InlineData("{\"file_name\": \"a.json\", \"num_sample\": 1}", "a: got the key num_sample, which nothing reads; expected num_samples.")]
    [InlineData("{\"file_name\": \"a.json\", \"colums\": {}}", "a: got the key colums, which nothing reads; expected columns.")]
    [InlineData("{\"file_name\": \"a.json\", \"columns\": {\"promt\": \"instruction\"}}", "a: columns: got the key promt, which nothing reads; expected prompt.")]
    [InlineData("{\"file_name\": \"a.json\", \"tags\": {\"role_tags\": \"x\"}}", "a: tags: got the key role_tags, which nothing reads; expected role_tag.")]
    public void A_description_in_dataset_info_that_cannot_be_used_is_named(string entry, string message)
    {
        _folder.Write("dataset_info.json", $"{{\"a\": {entry}}}");
        _folder.Write("a.json", "[{\"instruction\": \"q\", \"output\": \"r\"}]");
        Fails(message, "sft", new DataOptions { Dataset = ["a"], DatasetDir = _folder.Path });
    }

    [Fact]
    public void A_key_of_dataset_info_that_resembles_none_is_passed_over()
    {
        _folder.Write("dataset_info.json", "{\"a\": {\"file_name\": \"a.json\", \"license\": \"x\", \"file_type\": \"json\", \"file_sha1\": \"0\", \"language\": \"en\", \"columns\": {\"prompt\": \"instruction\", \"response\": \"output\", \"score\": \"s\"}}}");
        _folder.Write("a.json", "[{\"instruction\": \"q\", \"output\": \"r\"}]");
        var options = new DataOptions { Dataset = ["a"], DatasetDir = _folder.Path };
        Assert.Single(DatasetBuilder.Build(options, "sft", ToyTokenizer.Load(_folder), Templates.Get("default"), 42).Train);
    }

    [Fact]
    public void A_data_set_that_is_not_described_is_named()
    {
        var options = new DataOptions { Dataset = ["b"], DatasetDir = _folder.Path };
        Fails(", which has no dataset_info.json; expected a folder with that file beside the data. Set dataset_dir, or name a file with train_file instead of dataset.", "sft", options);
        _folder.Write("dataset_info.json", "{\"poems\": {\"file_name\": \"a.json\"}}");
        Fails("dataset: got b; expected a name that stands in ", "sft", options);
        Fails("dataset_info.json. It has poems.", "sft", options);
        _folder.Write("dataset_info.json", new string(' ', (64 << 20) + 1));
        Fails("dataset_info.json: got more than 64 MiB; expected the names and files of some data sets. Check that this is the right file.", "sft", options);
    }

    [Fact]
    public void Packing_and_training_on_prompts_need_what_the_template_and_the_tokenizer_give()
    {
        var tokenizer = ToyTokenizer.Load(_folder);
        tokenizer.PadToken = null;
        var file = File("a.csv", "prompt,response\nq,a\n");
        Says("packing: got a tokenizer without a padding token; expected one to fill rows with. Use a template that sets it, or a checkpoint whose tokenizer has one.",
            () => DatasetBuilder.Build(file with { Packing = true }, "sft", tokenizer, Templates.Get("default"), 42));
        Says("train_on_prompt: got true with template mine, which writes the end marker only once; expected a template that ends every answer.",
            () => DatasetBuilder.Build(file with { TrainOnPrompt = true }, "sft", tokenizer, new Template { Name = "mine", EfficientEos = true }, 42));
    }

    [Fact]
    public void Columns_that_say_nothing_of_conversations_are_listed() => Fails(
        "got the columns a, b; expected instruction and output, prompt and response, messages, or conversations. Rename them",
        "sft", File("a.csv", "a,b\n1,2\n"));

    [Fact]
    public void Keys_outside_their_range_are_refused()
    {
        var file = File("a.csv", "prompt,response\nq,a\nq,a\n");
        Fails("val_size: got -1; expected a fraction above 0 and below 1, or a whole number of examples without a point", "sft", file with { ValSize = "-1" });
        Fails("interleave_probs: got a value with mix_strategy concat; expected interleave_under", "sft", file with { InterleaveProbs = [0.5, 0.5] });
        Fails("interleave_probs: got 2 numbers; expected 1, one for each name in dataset. Correct one of the two.", "sft", file with { MixStrategy = "interleave_under", InterleaveProbs = [0.5, 0.5] });
        Fails("interleave_probs: got numbers that add up to 0.5; expected non-negative numbers that add up to 1. Correct them.", "sft", file with { MixStrategy = "interleave_under", InterleaveProbs = [0.5] });
        Fails("stage: got rm; expected sft, pt or cls for preparing data. Change the stage.", "rm", file);
    }

    private DataOptions File(string name, string content) => new() { TrainFile = [_folder.Write(name, content)] };

    private void Fails(string message, string stage, DataOptions options, BuildSettings? settings = null) =>
        Says(message, () => DatasetBuilder.Build(options, stage, ToyTokenizer.Load(_folder), Templates.Get("default"), 42, settings));

    private static void Says(string message, Func<object> act) => Assert.Contains(message, Assert.Throws<UsageException>(act).Message, StringComparison.Ordinal);
}
