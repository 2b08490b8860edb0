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
        string answer = generator.Reply(messages, null, new Generator(3), heard.Add);
        Assert.Equal(answer, string.Concat(heard));
        Assert.True(heard.Count > 1);
        Assert.Equal(answer, generator.Reply(messages, null, new Generator(3)));
        Assert.Equal(answer, generator.ContinueAll([generator.PromptIds(messages, null)], new Generator(3))[0]);
        Assert.Contains(1016, generator.EndIds);
        Assert.Contains(tokenizer.TokenToId("<|eot_id|>")!.Value, generator.EndIds);
        int[] prompt = generator.PromptIds(messages, null);
        Assert.EndsWith("<|start_header_id|>assistant<|end_header_id|>\n\n", tokenizer.Decode(prompt));
    }
}
