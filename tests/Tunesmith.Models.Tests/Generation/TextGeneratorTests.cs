using Tunesmith.Models;
using Tunesmith.Models.Checkpoints;
using Tunesmith.Models.Generation;
using Tunesmith.Text.Conversations;
using Tunesmith.Text.Templates;
using Tunesmith.Text.Tokenizers;
using Tunesmith.Torch;

namespace Tunesmith.Tests.Generation;

public class TextGeneratorTests
{
    [SharedFact("golden/llamafactory-runs/base")]
    public void The_pieces_that_are_heard_are_the_answer()
    {
        string folder = Repo.SharedPath("golden", "llamafactory-runs", "base")!;
        using var scope = Scope.Open();
        using var model = (CausalModel)ModelLoader.Load(folder).Model;
        Tokenizer tokenizer = Tokenizer.Load(folder);
        Template template = Templates.Get("llama3");
        template.FixTokenizer(tokenizer);
        var generator = new TextGenerator(model, tokenizer, template, new GenerationOptions { MaxNewTokens = 40 });
        var heard = new List<string>();
        Message[] messages = [new("user", "Who are you?")];
        int[] prompt = generator.PromptIds(messages, null);
        string answer = generator.Continue(prompt, new Generator(3), heard.Add);
        Assert.Equal(answer, string.Concat(heard));
        Assert.True(heard.Count > 1);
        Assert.Equal(answer, generator.Continue(prompt, new Generator(3)));
        Assert.Contains(1016, generator.EndIds);
        Assert.Contains(tokenizer.TokenToId("<|eot_id|>")!.Value, generator.EndIds);
        Assert.EndsWith("<|start_header_id|>assistant<|end_header_id|>\n\n", tokenizer.Decode(prompt));
    }

    [SharedFact("golden/llamafactory-runs/base")]
    public void What_there_is_of_an_answer_is_given_where_it_is_cancelled()
    {
        string folder = Repo.SharedPath("golden", "llamafactory-runs", "base")!;
        using var scope = Scope.Open();
        using var model = (CausalModel)ModelLoader.Load(folder).Model;
        using var stop = new CancellationTokenSource();
        var generator = new TextGenerator(model, Tokenizer.Load(folder), null, new GenerationOptions { MaxNewTokens = 40 });
        int[] prompt = generator.PromptIds([new("user", "Who are you?")], null);
        string whole = generator.Continue(prompt, new Generator(3));
        string part = generator.Continue(prompt, new Generator(3), _ => stop.Cancel(), stop.Token);
        Assert.NotEmpty(part);
        Assert.True(part.Length < whole.Length);
        Assert.StartsWith(part, whole);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_stop_is_heard_within_a_search_and_the_best_so_far_is_the_answer(int beams)
    {
        string folder = Path.Combine(Repo.Root, "models", "stories260k");
        using var scope = Scope.Open();
        using var model = (CausalModel)ModelLoader.Load(folder).Model;
        var options = new GenerationOptions { DoSample = false, NumBeams = beams, MaxNewTokens = 5 };
        var generator = new TextGenerator(model, Tokenizer.Load(folder), null, options);
        int[] prompt = generator.PromptIds([new("user", "Once upon a time")], null);
        string five = generator.Continue(prompt, new Generator(3));

        using var stop = new CancellationTokenSource();
        int steps = 0;
        model.EmbeddingHook = embedded =>
        {
            if (++steps == 5) stop.Cancel();
            return embedded;
        };
        string stopped = (generator with { Options = options with { MaxNewTokens = 20 } }).Continue(prompt, new Generator(3), cancellation: stop.Token);
        Assert.Equal((5, five), (steps, stopped));
        Assert.NotEmpty(five);
    }
}
